"""How a function's language calls the types that are expected of it (FUNC-40)."""

from typing import assert_never

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
from runtime.sandbox.interface import Language


def type_name(type_: Type, language: Language) -> str:
    """Name a type in the words of a language."""
    match language:
        case Language.JAVASCRIPT:
            return _javascript_name(type_)
        case Language.PYTHON:
            return _python_name(type_)
        case _:
            assert_never(language)


def _javascript_name(type_: Type) -> str:
    match type_:
        case BooleanType():
            return "boolean"
        case IntType(bit_size=64):
            return "bigint"
        case IntType() | FloatType() | YearType():
            return "number"
        case ArrayType(element=element):
            return f"array of {_javascript_name(element)}"
        case ObjectType():
            return "object"
        case MapType(element=element):
            return f"object with {_javascript_name(element)} values"
        case (
            StringType()
            | DecimalType()
            | DatetimeType()
            | DateType()
            | TimeType()
            | UuidType()
            | JsonType()
            | IpType()
        ):
            return "string"
        case _:
            assert_never(type_)


def _python_name(type_: Type) -> str:
    match type_:
        case StringType() | JsonType() | IpType():
            return "str"
        case BooleanType():
            return "bool"
        case IntType() | YearType():
            return "int"
        case FloatType():
            return "float"
        case DecimalType():
            return "decimal.Decimal"
        case DatetimeType():
            return "datetime.datetime"
        case DateType():
            return "datetime.date"
        case TimeType():
            return "datetime.time"
        case UuidType():
            return "uuid.UUID"
        case ArrayType(element=element):
            return f"list[{_python_name(element)}]"
        case ObjectType():
            return "dict"
        case MapType(element=element):
            return f"dict[str, {_python_name(element)}]"
        case _:
            assert_never(type_)
