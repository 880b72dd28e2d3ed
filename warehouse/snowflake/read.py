"""From the columns of Snowflake to those of a batch: the way back from `stored`.

All but truth and floats is read as text: a moment of the year 9999 has no place in the nanoseconds
of the driver, and a number of 38 digits none in its integers.
"""

from typing import Final, assert_never

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
from mapping_lang.types.text.parse import parse_ip, parse_uuid_strict
from warehouse.fitting import decoded, fitting
from warehouse.snowflake.definition import upper
from warehouse.sql import Sql, compose

_DATE: Final = "YYYY-MM-DD"
_TIME: Final = "HH24:MI:SS.FF6"


def selected(name: str, type_: Type) -> Sql:
    """Give a column in the form in which it is read."""
    return compose(_form(type_), c=upper(name))


def _form(type_: Type) -> str:
    match type_:
        case StringType() | UuidType() | IpType() | BooleanType() | FloatType():
            return "{c}"
        case IntType() | DecimalType() | YearType():
            return "TO_VARCHAR({c})"
        case DatetimeType():
            return f"TO_VARCHAR({{c}}, '{_DATE}\"T\"{_TIME}')"
        case DateType():
            return f"TO_VARCHAR({{c}}, '{_DATE}')"
        case TimeType():
            return f"TO_VARCHAR({{c}}, '{_TIME}')"
        case JsonType() | MapType() | ArrayType():
            return "TO_JSON({c})"
        case ObjectType():
            raise ValueError("an object has no column: its leaves have")
        case _:
            assert_never(type_)


def read_batch(
    schema: Schema, ids: Array, data: RecordBatch
) -> tuple[Array, Batch, tuple[tuple[str, Rejection], ...]]:
    """Make a batch of rows, and find those that do not fit their schema any more (WH-26)."""
    return fitting(schema, ids, data, _read)


def _read(values: Array, type_: Type) -> Array:
    match type_:
        case DatetimeType():
            return values.cast(pa.timestamp("us")).view(TIMESTAMP)
        case IpType():
            # There is no type of addresses and none of uuids: people may write others.
            return pa.array([each and parse_ip(each) for each in values.to_pylist()], pa.string())
        case UuidType():
            texts = [each and parse_uuid_strict(each) for each in values.to_pylist()]
            return pa.array(texts, pa.string())
        case MapType() | ArrayType():
            return decoded(values, type_)
        case BooleanType():
            # A column of nothing has no type on its way.
            return values.cast(pa.bool_()) if values.null_count < len(values) else _nothing(values)
        case FloatType():
            return values.cast(pa.float64()).cast(arrow_type(type_))
        case TimeType():
            # Arrow reads no time of a day by itself.
            moments = pc.binary_join_element_wise("1970-01-01", values, "T")
            return moments.cast(pa.timestamp("us")).cast(arrow_type(type_))
        case StringType() | IntType() | DecimalType() | DateType() | YearType() | JsonType():
            return values.cast(arrow_type(type_))
        case ObjectType():
            raise ValueError("an object has no column: its leaves have")
        case _:
            assert_never(type_)


def _nothing(values: Array) -> Array:
    return pa.nulls(len(values), pa.bool_())
