"""From the columns of a platform to a batch, and what does not fit its schema any more (WH-26)."""

from collections.abc import Callable, Iterator
from typing import Final, TypeAlias

import pyarrow as pa
import pyarrow.compute as pc

from mapping_lang.batch import Batch, Rejection, Step
from mapping_lang.diagnostics import Code
from mapping_lang.types.arrow.layout import Array, RecordBatch, arrow_fields
from mapping_lang.types.codec.exact import decode_value
from mapping_lang.types.errors import LayoutError, ValueRefusedError
from mapping_lang.types.kinds import ArrayType, MapType, ObjectType, Property, Schema, Type
from mapping_lang.types.values import Value
from warehouse.layout import columns

Read: TypeAlias = Callable[[Array, Type], Array]
"""Gives the values of a leaf as a batch has them."""

_REFUSED: Final = (pa.ArrowInvalid, LayoutError, ValueRefusedError)
"""What tells that a value is not one of its type."""


def fitting(
    schema: Schema, ids: Array, data: RecordBatch, read: Read
) -> tuple[Array, Batch, tuple[tuple[str, Rejection], ...]]:
    """Make a batch of rows, and find those that do not fit their schema any more (WH-26)."""
    good: list[tuple[Array, Batch]] = []
    rejected: list[tuple[str, Rejection]] = []
    # What the server has was checked when it was written: nearly always the first look is enough.
    pending = [(ids, data)]
    while pending:
        some, rows = pending.pop()
        try:
            good.append((some, Batch.checked(schema, _laid_out(schema, rows, read))))
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


def _laid_out(schema: Schema, rows: RecordBatch, read: Read) -> RecordBatch:
    by_path = {column.path: column.name for column in columns(schema)}

    def values(path: tuple[str, ...], item: Property) -> Array:
        if isinstance(item.type, ObjectType):
            return _object(item.type, list(_fields(path, item.type, values)), rows.num_rows)
        return read(rows.column(by_path[path]), item.type)

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


def decoded(values: Array, type_: MapType | ArrayType) -> Array:
    """Read what was written as JSON, with an exactness that Arrow does not have."""
    schema = ObjectType((Property("x", type_, read_optional=True),))
    records: list[dict[str, Value | None]] = [
        {} if each is None else {"x": decode_value(type_, each.encode())}
        for each in values.to_pylist()
    ]
    return Batch.from_records(schema, records).data.column(0)
