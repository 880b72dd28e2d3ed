"""Reading results that are rows, many at once: a column at a time, and never a name.

It never gives anything but what `acceptance.exact` gives for the object that a row stands for: any
error and any doubt only means that fewer rows are read at once, down to a single one, which is then
written as its object, so that the exact reader says what is wrong with it.
"""

import functools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from types import GenericAlias
from typing import Any, Final, TypeAlias

import msgspec

from mapping_lang.types.codec.reading import DoubtError, Finish, Reader, Reading
from mapping_lang.types.errors import ValueRefusedError
from mapping_lang.types.kinds import ArrayType, DatetimeType, JsonType, MapType, Type
from mapping_lang.types.schema import Purpose, required
from mapping_lang.types.text.bulk import parse_datetimes_rfc3339
from mapping_lang.types.text.parse import parse_datetime_rfc3339
from mapping_lang.types.values import Record
from runtime.acceptance.contract import Contract
from runtime.acceptance.exact import accept_exactly
from runtime.acceptance.fast import DOUBTS, Readers
from runtime.acceptance.javascript import MAX_NUMBER_MILLIS
from runtime.acceptance.layout import Branch, Leaf, layout_of, leaves_of
from runtime.sandbox.interface import Language

_MAX_CACHED: Final = 512
_MAX_SECONDS: Final = MAX_NUMBER_MILLIS / 1000
_NULL: Final = msgspec.Raw(b"null")
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)

Row: TypeAlias = Sequence[Any]
Build: TypeAlias = Callable[..., list[Record]]

_parts: Final = msgspec.json.Decoder(list[msgspec.Raw])
_places: Final = msgspec.json.Decoder(list[int])
_number: Final = msgspec.json.Decoder(float)


@dataclass(frozen=True, slots=True)
class Columns:
    """The values of rows, by their places."""

    values: list[Sequence[Any]]
    absent: list[tuple[Leaf, set[int]]]
    """Where there is no value, and None stands in."""


class RowAcceptance:
    """Reads rows that are meant for one contract."""

    __slots__ = ("_contract", "_leaves", "_lenient", "_usual", "layout")

    def __init__(self, contract: Contract) -> None:
        self._contract = contract
        self.layout = layout_of(contract.schema)
        self._leaves = leaves_of(self.layout)
        self._usual = _UsualWay(contract, self.layout)
        self._lenient: _LenientWay | None = None

    def accept(self, lines: bytes, count: int) -> list[Record | ValueRefusedError]:
        """Give the record of each of the rows, a line each, or why it is none."""
        records = self._read(lines, count)
        if records is not None:
            return list(records)
        texts = lines.split(b"\n")
        texts.pop()
        return list(self._in_parts(texts))

    def columns(self, lines: bytes, count: int) -> Columns | None:
        """Give the values of rows of which nothing is in doubt; None for others."""
        return self._usual.columns(lines, count) or self._lenient_way().columns(lines, count)

    def _in_parts(self, texts: list[bytes]) -> Iterator[Record | ValueRefusedError]:
        """Read rows of which one at least is in doubt."""
        if len(texts) == 1:
            yield self._accept_one(texts[0])
            return
        middle = len(texts) // 2
        for part in (texts[:middle], texts[middle:]):
            records = self._read(b"\n".join(part), len(part))
            yield from self._in_parts(part) if records is None else records

    def _accept_one(self, text: bytes) -> Record | ValueRefusedError:
        try:
            return accept_exactly(self._contract, self._as_object(text))
        except ValueRefusedError as error:
            return error

    def _read(self, lines: bytes, count: int) -> list[Record] | None:
        records = self._usual.read(lines, count)
        if records is not None:
            return records
        return self._lenient_way().read(lines, count)

    def _lenient_way(self) -> "_LenientWay":
        # Functions leave out what has no value, or leave null there: if one record, then others.
        if self._lenient is None:
            self._lenient = _LenientWay(self._contract, self.layout)
        return self._lenient

    def _as_object(self, text: bytes) -> bytes:
        """Write a row as the object that it stands for; what is no row is left as it is."""
        try:
            parts = _parts.decode(text)
            absent = _places.decode(parts.pop()) if len(parts) == len(self._leaves) + 1 else []
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            return text
        if len(parts) != len(self._leaves) or not set(absent) <= set(range(len(parts))):
            return text
        values: list[bytes | None] = [
            _as_member(leaf.item.type, bytes(part), self._contract.language)
            for leaf, part in zip(self._leaves, parts, strict=True)
        ]
        for place in absent:
            values[place] = None
        return _object_text(self.layout, values)


@functools.lru_cache(maxsize=_MAX_CACHED)
def row_acceptance_for(contract: Contract) -> RowAcceptance:
    """Give what reads the rows of a contract."""
    return RowAcceptance(contract)


class _UsualWay:
    """Reads rows with a value for every property that needs one."""

    __slots__ = ("_build", "_columns", "_decoder", "_has_members")

    def __init__(self, contract: Contract, layout: Branch) -> None:
        readers = Readers(contract, drops_nulls=False)
        natives: list[Any] = []
        self._columns: list[tuple[int, Callable[[list[Any], Reading], list[Any]]]] = []
        self._has_members = False
        for leaf in leaves_of(layout):
            reader = reader_of_leaf(leaf, readers, contract)
            nullable = leaf.item.nullable
            natives.append(reader.native | None if nullable and not reader.raw else reader.native)
            if reader.finish is not None:
                self._columns.append(
                    (leaf.place, _finish_of(reader, reader.finish, nullable=nullable))
                )
            self._has_members |= isinstance(leaf.item.type, ArrayType | MapType | JsonType)
        row: Any = GenericAlias(tuple, tuple(natives))
        self._decoder: msgspec.json.Decoder[Row] = msgspec.json.Decoder(row)
        self._build = builder_of(layout, [place for place, _ in self._columns])

    def read(self, lines: bytes, count: int) -> list[Record] | None:
        """Read rows of which nothing is in doubt; None for others."""
        parts = self._parts(lines, count)
        if parts is None:
            return None
        rows, finished = parts
        return self._build(rows, *finished)

    def columns(self, lines: bytes, count: int) -> Columns | None:
        """Give the values of such rows."""
        parts = self._parts(lines, count)
        if parts is None:
            return None
        rows, finished = parts
        values: list[Sequence[Any]] = [*zip(*rows, strict=True)]
        for (place, _), column in zip(self._columns, finished, strict=True):
            values[place] = column
        return Columns(values, [])

    def _parts(self, lines: bytes, count: int) -> tuple[list[Row], list[list[Any]]] | None:
        try:
            rows = self._decoder.decode_lines(lines)
            reading = _reading(lines, has_members=self._has_members)
            finished = [
                finish([row[place] for row in rows], reading) for place, finish in self._columns
            ]
        except DOUBTS:
            return None
        if len(rows) != count or (self._has_members and not reading.is_complete()):
            return None
        return rows, finished


class _LenientWay:
    """Reads rows in which values may be absent, or null where null means so (FUNC-30)."""

    __slots__ = (
        "_build",
        "_columns",
        "_decoder",
        "_drops_nulls",
        "_has_members",
        "_leaves",
        "_purpose",
    )

    def __init__(self, contract: Contract, layout: Branch) -> None:
        readers = Readers(contract, drops_nulls=contract.purpose is Purpose.IMPORT)
        self._purpose = contract.purpose
        self._drops_nulls = contract.purpose is Purpose.IMPORT
        self._leaves = leaves_of(layout)
        self._columns: list[tuple[Leaf, Reader, bool]] = []
        fields: list[Any] = []
        for leaf in self._leaves:
            reader = reader_of_leaf(leaf, readers, contract)
            fields.append((f"p{leaf.place}", reader.native if reader.raw else reader.native | None))
            takes_null = isinstance(leaf.item.type, JsonType) and not contract.preserve_json
            self._columns.append((leaf, reader, takes_null and not leaf.item.nullable))
        fields.append(("absent", list[int], msgspec.field(default_factory=list)))
        row = msgspec.defstruct("Row", fields, array_like=True, forbid_unknown_fields=True)
        self._decoder: msgspec.json.Decoder[Any] = msgspec.json.Decoder(row)
        self._has_members = any(
            isinstance(leaf.item.type, ArrayType | MapType | JsonType) for leaf in self._leaves
        )
        self._build = builder_of(layout, [leaf.place for leaf in self._leaves])

    def read(self, lines: bytes, count: int) -> list[Record] | None:
        found = self.columns(lines, count)
        if found is None:
            return None
        records = self._build((), *found.values)
        for leaf, positions in found.absent:
            for position in positions:
                _remove(records[position], leaf)
        return records

    def columns(self, lines: bytes, count: int) -> Columns | None:
        """Give the values of such rows, None where there is none."""
        try:
            rows = list(map(msgspec.structs.astuple, self._decoder.decode_lines(lines)))
            if len(rows) != count:
                return None
            reading = _reading(lines, has_members=self._has_members)
            *columns, absents = zip(*rows, strict=True)
            finished, gone = self._finish(columns, _by_place(absents, len(columns)), reading)
        except DOUBTS:
            return None
        if self._has_members and not reading.is_complete():
            return None
        return Columns(finished, gone)

    def _finish(
        self, columns: list[tuple[Any, ...]], absents: dict[int, set[int]], reading: Reading
    ) -> tuple[list[Sequence[Any]], list[tuple[Leaf, set[int]]]]:
        """Give the values of each column, and where there are none after all."""
        finished: list[Sequence[Any]] = []
        gone: list[tuple[Leaf, set[int]]] = []
        for column, (leaf, reader, takes_null) in zip(columns, self._columns, strict=True):
            absent = absents.get(leaf.place, set())
            if absent and required(leaf.item, self._purpose):
                raise DoubtError
            values = list(column)
            if reader.raw and not takes_null:
                values = [None if value == _NULL else value for value in values]
            null = {place for place, value in enumerate(values) if value is None}
            if null and not leaf.item.nullable:
                if not self._drops_nulls and not null <= absent:
                    raise DoubtError
                absent = absent | null
            if reader.finish is not None:
                values = _finish_present(reader.finish, values, reading)
            finished.append(values)
            if absent:
                gone.append((leaf, absent))
        return finished, gone


def reader_of_leaf(leaf: Leaf, readers: Readers, contract: Contract) -> Reader:
    """Make the reader of a property's column."""
    match leaf.item.type:
        case DatetimeType() if contract.language is Language.PYTHON:
            return Reader(str, lambda texts, _: _naive_moments(texts))
        case DatetimeType():
            return Reader(float | str, lambda values, _: _moments_of(values))
        case type_:
            return readers.reader(type_, len(leaf.path))


def _finish_of(
    reader: Reader, finish: Finish, *, nullable: bool
) -> Callable[[list[Any], Reading], list[Any]]:
    if not nullable:
        return finish

    def finish_nullable(values: list[Any], reading: Reading) -> list[Any]:
        if reader.raw:
            values = [None if value == _NULL else value for value in values]
        return _finish_present(finish, values, reading)

    return finish_nullable


def _finish_present(finish: Finish, values: list[Any], reading: Reading) -> list[Any]:
    present = [value for value in values if value is not None]
    if len(present) == len(values):
        return finish(values, reading)
    rest = iter(finish(present, reading))
    return [None if value is None else next(rest) for value in values]


def _reading(lines: bytes, *, has_members: bool) -> Reading:
    if has_members:
        return Reading(b"[%b]" % lines.rstrip(b"\n").replace(b"\n", b","))
    return Reading(lines)


def _by_place(absents: Sequence[list[int]], places: int) -> dict[int, set[int]]:
    found: dict[int, set[int]] = {}
    for position, absent in enumerate(absents):
        for place in absent:
            if not 0 <= place < places:
                raise DoubtError
            found.setdefault(place, set()).add(position)
    return found


def _remove(record: Record, leaf: Leaf) -> None:
    parent: Any = record
    for name in leaf.path[:-1]:
        parent = parent[name]
    del parent[leaf.path[-1]]


def _moments_of(values: list[Any]) -> list[datetime]:
    """Read datetimes of JavaScript: seconds where there was a `Date`, otherwise texts."""
    kinds = set(map(type, values))
    if kinds == {str}:
        return parse_datetimes_rfc3339(values)
    if kinds == {float}:
        if max(values) > _MAX_SECONDS or min(values) < -_MAX_SECONDS:
            raise DoubtError
        return msgspec.convert(values, list[datetime], strict=False)
    return [
        parse_datetime_rfc3339(value) if isinstance(value, str) else _moments_of([value])[0]
        for value in values
    ]


def _naive_moments(texts: list[str]) -> list[datetime]:
    """Read datetimes of Python, which msgspec wrote: in UTC, without saying so."""
    return parse_datetimes_rfc3339([f"{text}Z" for text in texts])


def _as_member(type_: Type, part: bytes, language: Language) -> bytes:
    """Write a value as it stands in an object."""
    if not isinstance(type_, DatetimeType) or part == b"null":
        return part
    if language is Language.PYTHON:
        return part.replace(b"T", b" ")
    if part[:1] == b'"':
        return part
    try:
        moment = _EPOCH + timedelta(seconds=round(_number.decode(part), 3))
    except (msgspec.MsgspecError, OverflowError):
        return part
    return f'"{moment.isoformat(timespec="milliseconds").removesuffix("+00:00")}Z"'.encode()


def _object_text(branch: Branch, values: list[bytes | None]) -> bytes:
    members: list[bytes] = []
    for child in branch.children:
        value = _object_text(child, values) if isinstance(child, Branch) else values[child.place]
        if value is not None:
            members.append(b'"%b":%b' % (child.path[-1].encode(), value))
    return b"{%b}" % b",".join(members)


def builder_of(layout: Branch, finished: list[int]) -> Build:
    """Make what builds records of rows and of the columns that take the place of some of theirs.

    It is generated, since a dict of known names is made in half the time of any other.
    """
    names = {place: f"f{place}" for place in finished}
    leaves = leaves_of(layout)
    sources = list(names.values())
    row = "".join(f"v{leaf.place}, " for leaf in leaves)
    record = _record_text(layout, names)
    arguments = ", ".join(["rows", *sources])
    if len(finished) == len(leaves):
        loop = f"{', '.join(sources)}, in zip({', '.join(sources)})"
    elif names:
        loop = f"({row}), {', '.join(sources)} in zip({arguments})"
    else:
        loop = f"{row}in rows"
    build: Build = eval(f"lambda {arguments}: [{record} for {loop}]")  # noqa: S307 - names of properties only
    return build


def _record_text(branch: Branch, finished: dict[int, str]) -> str:
    members = [
        f"{child.path[-1]!r}: "
        + (
            _record_text(child, finished)
            if isinstance(child, Branch)
            else finished.get(child.place, f"v{child.place}")
        )
        for child in branch.children
    ]
    return f"{{{', '.join(members)}}}"
