"""From values to Arrow columns.

Values are taken as they are: they must be canonical and within their types, because that is checked
where they come in. Only what the layout cannot hold is refused here: nulls in their wrong places
and columns that Arrow cannot address.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from itertools import accumulate, islice
from operator import itemgetter
from typing import Any, Final, assert_never

import pyarrow as pa

from mapping_lang.diagnostics import Code
from mapping_lang.types.arrow.layout import (
    TIMESTAMP,
    Array,
    RecordBatch,
    arrow_fields,
    arrow_schema,
    arrow_type,
    empty_batch,
)
from mapping_lang.types.errors import LayoutError, PathStep, ValueRefusedError
from mapping_lang.types.kinds import (
    EXACT,
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
from mapping_lang.types.values import (
    ABSENT,
    Absent,
    ObjectColumn,
    PropertyColumn,
    Value,
    ValueColumn,
)

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)

_MICROSECONDS: Final = pa.duration("us")

_FALSE: Final = pa.scalar(value=False)

MAX_OFFSET: Final = 2**31 - 1
"""Most elements, and most bytes of text, that one column addresses."""


_NO_MEMBERS: Final[Mapping[str, Value | None]] = {}


def to_record_batch(records: Sequence[Mapping[str, Value | None]], schema: Schema) -> RecordBatch:
    """Lay records out as columns; members that are no property of the schema are left out."""
    if not schema.properties:
        return empty_batch(len(records))
    return RecordBatch.from_arrays(_columns(records, schema), schema=arrow_schema(schema))


def to_columns(values: Sequence[Value | Absent | None], item: Property) -> list[Array]:
    """Lay the values of one property out: its column, and its companion if it is nullable."""
    absent = [value is ABSENT for value in values]
    if any(absent):
        return _property([None if value is ABSENT else value for value in values], absent, item)
    return _property(values, None, item)


def columns_to_record_batch(columns: Sequence[PropertyColumn], schema: Schema) -> RecordBatch:
    """Lay out columns of values, one for each property of a schema that has some."""
    return RecordBatch.from_arrays(_laid_out(columns, schema), schema=arrow_schema(schema))


def to_array(values: Sequence[Any], type_: Type) -> Array:
    """Lay values of one type out, None as an Arrow null."""
    match type_:
        case (
            StringType()
            | UuidType()
            | IpType()
            | BooleanType()
            | IntType()
            | FloatType()
            | DateType()
            | TimeType()
            | YearType()
        ):
            return _array(values, arrow_type(type_))
        case DatetimeType():
            # Four times as fast as instants, of which Arrow asks each for its zone.
            since = [None if value is None else value - _EPOCH for value in values]
            return pa.array(since, _MICROSECONDS).view(pa.int64()).view(TIMESTAMP)
        case JsonType():
            return _array([None if v is None else v.text for v in values], arrow_type(type_))
        case DecimalType():
            return _decimals(values, type_)
        case ArrayType():
            return _lists(values, type_)
        case ObjectType():
            rows = [_NO_MEMBERS if value is None else value for value in values]
            return pa.StructArray.from_arrays(
                _columns(rows, type_), fields=arrow_fields(type_), mask=_mask(values)
            )
        case MapType():
            return _maps(values, type_)
        case _:
            assert_never(type_)


def _laid_out(columns: Sequence[PropertyColumn], schema: Schema) -> list[Array]:
    arrays: list[Array] = []
    for column, item in zip(columns, schema.properties, strict=True):
        if isinstance(column, ObjectColumn) and isinstance(item.type, ObjectType):
            struct = pa.StructArray.from_arrays(
                _laid_out(column.properties, item.type),
                fields=arrow_fields(item.type),
                mask=None if column.missing is None else pa.array(column.missing, pa.bool_()),
            )
            arrays += [struct, _flags(column.absent, len(struct))] if item.nullable else [struct]
        elif isinstance(column, ValueColumn):
            arrays += _property(column.values, column.absent, item)
        else:
            raise TypeError(f"{item.name} is no object")
    return arrays


def _flags(absent: Sequence[bool] | None, length: int) -> Array:
    return pa.repeat(_FALSE, length) if absent is None else pa.array(absent, pa.bool_())


def _columns(rows: Sequence[Mapping[str, Any]], schema: Schema) -> list[Array]:
    columns: list[Array] = []
    for item in schema.properties:
        try:
            values, absent = list(map(itemgetter(item.name), rows)), None
        except KeyError:
            values = [row.get(item.name) for row in rows]
            absent = [item.name not in row for row in rows]
        try:
            columns += _property(values, absent, item)
        except ValueRefusedError as error:
            # The position of the record, or of the element, comes before the name.
            position, *path = error.path
            raise ValueRefusedError(
                error.code, error.message, limit=error.limit, path=(position, item.name, *path)
            ) from None
    return columns


def _property(values: Sequence[Any], absent: Sequence[bool] | None, item: Property) -> list[Array]:
    column = to_array(values, item.type)
    if item.nullable:
        return [column, _flags(absent, len(values))]
    if column.null_count != (0 if absent is None else sum(absent)):
        nulls = (i for i, v in enumerate(values) if v is None and not (absent and absent[i]))
        raise _null(next(nulls), "the property is not nullable")
    return [column]


def _array(values: Sequence[Any], type_: pa.DataType) -> Array:
    array = pa.array(values, type_)
    if isinstance(array, pa.ChunkedArray):
        raise _too_large("bytes of text")
    return array


def _decimals(values: Sequence[Decimal | None], type_: DecimalType) -> Array:
    physical = arrow_type(type_)
    try:
        return pa.array(values, physical)
    except pa.ArrowInvalid:
        # Arrow does not see that zeros beyond the scale, or times a power of ten, say nothing.
        unit = Decimal((0, (1,), -type_.scale))
        return pa.array([None if v is None else EXACT.quantize(v, unit) for v in values], physical)


def _lists(values: Sequence[list[Any] | None], type_: ArrayType) -> Array:
    flat = [item for value in values if value for item in value]
    elements = _elements(flat, type_.element, values)
    if elements.null_count:
        place = _place(flat.index(None), values)
        raise ValueRefusedError(
            Code.VALUE_NULL, "found null, arrays have no null elements", path=place
        )
    return pa.ListArray.from_arrays(
        _offsets(values), elements, type=arrow_type(type_), mask=_mask(values)
    )


def _maps(values: Sequence[dict[str, Any] | None], type_: MapType) -> Array:
    keys = _array([key for value in values if value for key in value], pa.string())
    flat = [item for value in values if value for item in value.values()]
    elements = _elements(flat, type_.element, values)
    return pa.MapArray.from_arrays(
        _offsets(values), keys, elements, type=arrow_type(type_), mask=_mask(values)
    )


def _elements(
    flat: list[Any], type_: Type, values: Sequence[list[Any] | dict[str, Any] | None]
) -> Array:
    try:
        return to_array(flat, type_)
    except ValueRefusedError as error:
        position, *path = error.path
        raise ValueRefusedError(
            error.code,
            error.message,
            limit=error.limit,
            path=(*_place(int(position), values), *path),
        ) from None


def _place(
    flat: int, values: Sequence[list[Any] | dict[str, Any] | None]
) -> tuple[PathStep, PathStep]:
    """Find the container, and the place in it, of an element counted over all containers."""
    steps = (
        (row, step)
        for row, value in enumerate(values)
        for step in (value if isinstance(value, dict) else range(len(value or ())))
    )
    return next(islice(steps, flat, None))


def _offsets(values: Sequence[list[Any] | dict[str, Any] | None]) -> Array:
    offsets = [0, *accumulate(len(value) if value else 0 for value in values)]
    if offsets[-1] > MAX_OFFSET:
        raise _too_large("elements")
    return pa.array(offsets, pa.int32())


def _mask(values: Sequence[object]) -> Array | None:
    nulls = [value is None for value in values]
    return pa.array(nulls, pa.bool_()) if any(nulls) else None


def _null(position: int, reason: str) -> ValueRefusedError:
    return ValueRefusedError(Code.VALUE_NULL, f"found null, {reason}", path=(position,))


def _too_large(what: str) -> LayoutError:
    return LayoutError(
        Code.VALUE_LIMIT, f"a column has more than {MAX_OFFSET} {what}: make smaller batches"
    )
