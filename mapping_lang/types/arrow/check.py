"""Whether Arrow data from elsewhere is laid out as its schema says and within its types.

Kernels look at whole columns. Only what they find, or cannot judge, is looked at value by value,
with the same checks as everywhere else.
"""

from collections.abc import Callable, Iterable
from datetime import date
from decimal import Decimal
from typing import Any, Final, assert_never

import pyarrow as pa
import pyarrow.compute as pc

from mapping_lang.diagnostics import Code, quote
from mapping_lang.types import json_text
from mapping_lang.types.arrow.buffers import check_buffers
from mapping_lang.types.arrow.layout import (
    Array,
    RecordBatch,
    check_columns,
    companion,
)
from mapping_lang.types.arrow.read import map_entries, to_values
from mapping_lang.types.errors import LayoutError, PathStep, ValueRefusedError
from mapping_lang.types.kinds import (
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
    Schema,
    StringType,
    TimeType,
    Type,
    UuidType,
    YearType,
)
from mapping_lang.types.text.parse import parse_ip, parse_uuid_strict
from mapping_lang.types.values import (
    check_decimal,
    check_elements,
    check_float,
    check_int,
    check_string,
    check_year,
)

_EPOCH: Final = date(1970, 1, 1)
_FIRST_DAY: Final = (date.min - _EPOCH).days
_LAST_DAY: Final = (date.max - _EPOCH).days
_DAY: Final = 24 * 60 * 60 * 1_000_000
"""A day in microseconds."""

_UNNATURAL_BITS: Final = 24
"""Integers of so many bits are in columns of 32."""

_UUID: Final = r"\A[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\z"


def check_layout(data: RecordBatch, schema: Schema) -> None:
    """Refuse data that is not a valid batch of a schema, whatever its buffers hold.

    What is laid out wrongly is a `LayoutError`, a value outside its type a `ValueRefusedError`
    whose path begins with the position of the record.
    """
    check_columns(data.schema, schema)
    check_buffers(data)
    check_values(data, schema)


def check_values(data: RecordBatch, schema: Schema) -> None:
    """Refuse values outside their types in columns that are what they say."""
    _check_properties(data.columns, schema, missing=0)


def _check_properties(columns: list[Array], schema: Schema, *, missing: int) -> None:
    """Check the columns of objects, of which `missing` are null."""
    remaining = iter(columns)
    for item in schema.properties:
        column = next(remaining)
        if item.nullable:
            _check_companion(next(remaining), column, item, missing)
        try:
            _check(column, item.type)
        except ValueRefusedError as error:
            position, *path = error.path
            raise _moved(error, position, item.name, *path) from None


def _check_companion(absent: Array, column: Array, item: Property, missing: int) -> None:
    if absent.null_count != missing:
        raise LayoutError(
            Code.VALUE_NULL, "the column says of some records neither yes nor no",
            (companion(item.name),),
        )  # fmt: skip
    if absent.true_count and pc.any(pc.and_(absent, column.is_valid())).as_py():
        raise LayoutError(
            Code.VALUE_TYPE,
            f"the column says that {quote(item.name)} is absent where it has a value",
            (companion(item.name),),
        )


def _check(array: Array, type_: Type) -> None:
    match type_:
        case StringType():
            if not _strings_fit(array, type_):
                _check_each(array.to_pylist(), lambda value: check_string(value, type_))
        case BooleanType():
            return
        case IntType(bit_size=bits, minimum=None, maximum=None) if bits != _UNNATURAL_BITS:
            return
        case IntType():
            if not _within(array, type_.low, type_.high):
                _check_each(array.to_pylist(), lambda value: check_int(value, type_))
        case FloatType():
            if not _within(array, type_.low, type_.high) or (
                type_.real and pc.any(pc.is_nan(array)).as_py()
            ):
                _check_each(array.to_pylist(), lambda value: check_float(value, type_))
        case DecimalType():
            if not _within(array, type_.low, type_.high):
                _check_each(array.to_pylist(), lambda value: check_decimal(value, type_))
        case DatetimeType():
            # Python has no form for what is outside, so these three find it without one.
            _check_inside(array.view(pa.int64()), _FIRST_DAY * _DAY, (_LAST_DAY + 1) * _DAY - 1)
        case DateType():
            _check_inside(array.view(pa.int32()), _FIRST_DAY, _LAST_DAY)
        case TimeType():
            _check_inside(array.view(pa.int64()), 0, _DAY - 1)
        case YearType():
            if not _within(array, MIN_YEAR, MAX_YEAR):
                _check_each(array.to_pylist(), check_year)
        case UuidType():
            if not _all(pc.match_substring_regex(array, _UUID)):
                _check_each(array.to_pylist(), _canonical(parse_uuid_strict))
        case IpType():
            _check_each(array.to_pylist(), _canonical(parse_ip))
        case JsonType():
            _check_each(array.to_pylist(), json_text.validate)
        case ArrayType():
            _check_lists(array, type_)
        case ObjectType():
            _check_properties(array.flatten(), type_, missing=array.null_count)
        case MapType():
            _check_maps(array, type_)
        case _:
            assert_never(type_)


def _strings_fit(array: Array, type_: StringType) -> bool:
    if type_.values:
        return _all(pc.is_in(array.drop_null(), pa.array(type_.values, pa.string())))
    if type_.pattern is not None:
        # Arrow has a library for regular expressions of its own version; ours decides.
        return False
    if type_.max_length == type_.max_bytes == MAX_LENGTH:
        return True
    # To count bytes is ten times as fast, and a text has as many as characters or more.
    most = pc.max(pc.binary_length(array)).as_py() or 0
    if most > type_.max_bytes:
        return False
    return most <= type_.max_length or _within(pc.utf8_length(array), 0, type_.max_length)


def _all(flags: Array) -> bool:
    """Tell if no value is false; nulls do not count."""
    return pc.all(flags, min_count=0).as_py() is not False


def _within(array: Array, low: float | Decimal, high: float | Decimal) -> bool:
    """Tell if no value is outside; nulls and NaN do not count."""
    extremes = pc.min_max(array).as_py()
    least, most = extremes["min"], extremes["max"]
    return least is None or not (least < low or most > high)


def _check_each(values: Iterable[Any], check: Callable[[Any], object]) -> None:
    for position, value in enumerate(values):
        if value is not None:
            try:
                check(value)
            except ValueRefusedError as error:
                raise _moved(error, position, *error.path) from None


def _check_inside(array: Array, low: int, high: int) -> None:
    if not _within(array, low, high):
        found = (
            position
            for position, value in enumerate(array.to_pylist())
            if value is not None and not low <= value <= high
        )
        raise ValueRefusedError(
            Code.VALUE_RANGE,
            f"the moment is outside the calendar of the years {MIN_YEAR} to {MAX_YEAR}, or outside"
            " the day",
            path=(next(found),),
        )


def _canonical(parse: Callable[[str], str]) -> Callable[[str], None]:
    def check(value: str) -> None:
        canonical = parse(value)
        if canonical != value:
            raise ValueRefusedError(
                Code.VALUE_FORM, f"{quote(value)} is written as {quote(canonical)} here"
            )

    return check


def _check_lists(array: Array, type_: ArrayType) -> None:
    lengths = pc.list_value_length(array)
    elements = array.flatten()
    if elements.null_count:
        found = pc.indices_nonzero(elements.is_null())[0].as_py()
        raise ValueRefusedError(
            Code.VALUE_NULL, "found null, arrays have no null elements", path=_place(lengths, found)
        )
    _check_elements(elements, type_.element, lambda i: _place(lengths, i))
    if type_.unique or not _within(lengths, type_.min_elements, type_.max_elements):
        _check_each(to_values(array, type_), lambda value: check_elements(value, type_))


def _check_maps(array: Array, type_: MapType) -> None:
    entries = map_entries(array)
    lengths = pc.list_value_length(entries)
    keys, elements = entries.flatten().flatten()

    def place(flat: int) -> tuple[PathStep, ...]:
        row, _ = _place(lengths, flat)
        return row, keys[flat].as_py()

    _check_elements(elements, type_.element, place)
    if not _within(lengths, 0, 1):
        _check_keys(keys.to_pylist(), lengths.to_pylist())


def _check_keys(keys: list[str], lengths: list[int | None]) -> None:
    start = 0
    for position, length in enumerate(lengths):
        if length:
            own = keys[start : start + length]
            start += length
            if len(set(own)) < length:
                raise ValueRefusedError(
                    Code.VALUE_REPEATED, "two keys of the map are equal", path=(position,)
                )


def _check_elements(
    elements: Array, type_: Type, place: Callable[[int], tuple[PathStep, ...]]
) -> None:
    try:
        _check(elements, type_)
    except ValueRefusedError as error:
        flat, *path = error.path
        raise _moved(error, *place(int(flat)), *path) from None


def _place(lengths: Array, flat: int) -> tuple[int, int]:
    """Find the list, and the position in it, of an element counted over all lists."""
    for row, length in enumerate(lengths.to_pylist()):
        if length is not None and flat < length:
            return row, flat
        flat -= length or 0
    raise IndexError(flat)


def _moved(error: ValueRefusedError, *path: PathStep) -> ValueRefusedError:
    return ValueRefusedError(error.code, error.message, limit=error.limit, path=path)
