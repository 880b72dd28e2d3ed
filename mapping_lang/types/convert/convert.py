"""The converter from one type to another, with the rules of null around it."""

import functools
from collections.abc import Callable
from typing import TypeAlias, assert_never

from mapping_lang.types.convert.containers import to_array, to_map, to_object
from mapping_lang.types.convert.from_json import is_null, json_to_scalar
from mapping_lang.types.convert.moments import layout_writer, to_date, to_datetime, to_time
from mapping_lang.types.convert.numbers import to_decimal, to_float, to_int
from mapping_lang.types.convert.refusals import not_convertible, null_refused
from mapping_lang.types.convert.scalars import (
    Core,
    same,
    to_boolean,
    to_ip,
    to_string,
    to_uuid,
    to_year,
)
from mapping_lang.types.convert.table import can_convert
from mapping_lang.types.convert.to_json import json_writer
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
from mapping_lang.types.schema import Purpose
from mapping_lang.types.text.layouts import Layouts
from mapping_lang.types.values import JSON_NULL, Json, Value

Converter: TypeAlias = Callable[[Value | None], Value | None]
"""Converts a value of the source type, or null; what it refuses is a `ValueRefusedError`."""


def convert(
    value: Value | None,
    source: Type,
    target: Type,
    *,
    nullable: bool = True,
    purpose: Purpose = Purpose.IMPORT,
    layouts: Layouts | None = None,
) -> Value | None:
    """Convert one value; for more of the same types make a `converter` once."""
    return converter(source, target, nullable=nullable, purpose=purpose, layouts=layouts)(value)


def converter(
    source: Type,
    target: Type,
    *,
    nullable: bool = True,
    purpose: Purpose = Purpose.IMPORT,
    layouts: Layouts | None = None,
) -> Converter:
    """Build the conversion of values of one type to another.

    `nullable` allows null, given or arising from the value (MAP-63); `purpose` decides which
    properties an object has to have (MAP-110). Values never change, but a result can share parts
    with the value it was made from (MAP-117). With `layouts`, moments come out formatted
    (MAP-99), so that the result is no value of the target type.
    """
    convert_value = _converter(source, target, nullable=nullable, purpose=purpose)
    write = None if layouts is None else layout_writer(target, layouts)
    if write is None:
        return convert_value
    return lambda value: write(convert_value(value))


def _converter(source: Type, target: Type, *, nullable: bool, purpose: Purpose) -> Converter:
    core: Core | None = None
    if source == target:
        core = same
    elif can_convert(source, target):
        core = _core(source, target, nullable=nullable, purpose=purpose)
    return _around_null(core or _refusal(target), source, target, nullable=nullable)


def _core(source: Type, target: Type, *, nullable: bool, purpose: Purpose) -> Core | None:
    nested = functools.partial(_converter, purpose=purpose)
    match target:
        case JsonType():
            return _json_of(source)
        case ArrayType():
            return to_array(source, target, nested)
        case ObjectType():
            return to_object(source, target, nested, purpose)
        case MapType():
            return to_map(source, target, nested)
        case _ if isinstance(source, JsonType):
            return json_to_scalar(target, nullable=nullable)
        case StringType():
            return to_string(source, target, nullable=nullable)
        case BooleanType():
            return to_boolean(source)
        case IntType():
            return to_int(source, target)
        case FloatType():
            return to_float(source, target)
        case DecimalType():
            return to_decimal(source, target)
        case DatetimeType():
            return to_datetime(source)
        case DateType():
            return to_date(source)
        case TimeType():
            return to_time(source)
        case YearType():
            return to_year(source)
        case UuidType():
            return to_uuid(source)
        case IpType():
            return to_ip(source)
        case _:
            assert_never(target)


def _json_of(source: Type) -> Core:
    write = json_writer(source)
    return lambda value: Json(write(value))


def _refusal(target: Type) -> Core:
    def refuse(value: Value) -> Value:
        raise not_convertible(value, target)

    return refuse


def _around_null(core: Core, source: Type, target: Type, *, nullable: bool) -> Converter:
    """Apply the rules of null (MAP-63), which come before every other (MAP-74)."""
    to_json = isinstance(target, JsonType)
    if nullable:
        if core is same:
            return same
        if isinstance(source, StringType) and not to_json and not isinstance(target, StringType):
            # Null and the empty text alike.
            return lambda value: core(value) if value else None
        if isinstance(source, JsonType):
            return lambda value: None if _is_null(value) else core(value)
        return lambda value: None if value is None else core(value)
    if to_json:
        return lambda value: JSON_NULL if value is None else core(value)

    def without_null(value: Value | None) -> Value | None:
        if _is_null(value):
            raise null_refused(target)
        return core(value)

    return without_null


def _is_null(value: Value | None) -> bool:
    return value is None or (isinstance(value, Json) and is_null(value))
