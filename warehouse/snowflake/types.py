"""The column types of Snowflake (section 3.1 of the specification of warehouses)."""

from typing import Final, assert_never

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
    StringType,
    TimeType,
    Type,
    UuidType,
    YearType,
)

MAX_CHARS: Final = 16_777_216
"""The longest VARCHAR, and its length where none is given."""

MAX_PRECISION: Final = 38

_SIGNED: Final = {8: "TINYINT", 16: "SMALLINT", 24: "NUMBER(7,0)", 32: "INT", 64: "BIGINT"}
_UNSIGNED: Final = {
    8: "SMALLINT",
    16: "INT",
    24: "NUMBER(8,0)",
    32: "BIGINT",
    64: "NUMBER(20,0)",
}


def column_type(type_: Type) -> str:
    """Give the type of the column of a leaf."""
    match type_:
        case StringType():
            limit = min(type_.max_length, type_.max_bytes)
            return f"VARCHAR({limit})" if limit <= MAX_CHARS else "VARCHAR"
        case BooleanType():
            return "BOOLEAN"
        case IntType(bit_size=bit_size, unsigned=unsigned):
            return (_UNSIGNED if unsigned else _SIGNED)[bit_size]
        case FloatType():
            return "FLOAT"
        case DecimalType(precision=precision, scale=scale):
            return f"NUMBER({precision},{scale})"
        case DatetimeType():
            return "TIMESTAMP_NTZ"
        case DateType():
            return "DATE"
        case TimeType():
            return "TIME"
        case YearType():
            return "NUMBER(4,0)"
        case UuidType() | IpType():
            return "VARCHAR"
        case JsonType() | MapType():
            return "VARIANT"
        case ArrayType():
            return "ARRAY"
        case ObjectType():
            raise ValueError("an object has no column: its leaves have")
        case _:
            assert_never(type_)
