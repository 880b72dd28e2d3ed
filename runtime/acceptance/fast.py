"""Reading many results at once: the usual with msgspec, by column; the rest with the exact reader.

It never gives anything but what `acceptance.exact` gives: any error and any doubt only means that
the exact reader reads the result instead, and says what is wrong with it.
"""

import functools
import re
from collections.abc import Callable, Sequence
from decimal import Decimal
from itertools import chain, islice
from types import GenericAlias
from typing import Annotated, Any, Final, NotRequired, TypeAlias, TypedDict

import msgspec

from mapping_lang.types.codec.readers import reader_of
from mapping_lang.types.codec.reading import DoubtError, Finish, Reader, Reading
from mapping_lang.types.codec.scalar_readers import json_reader, time_reader
from mapping_lang.types.errors import ValueRefusedError
from mapping_lang.types.json_text import MAX_DEPTH, validate
from mapping_lang.types.kinds import (
    MAX_ELEMENTS,
    ArrayType,
    DatetimeType,
    DecimalType,
    IntType,
    JsonType,
    MapType,
    ObjectType,
    Property,
    Type,
)
from mapping_lang.types.schema import Purpose, required
from mapping_lang.types.text.bulk import parse_datetimes_rfc3339
from mapping_lang.types.text.parse import parse_decimal
from mapping_lang.types.values import Json, Record, check_decimal, check_int
from runtime.acceptance.contract import Contract, Result
from runtime.acceptance.exact import accept_exactly
from runtime.acceptance.moments import parse_python_datetimes
from runtime.sandbox.interface import Language

_MAX_CACHED: Final = 512
_NULL: Final = msgspec.Raw(b"null")

DOUBTS: Final = (
    DoubtError,
    msgspec.MsgspecError,
    ValueRefusedError,
    ArithmeticError,
    RecursionError,
    ValueError,  # not UTF-8; an integer of thousands of digits
)

_DIGITS: Final = bytes.maketrans(b"123456789", b"0" * 9)
_MAX_SHAPES: Final = 1_000
_ZERO: Final = Decimal(0)

# The functional form, with names that are only known now.
_typed_dict: Final[Any] = TypedDict

Column: TypeAlias = Callable[[list[dict[str, Any]], Reading], None]


class Acceptance:
    """Reads results that are meant for one contract."""

    __slots__ = ("_contract", "_lenient", "_usual")

    def __init__(self, contract: Contract) -> None:
        self._contract = contract
        self._usual = _Way(contract, drops_nulls=False)
        self._lenient: _Way | None = None

    def accept(self, results: Sequence[Result]) -> list[Record | ValueRefusedError]:
        """Give the record of each result, or why it is none."""
        records = self._read(results)
        if records is not None:
            return list(records)
        return [self._accept_one(result) for result in results]

    def _accept_one(self, result: Result) -> Record | ValueRefusedError:
        records = self._read([result])
        if records is not None:
            return records[0]
        try:
            return accept_exactly(self._contract, bytes(result))
        except ValueRefusedError as error:
            return error

    def _read(self, results: Sequence[Result]) -> list[Record] | None:
        text = b"[" + b",".join(results) + b"]"
        records = self._usual.read(text, len(results))
        if records is not None or self._contract.purpose is not Purpose.IMPORT:
            return records
        # Functions leave null where there is no value, and then all of their records have some.
        if self._lenient is None:
            self._lenient = _Way(self._contract, drops_nulls=True)
        return self._lenient.read(text, len(results))


@functools.lru_cache(maxsize=_MAX_CACHED)
def acceptance_for(contract: Contract) -> Acceptance:
    """Give what reads the results of a contract."""
    return Acceptance(contract)


class _Way:
    """One way to read the results of a contract."""

    __slots__ = ("_decoder", "_finish")

    def __init__(self, contract: Contract, *, drops_nulls: bool) -> None:
        reader = Readers(contract, drops_nulls=drops_nulls).object(contract.schema, 0)
        native: Any = GenericAlias(list, (reader.native,))
        self._decoder: msgspec.json.Decoder[list[Any]] = msgspec.json.Decoder(native)
        self._finish = reader.finish

    def read(self, text: bytes, count: int) -> list[Record] | None:
        """Read the results of which nothing is in doubt; None for others."""
        try:
            records, reading = self._decoder.decode(text), Reading(text)
            if self._finish is not None:
                records = self._finish(records, reading)
        except DOUBTS:
            return None
        return records if len(records) == count and reading.is_complete() else None


class Readers:
    """Makes readers that know what a contract asks."""

    __slots__ = ("_contract", "_drops_nulls", "_in_python")

    def __init__(self, contract: Contract, *, drops_nulls: bool) -> None:
        self._contract = contract
        self._drops_nulls = drops_nulls
        self._in_python = contract.language is Language.PYTHON

    def object(self, type_: ObjectType, depth: int) -> Reader:
        fields: dict[str, Any] = {}
        columns: list[Column] = []
        for item in type_.properties:
            reader = self.reader(item.type, depth + 1)
            must = required(item, self._contract.purpose)
            may_be_null = (item.nullable or self._drops_nulls) and not reader.raw
            native = reader.native | None if may_be_null else reader.native
            # msgspec does not read a required one that is raw.
            fields[item.name] = native if must and not reader.raw else NotRequired[native]
            is_json_null = isinstance(item.type, JsonType) and not self._preserves
            if self._drops_nulls and not item.nullable and not is_json_null:
                columns.append(_dropping(item.name, raw=reader.raw))
            if reader.finish is not None:
                columns.append(_column(item, reader, reader.finish, must=must))

        def finish(records: list[dict[str, Any]], reading: Reading) -> list[dict[str, Any]]:
            # Not the number of properties: msgspec takes a repeated one for another.
            reading.members += sum(map(len, records))
            for column in columns:
                column(records, reading)
            return records

        return Reader(_typed_dict("Result", fields), finish)

    def reader(self, type_: Type, depth: int) -> Reader:
        """Make the reader of a type whose values are inside of `depth` arrays and objects."""
        match type_:
            case ArrayType() | MapType() | ObjectType() if depth >= MAX_DEPTH:
                return Reader(Any, _doubt)
            case ArrayType():
                return self._array(type_, depth)
            case MapType():
                return self._map(type_, depth)
            case ObjectType():
                return self.object(type_, depth)
            case IntType(bit_size=64) if self._in_python:
                return _int64_reader(type_)
            case DecimalType():
                return _decimal_reader(type_)
            case DatetimeType():
                parse = parse_python_datetimes if self._in_python else parse_datetimes_rfc3339
                return time_reader(parse)
            case JsonType():
                return Reader(str, _finish_texts) if self._preserves else json_reader(depth)
            case _:
                return reader_of(type_, depth=depth)

    @property
    def _preserves(self) -> bool:
        return self._contract.preserve_json

    def _array(self, type_: ArrayType, depth: int) -> Reader:
        element = self.reader(type_.element, depth + 1)
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

    def _map(self, type_: MapType, depth: int) -> Reader:
        element = self.reader(type_.element, depth + 1)
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


def _doubt(_: list[Any], __: Reading) -> list[Any]:
    raise DoubtError


def _dropping(name: str, *, raw: bool) -> Column:
    """Leave out what is null where there can be no null (FUNC-30)."""
    null: Any = _NULL if raw else None

    def drop(records: list[dict[str, Any]], _: Reading) -> None:
        for record in records:
            if name in record and record[name] == null:
                del record[name]

    return drop


def _column(item: Property, reader: Reader, finish: Finish, *, must: bool) -> Column:
    """Finish the values of a property that are there and not null."""
    name = item.name
    if not reader.raw:

        def owners_of(records: list[dict[str, Any]]) -> list[dict[str, Any]]:
            return [record for record in records if record.get(name) is not None]
    else:

        def owners_of(records: list[dict[str, Any]]) -> list[dict[str, Any]]:
            owners = [record for record in records if name in record]
            if must and len(owners) < len(records):
                raise DoubtError
            if item.nullable:
                for record in owners:
                    if record[name] == _NULL:
                        record[name] = None
                return [record for record in owners if record[name] is not None]
            return owners

    def finish_column(records: list[dict[str, Any]], reading: Reading) -> None:
        owners = owners_of(records)
        values = [owner[name] for owner in owners]
        finished = finish(values, reading)
        if finished is not values:
            for owner, value in zip(owners, finished, strict=True):
                owner[name] = value

    return finish_column


def _int64_reader(type_: IntType) -> Reader:
    def finish(numbers: list[int], _: Reading) -> list[int]:
        if numbers:
            check_int(min(numbers), type_)
            check_int(max(numbers), type_)
        return numbers

    # Limits of msgspec end where its own integers end.
    return Reader(int, finish)


def _decimal_reader(type_: DecimalType) -> Reader:
    bounded = type_.minimum is not None or type_.maximum is not None
    fits = _fitting_shapes(type_)

    def finish(texts: list[str], _: Reading) -> list[Decimal]:
        if fits(texts):
            numbers = list(map(Decimal, texts))
            if not all(numbers):
                # There is one zero (TYPE-60).
                numbers = [number or _ZERO for number in numbers]
            if not bounded:
                return numbers
        else:
            numbers = [parse_decimal(text) for text in texts]
        for number in numbers:
            check_decimal(number, type_)
        return numbers

    return Reader(str, finish)


def _fitting_shapes(type_: DecimalType) -> Callable[[list[str]], bool]:
    """Make what tells if all texts plainly are numbers that fit a type, by where they have digits.

    Numbers have few shapes, and each is looked at once.
    """
    whole, scale = type_.precision - type_.scale, type_.scale
    fraction = rf"(?:\.0{{1,{scale}}})?" if scale else ""
    is_fitting = re.compile(rf"-?0{{1,{max(1, whole)}}}{fraction}".encode()).fullmatch
    known: set[bytes] = set()

    def fits(texts: list[str]) -> bool:
        lines = "\n{}\n".format("\n".join(texts))
        if not whole or _has_leading_zeros(lines):
            return False
        found = set(lines[1:-1].encode().translate(_DIGITS).split(b"\n"))
        new = found - known
        if not new:
            return True
        if not all(map(is_fitting, new)):
            return False
        if len(known) < _MAX_SHAPES:
            known.update(new)
        return True

    return fits


def _has_leading_zeros(lines: str) -> bool:
    """Tell if a line begins with a zero, or a minus and a zero, and another digit."""
    if lines.count("\n0") > lines.count("\n0.") + lines.count("\n0\n"):
        return True
    return "-0" in lines and lines.count("-0") > lines.count("-0.") + lines.count("-0\n")


def _finish_texts(texts: list[str], _: Reading) -> list[Json]:
    for text in texts:
        validate(text)
    return [Json(text) for text in texts]
