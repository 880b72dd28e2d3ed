"""From the columns of PostgreSQL to those of a batch: the way back from `stored`."""

from collections.abc import Callable, Iterator
from typing import Final, assert_never

import pyarrow as pa
import pyarrow.compute as pc

from mapping_lang.batch import Batch, Rejection, Step
from mapping_lang.diagnostics import Code
from mapping_lang.types.arrow.layout import TIMESTAMP, Array, RecordBatch, arrow_fields, arrow_type
from mapping_lang.types.codec.exact import decode_value
from mapping_lang.types.errors import LayoutError, ValueRefusedError
from mapping_lang.types.kinds import (
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
from mapping_lang.types.text.parse import parse_ip
from mapping_lang.types.values import Value
from warehouse.layout import Column, columns
from warehouse.postgresql.types import column_type
from warehouse.sql import Sql, name, raw

_REFUSED: Final = (pa.ArrowInvalid, LayoutError, ValueRefusedError)
"""What tells that a value is not one of its type."""


def selected(column: Column) -> Sql:
    """Give a column in the form in which it is read: as text, where Arrow has no type for it."""
    return name(column.name) + raw(_cast(column.type))


def _cast(type_: Type) -> str:
    match type_:
        case UuidType() | JsonType() | MapType() | IpType() | DecimalType() | StringType():
            return "::text"
        case IntType() if column_type(type_).startswith("numeric"):
            return "::text"
        case ArrayType(element=element):
            inside = _cast(element)
            return f"{inside}[]" if inside else ""
        case _:
            return ""


def read_batch(
    schema: Schema, ids: Array, data: RecordBatch
) -> tuple[Array, Batch, tuple[tuple[str, Rejection], ...]]:
    """Make a batch of rows, and find those that do not fit their schema any more (WH-26)."""
    good: list[tuple[Array, Batch]] = []
    rejected: list[tuple[str, Rejection]] = []
    # What the server has was checked when it was written: nearly always the first look is enough.
    pending = [(ids, data)]
    while pending:
        some, rows = pending.pop()
        try:
            good.append((some, Batch.checked(schema, _laid_out(schema, rows))))
        except _REFUSED as error:
            half = rows.num_rows // 2
            if half:
                pending += [(some[half:], rows.slice(half)), (some[:half], rows.slice(0, half))]
            else:
                rejected.append((some[0].as_py(), _rejection(error)))
    return (
        pa.concat_arrays([some for some, _ in good]) if good else ids[:0],
        Batch.concat(schema, [batch for _, batch in good]),
        tuple(rejected),
    )


def _rejection(error: Exception) -> Rejection:
    if isinstance(error, ValueRefusedError):
        inside = ValueRefusedError(error.code, error.message, path=error.path[1:])
        return Rejection.refused(0, Step.RECEIVE, inside)
    return Rejection(position=0, step=Step.RECEIVE, code=Code.VALUE_TYPE, message=str(error))


def _laid_out(schema: Schema, rows: RecordBatch) -> RecordBatch:
    by_path = {column.path: column.name for column in columns(schema)}

    def values(path: tuple[str, ...], item: Property) -> Array:
        if isinstance(item.type, ObjectType):
            return _object(item.type, list(_fields(path, item.type, values)), rows.num_rows)
        return _read(rows.column(by_path[path]), item.type)

    fields = list(_fields((), schema, values))
    return pa.RecordBatch.from_arrays(fields, schema=pa.schema(arrow_fields(schema)))


def _fields(
    path: tuple[str, ...],
    schema: Schema,
    values: Callable[[tuple[str, ...], Property], Array],
) -> Iterator[Array]:
    for item in schema.properties:
        found = values((*path, item.name), item)
        yield found
        if item.nullable:
            # What is NULL is absent (WH-25).
            yield found.is_null()


def _object(type_: ObjectType, children: list[Array], count: int) -> Array:
    """An object is there if something of it is."""
    nothing = pa.repeat(pa.scalar(value=True), count)
    remaining = iter(children)
    for item in type_.properties:
        nothing = pc.and_(nothing, next(remaining).is_null())
        if item.nullable:
            next(remaining)
    return pa.StructArray.from_arrays(children, fields=arrow_fields(type_), mask=nothing)


def _read(values: Array, type_: Type) -> Array:
    match type_:
        case DatetimeType():
            return values.view(TIMESTAMP)
        case IpType():
            return pa.array([each and _address(each) for each in values.to_pylist()], pa.string())
        case MapType():
            return _maps(values, type_)
        case ArrayType():
            return _arrays(values, type_)
        case (
            StringType()
            | BooleanType()
            | IntType()
            | FloatType()
            | DecimalType()
            | DateType()
            | TimeType()
            | YearType()
            | UuidType()
            | JsonType()
        ):
            return values.cast(arrow_type(type_))
        case ObjectType():
            raise ValueError("an object has no column: its leaves have")
        case _:
            assert_never(type_)


def _address(text: str) -> str:
    # A network of one address is written with its length in some places, and without in others.
    return parse_ip(text.partition("/")[0])


def _maps(values: Array, type_: MapType) -> Array:
    schema = ObjectType((Property("x", type_, read_optional=True),))
    records: list[dict[str, Value | None]] = [
        {} if each is None else {"x": decode_value(type_, each.encode())}
        for each in values.to_pylist()
    ]
    return Batch.from_records(schema, records).data.column(0)


def _arrays(values: Array, type_: ArrayType) -> Array:
    lengths = pc.fill_null(pc.list_value_length(values), 0)
    offsets = pa.concat_arrays(
        [pa.array([0], pa.int32()), pc.cumulative_sum(lengths).cast(pa.int32())]
    )
    return pa.ListArray.from_arrays(
        offsets,
        _read(values.flatten(), type_.element),
        mask=values.is_null() if values.null_count else None,
    )
