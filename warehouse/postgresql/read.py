"""From the columns of PostgreSQL to those of a batch: the way back from `stored`."""

from typing import assert_never

import pyarrow as pa
import pyarrow.compute as pc

from mapping_lang.batch import Batch, Rejection
from mapping_lang.types.arrow.layout import TIMESTAMP, Array, RecordBatch, arrow_type
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
    Schema,
    StringType,
    TimeType,
    Type,
    UuidType,
    YearType,
)
from mapping_lang.types.text.parse import parse_ip
from warehouse.fitting import decoded, fitting
from warehouse.layout import Column
from warehouse.postgresql.types import column_type
from warehouse.sql import Sql, name, raw


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
    return fitting(schema, ids, data, _read)


def _read(values: Array, type_: Type) -> Array:
    match type_:
        case DatetimeType():
            return values.view(TIMESTAMP)
        case IpType():
            return pa.array([each and _address(each) for each in values.to_pylist()], pa.string())
        case MapType():
            return decoded(values, type_)
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
