"""The column types of PostgreSQL (section 3.1 of the specification of warehouses)."""

from typing import Final, assert_never

from mapping_lang.types.kinds import (
    MAX_LENGTH,
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

MAX_CHARS: Final = 10_485_760
"""The longest `character varying(n)`; what may be longer has no limit in its column."""

_SIGNED: Final = {8: "smallint", 16: "smallint", 24: "integer", 32: "integer", 64: "bigint"}
_UNSIGNED: Final = {8: "smallint", 16: "integer", 24: "integer", 32: "bigint", 64: "numeric(20, 0)"}


def column_type(type_: Type) -> str:
    """Give the type of the column of a leaf."""
    match type_:
        case StringType():
            limit = min(type_.max_length, type_.max_bytes, MAX_LENGTH)
            return f"character varying({limit})" if limit <= MAX_CHARS else "character varying"
        case BooleanType():
            return "boolean"
        case IntType(bit_size=bit_size, unsigned=unsigned):
            return (_UNSIGNED if unsigned else _SIGNED)[bit_size]
        case FloatType(bit_size=bit_size):
            return "real" if bit_size == 32 else "double precision"
        case DecimalType(precision=precision, scale=scale):
            return f"numeric({precision}, {scale})"
        case DatetimeType():
            return "timestamp without time zone"
        case DateType():
            return "date"
        case TimeType():
            return "time without time zone"
        case YearType():
            return "smallint"
        case UuidType():
            return "uuid"
        case JsonType() | MapType():
            return "jsonb"
        case IpType():
            return "inet"
        case ArrayType(element=element):
            return f"{column_type(element)}[]"
        case ObjectType():
            raise ValueError("an object has no column: its leaves have")
        case _:
            assert_never(type_)
