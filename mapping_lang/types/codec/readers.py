"""How msgspec reads each type, and what is left to do after it, a whole column at a time.

A reader only knows the usual. Whatever msgspec reads in another way than the exact decoder, or
whatever it would take longer to be sure of, is a doubt: the exact decoder then decides.
"""

import re
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from itertools import chain, islice
from types import GenericAlias
from typing import Annotated, Any, Final, Literal, NotRequired, TypeAlias, TypedDict, assert_never

import msgspec

from mapping_lang.types.codec.exact import NOT_FINITE
from mapping_lang.types.json_shape import has_members, has_repeated_members, nests_deeper
from mapping_lang.types.json_text import MAX_DEPTH
from mapping_lang.types.kinds import (
    MAX_ELEMENTS,
    MAX_LENGTH,
    MAX_YEAR,
    MIN_YEAR,
    ArrayType,
    BooleanType,
    DatetimeType,
    DateType,
    DecimalType,
    FloatType,
    IntType,
    IpType,
    JsonType,
    MapType,
    ObjectType,
    Property,
    StringType,
    TimeType,
    Type,
    UuidType,
    YearType,
    compile_pattern,
)
from mapping_lang.types.text.bulk import (
    parse_datetimes_iso,
    parse_ints,
    parse_json_decimals,
    parse_times,
    parse_uuids,
)
from mapping_lang.types.text.parse import parse_decimal, parse_float, parse_ip
from mapping_lang.types.values import (
    Json,
    check_decimal,
    check_float,
    check_int,
    check_string,
)

_NULL: Final = msgspec.Raw(b"null")
_SEPARATOR: Final = "\0"
"""In no valid JSON text, so that many can be decoded as one."""

_INTEGER_NEGATIVE_ZERO: Final = re.compile(rb"-0(?![0-9.eE])")

# The functional form, with names that are only known now.
_typed_dict: Final[Any] = TypedDict


class DoubtError(Exception):
    """What the fast way is not sure of; it never leaves the codec."""


class Reading:
    """One text that is being read, and what came out of it.

    `members` is the number of members that became properties and entries; the members of parts that
    stay text are not among them.
    """

    __slots__ = ("_colons", "_parts", "_text", "members")

    def __init__(self, text: bytes) -> None:
        self._text = text
        self._parts = b""
        self._colons = 0
        self.members = 0

    def add_times(self, texts: list[str]) -> None:
        """Add strings of the text that are expected to have colons."""
        self._colons += "".join(texts).count(":")

    def add_part(self, part: bytes) -> None:
        """Add a part of the text, or several as an array, that has no repeated members."""
        self._parts = b"[%b,%b]" % (self._parts, part) if self._parts else part

    def is_complete(self) -> bool:
        """Tell if every member of the text came out, so that none is repeated or unknown."""
        return has_members(self._text, self.members, parts=self._parts, colons=self._colons)

    def doubt_zeros(self) -> None:
        """Doubt zeros that may be negative: msgspec reads `-0` as 0, and only this spelling."""
        if b"-0" in self._text and _INTEGER_NEGATIVE_ZERO.search(self._text):
            raise DoubtError


Finish: TypeAlias = Callable[[list[Any], Reading], list[Any]]
Column: TypeAlias = Callable[[list[dict[str, Any]], Reading], None]


class Reader:
    """How values of a type are read: as `native` by msgspec, then finished, none of them null.

    Without `finish` they are what msgspec gives. With `raw` they are `msgspec.Raw` until finished.
    """

    __slots__ = ("finish", "native", "raw")

    def __init__(self, native: object, finish: Finish | None = None, *, raw: bool = False) -> None:
        self.native: Any = native
        self.finish = finish
        self.raw = raw


def reader_of(type_: Type, depth: int = 0) -> Reader:
    """Make the reader of a type whose values are inside of `depth` arrays and objects."""
    match type_:
        case StringType():
            return _string_reader(type_)
        case BooleanType():
            return Reader(bool)
        case IntType(bit_size=64):
            return _int64_reader(type_)
        case IntType():
            return Reader(Annotated[int, msgspec.Meta(ge=type_.low, le=type_.high)])
        case YearType():
            return Reader(Annotated[int, msgspec.Meta(ge=MIN_YEAR, le=MAX_YEAR)])
        case FloatType(bit_size=64):
            return _float64_reader(type_)
        case FloatType():
            return _float32_reader(type_)
        case DecimalType():
            return _decimal_reader(type_)
        case DatetimeType():
            return _time_reader(parse_datetimes_iso)
        case DateType():
            # As strict as we are: `YYYY-MM-DD`, a day of the calendar, years from 1 (TYPE-50).
            return Reader(date)
        case TimeType():
            return _time_reader(parse_times)
        case UuidType():
            return Reader(str, lambda texts, _: parse_uuids(texts))
        case IpType():
            return Reader(str, lambda texts, _: [parse_ip(text) for text in texts])
        case JsonType():
            return _json_reader(depth)
        case ArrayType() | MapType() | ObjectType() if depth >= MAX_DEPTH:
            return Reader(Any, _doubt)
        case ArrayType():
            return _array_reader(type_, depth)
        case MapType():
            return _map_reader(type_, depth)
        case ObjectType():
            return _object_reader(type_, depth)
        case _:
            assert_never(type_)


def _doubt(_: list[Any], __: Reading) -> list[Any]:
    raise DoubtError


def _string_reader(type_: StringType) -> Reader:
    # The first limit that is set decides (TYPE-12).
    if type_.values:
        listed = type_.value_set

        def finish_listed(texts: list[str], _: Reading) -> list[str]:
            if not listed.issuperset(texts):
                raise DoubtError
            return texts

        return Reader(str, finish_listed)
    if type_.pattern is not None:
        search = compile_pattern(type_.pattern).search

        def finish_matching(texts: list[str], _: Reading) -> list[str]:
            if not all(map(search, texts)):
                raise DoubtError
            return texts

        return Reader(str, finish_matching)
    native: Any = str
    if type_.max_length < MAX_LENGTH:
        native = Annotated[str, msgspec.Meta(max_length=type_.max_length)]
    if type_.max_bytes == MAX_LENGTH:
        return Reader(native)

    def finish_short(texts: list[str], _: Reading) -> list[str]:
        if 4 * max(map(len, texts), default=0) > type_.max_bytes:
            for text in texts:
                check_string(text, type_)
        return texts

    return Reader(native, finish_short)


def _int64_reader(type_: IntType) -> Reader:
    def finish(texts: list[str], _: Reading) -> list[int]:
        numbers = parse_ints(texts, unsigned=type_.unsigned)
        for extreme in (min(numbers, default=type_.low), max(numbers, default=type_.low)):
            check_int(extreme, type_)
        return numbers

    return Reader(str, finish)


def _float64_reader(type_: FloatType) -> Reader:
    native: Any = float
    if type_.minimum is not None or type_.maximum is not None:
        native = Annotated[float, msgspec.Meta(ge=type_.minimum, le=type_.maximum)]
    if not type_.real:
        native |= Literal["NaN", "Infinity", "-Infinity"]

    def finish(numbers: list[Any], reading: Reading) -> list[Any]:
        if 0.0 in numbers:
            reading.doubt_zeros()
        if type_.real or str not in set(map(type, numbers)):
            return numbers
        numbers = [NOT_FINITE.get(number, number) for number in numbers]
        for number in numbers:
            check_float(number, type_)
        return numbers

    return Reader(native, finish)


def _float32_reader(type_: FloatType) -> Reader:
    # The number is rounded once, from its text.
    def finish(texts: list[str], _: Reading) -> list[float]:
        numbers = [parse_float(text, 32) for text in texts]
        for number in numbers:
            check_float(number, type_)
        return numbers

    return _raw_reader(finish)


def _decimal_reader(type_: DecimalType) -> Reader:
    bounded = type_.minimum is not None or type_.maximum is not None

    def finish(texts: list[str], _: Reading) -> list[Decimal]:
        numbers = parse_json_decimals(texts, type_.precision, type_.scale)
        if numbers is None:
            numbers = [parse_decimal(text) for text in texts]
        elif not bounded:
            return numbers
        for number in numbers:
            check_decimal(number, type_)
        return numbers

    return _raw_reader(finish)


def _time_reader(parse: Callable[[list[str]], list[Any]]) -> Reader:
    def finish(texts: list[str], reading: Reading) -> list[Any]:
        reading.add_times(texts)
        return parse(texts)

    return Reader(str, finish)


def _json_reader(depth: int) -> Reader:
    levels = MAX_DEPTH - depth

    def finish(texts: list[str], reading: Reading) -> list[Json]:
        # msgspec has checked the syntax while it skipped, and decoding that this is UTF-8.
        containers = [text for text in texts if text[0] in "{["]
        if containers:
            part = f"[{','.join(containers)}]".encode()
            if has_repeated_members(part):
                raise DoubtError
            reading.add_part(part)
            # The others are too short to nest that deep.
            long = [text for text in containers if len(text) > 2 * levels]
            if any(nests_deeper(text, levels) for text in long):
                raise DoubtError
        return [Json(text) for text in texts]

    return _raw_reader(finish)


def _raw_reader(finish: Callable[[list[str], Reading], list[Any]]) -> Reader:
    def finish_raw(values: list[msgspec.Raw], reading: Reading) -> list[Any]:
        if not values:
            return []
        return finish(_SEPARATOR.encode().join(values).decode().split(_SEPARATOR), reading)

    return Reader(msgspec.Raw, finish_raw, raw=True)


def _array_reader(type_: ArrayType, depth: int) -> Reader:
    element = reader_of(type_.element, depth + 1)
    native: Any = GenericAlias(list, (element.native,))
    if type_.min_elements or type_.max_elements < MAX_ELEMENTS:
        limits = msgspec.Meta(min_length=type_.min_elements, max_length=type_.max_elements)
        native = Annotated[native, limits]
    finish_elements = element.finish
    if finish_elements is None and not type_.unique:
        return Reader(native)

    def finish(arrays: list[list[Any]], reading: Reading) -> list[list[Any]]:
        if finish_elements is not None:
            values = list(chain.from_iterable(arrays))
            finished = finish_elements(values, reading)
            if finished is not values:
                rest = iter(finished)
                arrays = [list(islice(rest, len(array))) for array in arrays]
        if type_.unique and any(len(set(array)) < len(array) for array in arrays):
            raise DoubtError
        return arrays

    return Reader(native, finish)


def _map_reader(type_: MapType, depth: int) -> Reader:
    element = reader_of(type_.element, depth + 1)
    finish_elements = element.finish

    def finish(maps: list[dict[str, Any]], reading: Reading) -> list[dict[str, Any]]:
        reading.members += sum(map(len, maps))
        if finish_elements is None:
            return maps
        values = list(chain.from_iterable(map(dict.values, maps)))
        finished = finish_elements(values, reading)
        if finished is values:
            return maps
        rest = iter(finished)
        return [{key: next(rest) for key in keys} for keys in maps]

    return Reader(GenericAlias(dict, (str, element.native)), finish)


def _object_reader(type_: ObjectType, depth: int) -> Reader:
    fields: dict[str, Any] = {}
    columns: list[Column] = []
    for item in type_.properties:
        reader = reader_of(item.type, depth + 1)
        # A null of msgspec.Raw is one too, and a required one is not read at all.
        native = reader.native | None if item.nullable and not reader.raw else reader.native
        fields[item.name] = NotRequired[native] if item.read_optional or reader.raw else native
        if reader.finish is not None:
            columns.append(_column(item, reader, reader.finish))

    def finish(records: list[dict[str, Any]], reading: Reading) -> list[dict[str, Any]]:
        # Not the number of properties: msgspec takes a repeated one for another that is missing.
        reading.members += sum(map(len, records))
        for column in columns:
            column(records, reading)
        return records

    return Reader(_typed_dict("Record", fields), finish)


def _column(item: Property, reader: Reader, finish: Finish) -> Column:
    name = item.name
    owners_of = _owners_of(item, reader)

    def finish_column(records: list[dict[str, Any]], reading: Reading) -> None:
        owners = owners_of(records)
        values = [owner[name] for owner in owners]
        finished = finish(values, reading)
        if finished is not values:
            for owner, value in zip(owners, finished, strict=True):
                owner[name] = value

    return finish_column


def _owners_of(
    item: Property, reader: Reader
) -> Callable[[list[dict[str, Any]]], list[dict[str, Any]]]:
    """Find the records with a value to finish; to the others, the null that they have."""
    name = item.name

    def all_with_it(records: list[dict[str, Any]]) -> list[dict[str, Any]]:
        return [record for record in records if name in record]

    def all_but_null(records: list[dict[str, Any]]) -> list[dict[str, Any]]:
        return [record for record in records if record.get(name) is not None]

    def all_but_raw_null(records: list[dict[str, Any]]) -> list[dict[str, Any]]:
        owners = []
        for record in all_with_it(records) if item.read_optional else records:
            if record[name] == _NULL:
                record[name] = None
            else:
                owners.append(record)
        return owners

    if isinstance(item.type, JsonType):
        # There, null is a value as any other (TYPE-66).
        return all_with_it if item.read_optional else list
    if item.nullable:
        return all_but_raw_null if reader.raw else all_but_null
    return all_with_it if item.read_optional else list
