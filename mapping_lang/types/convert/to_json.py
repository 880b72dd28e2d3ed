"""Values as JSON text (MAP-58)."""

import math
from collections.abc import Callable
from functools import lru_cache
from typing import Any, Final, TypeAlias, assert_never

import msgspec

from mapping_lang.types.convert.refusals import not_convertible
from mapping_lang.types.errors import ValueRefusedError
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
from mapping_lang.types.text.format import (
    format_date,
    format_datetime,
    format_decimal,
    format_float_json,
    format_time,
)
from mapping_lang.types.values import Json, Value

_JSON: Final = JsonType()

_Writer: TypeAlias = Callable[[Any], str]
"""Writes values of one type, never null; the type that it was made for says what it takes."""

_quoted_bytes = msgspec.json.Encoder().encode


def value_to_json(value: Value | None, type_: Type) -> Json:
    """Give a value of a type as JSON; null is the JSON null."""
    return Json("null" if value is None else json_writer(type_)(value))


@lru_cache(maxsize=1024)
def json_writer(type_: Type) -> _Writer:
    """Compile the way to JSON text of one type; what it makes does not take null."""
    match type_:
        case StringType() | UuidType() | IpType():
            return _quoted
        case BooleanType():
            return lambda value: "true" if value else "false"
        case IntType() | YearType():
            return str
        case FloatType():
            return _number
        case DecimalType():
            return format_decimal
        case DatetimeType():
            return lambda value: f'"{format_datetime(value)}"'
        case DateType():
            return lambda value: f'"{format_date(value)}"'
        case TimeType():
            return lambda value: f'"{format_time(value)}"'
        case JsonType():
            return lambda value: str(value.text)
        case ArrayType():
            return _array_writer(json_writer(type_.element))
        case MapType():
            return _map_writer(json_writer(type_.element))
        case ObjectType():
            return _object_writer(
                [(item.name, json_writer(item.type)) for item in type_.properties]
            )
        case _:
            assert_never(type_)


def _quoted(text: str) -> str:
    return _quoted_bytes(text).decode()


def _number(value: float) -> str:
    if not math.isfinite(value):
        raise not_convertible(value, _JSON)
    # A number of 32 bits is written as what it is, not as the decimal that is nearest to it.
    return format_float_json(value, 64)


def _array_writer(write: _Writer) -> _Writer:
    def write_array(values: list[Value | None]) -> str:
        parts: list[str] = []
        try:
            for value in values:
                parts.append("null" if value is None else write(value))
        except ValueRefusedError as error:
            raise error.inside(len(parts)) from None
        return f"[{','.join(parts)}]"

    return write_array


def _map_writer(write: _Writer) -> _Writer:
    def write_map(values: dict[str, Value | None]) -> str:
        parts: list[str] = []
        name = ""
        try:
            # Sorted, so that equal maps have equal texts.
            for name in sorted(values):
                value = values[name]
                parts.append(f"{_quoted(name)}:{'null' if value is None else write(value)}")
        except ValueRefusedError as error:
            raise error.inside(name) from None
        return f"{{{','.join(parts)}}}"

    return write_map


def _object_writer(properties: list[tuple[str, _Writer]]) -> _Writer:
    def write_object(values: dict[str, Value | None]) -> str:
        parts: list[str] = []
        name = ""
        try:
            for name, write in properties:
                if name in values:
                    value = values[name]
                    parts.append(f'"{name}":{"null" if value is None else write(value)}')
        except ValueRefusedError as error:
            raise error.inside(name) from None
        return f"{{{','.join(parts)}}}"

    return write_object
