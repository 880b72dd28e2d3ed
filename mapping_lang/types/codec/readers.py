"""How each type is read fast: as msgspec reads it, and what is left to do after that.

A reader only knows the usual. Whatever msgspec reads in another way than the exact decoder, or
whatever it would take longer to be sure of, is a doubt: the exact decoder then decides.
"""

from collections.abc import Callable
from datetime import date
from itertools import chain, islice
from types import GenericAlias
from typing import Annotated, Any, Final, NotRequired, TypeAlias, TypedDict, assert_never

import msgspec

from mapping_lang.types.codec.reading import DoubtError, Finish, Reader, Reading
from mapping_lang.types.codec.scalar_readers import (
    decimal_reader,
    float_reader,
    int64_reader,
    json_reader,
    string_reader,
    time_reader,
)
from mapping_lang.types.json_text import MAX_DEPTH
from mapping_lang.types.kinds import (
    MAX_ELEMENTS,
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
)
from mapping_lang.types.text.bulk import parse_datetimes_iso, parse_times, parse_uuids
from mapping_lang.types.text.parse import parse_ip

_NULL: Final = msgspec.Raw(b"null")

# The functional form, with names that are only known now.
_typed_dict: Final[Any] = TypedDict

Column: TypeAlias = Callable[[list[dict[str, Any]], Reading], None]


def reader_of(type_: Type, *, depth: int = 0, careful: bool = False) -> Reader:
    """Make the reader of a type whose values are inside of `depth` arrays and objects.

    A careful one reads floats from their texts: msgspec drops the sign of `-0`.
    """
    match type_:
        case StringType():
            return string_reader(type_)
        case BooleanType():
            return Reader(bool)
        case IntType(bit_size=64):
            return int64_reader(type_)
        case IntType():
            return Reader(Annotated[int, msgspec.Meta(ge=type_.low, le=type_.high)])
        case YearType():
            return Reader(Annotated[int, msgspec.Meta(ge=MIN_YEAR, le=MAX_YEAR)])
        case FloatType():
            return float_reader(type_, careful=careful)
        case DecimalType():
            return decimal_reader(type_)
        case DatetimeType():
            return time_reader(parse_datetimes_iso)
        case DateType():
            # As strict as we are: `YYYY-MM-DD`, a day of the calendar, years from 1 (TYPE-50).
            return Reader(date)
        case TimeType():
            return time_reader(parse_times)
        case UuidType():
            return Reader(str, lambda texts, _: parse_uuids(texts))
        case IpType():
            return Reader(str, lambda texts, _: [parse_ip(text) for text in texts])
        case JsonType():
            return json_reader(depth)
        case ArrayType() | MapType() | ObjectType() if depth >= MAX_DEPTH:
            return Reader(Any, _doubt)
        case ArrayType():
            return _array_reader(type_, depth, careful=careful)
        case MapType():
            return _map_reader(type_, depth, careful=careful)
        case ObjectType():
            return _object_reader(type_, depth, careful=careful)
        case _:
            assert_never(type_)


def _doubt(_: list[Any], __: Reading) -> list[Any]:
    raise DoubtError


def _array_reader(type_: ArrayType, depth: int, *, careful: bool) -> Reader:
    element = reader_of(type_.element, depth=depth + 1, careful=careful)
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


def _map_reader(type_: MapType, depth: int, *, careful: bool) -> Reader:
    element = reader_of(type_.element, depth=depth + 1, careful=careful)
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


def _object_reader(type_: ObjectType, depth: int, *, careful: bool) -> Reader:
    fields: dict[str, Any] = {}
    columns: list[Column] = []
    for item in type_.properties:
        reader = reader_of(item.type, depth=depth + 1, careful=careful)
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
