"""Values and records from connectors to canonical ones, compiled once per type."""

import functools
from collections.abc import Callable, Mapping
from typing import Final, TypeAlias, assert_never

from mapping_lang.diagnostics import Code, quote
from mapping_lang.types import json_text, json_value
from mapping_lang.types.conform.json_writer import json_of
from mapping_lang.types.conform.refusals import not_accepted, show
from mapping_lang.types.conform.scalars import (
    Core,
    boolean_core,
    date_core,
    datetime_core,
    decimal_core,
    float_core,
    int_core,
    ip_core,
    plain_text,
    string_core,
    time_core,
    uuid_core,
    year_core,
)
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
    Schema,
    StringType,
    TimeType,
    Type,
    UuidType,
    YearType,
)
from mapping_lang.types.values import JSON_NULL, Json, Record, Value, check_elements

Conformer: TypeAlias = Callable[[object], Value | None]
"""Gives the canonical form of what a connector has read, or refuses it."""

RecordConformer: TypeAlias = Callable[[Mapping[str, object]], Record]

_JSON: Final = JsonType()


def conform(value: object, type_: Type, *, nullable: bool = False) -> Value | None:
    """Give the canonical form of one value that a connector has read (TYPE-71)."""
    return conformer(type_, nullable=nullable)(value)


def conform_record(source: Mapping[str, object], schema: Schema) -> Record:
    """Give the canonical form of a record that a connector has read (TYPE-71, TYPE-72).

    Members that are no property of the schema are dropped.
    """
    return record_conformer(schema)(source)


@functools.lru_cache(maxsize=4096)
def conformer(type_: Type, *, nullable: bool = False) -> Conformer:
    """Compile `conform` for one type."""
    core = _core(type_)
    if not nullable:
        return core
    if _is_null_when_empty(type_):

        def text_or_null(value: object) -> Value | None:
            if value is None or (isinstance(value, str) and not value):
                return None
            return core(value)

        return text_or_null
    return lambda value: None if value is None else core(value)


@functools.lru_cache(maxsize=1024)
def record_conformer(schema: Schema) -> RecordConformer:
    """Compile `conform_record` for one schema."""
    members = [
        (item.name, item.read_optional, conformer(item.type, nullable=item.nullable))
        for item in schema.properties
    ]

    def conform_members(source: Mapping[str, object]) -> Record:
        record: Record = {}
        name = ""
        try:
            for name, optional, member in members:
                if name in source:
                    record[name] = member(source[name])
                elif not optional:
                    raise _missing(name)
        except ValueRefusedError as error:
            raise error.inside(name) from None
        return record

    return conform_members


def _missing(name: str) -> ValueRefusedError:
    return ValueRefusedError(Code.VALUE_MISSING, f"the property {quote(name)} is missing")


def _is_null_when_empty(type_: Type) -> bool:
    match type_:
        case StringType():
            return bool(type_.values) and "" not in type_.value_set
        case (
            DecimalType()
            | DatetimeType()
            | DateType()
            | TimeType()
            | UuidType()
            | JsonType()
            | IpType()
        ):
            return True
        case _:
            return False


def _core(type_: Type) -> Core:
    match type_:
        case StringType():
            return string_core(type_)
        case BooleanType():
            return boolean_core(type_)
        case IntType():
            return int_core(type_)
        case FloatType():
            return float_core(type_)
        case DecimalType():
            return decimal_core(type_)
        case DatetimeType():
            return datetime_core(type_)
        case DateType():
            return date_core(type_)
        case TimeType():
            return time_core(type_)
        case YearType():
            return year_core(type_)
        case UuidType():
            return uuid_core(type_)
        case JsonType():
            return _json
        case IpType():
            return ip_core(type_)
        case ArrayType():
            return _array_core(type_)
        case ObjectType():
            return _object_core(type_)
        case MapType():
            return _map_core(type_)
        case _:
            assert_never(type_)


def _json(value: object) -> Json:
    match value:
        case Json():
            return value
        case str():
            text = plain_text(value)
        case bytes() | bytearray() | memoryview():
            text = json_text.decode_utf8(bytes(value))
        case None:
            raise not_accepted(value, _JSON)
        case _:
            return json_of(value)
    json_text.validate(text)
    return Json(text)


def _element_core(type_: Type) -> Core:
    """Conform what stands in an array or a map, where json alone can be null (TYPE-42)."""
    if isinstance(type_, JsonType):
        return lambda value: JSON_NULL if value is None else _json(value)
    return _core(type_)


def _array_core(type_: ArrayType) -> Core:
    element = _element_core(type_.element)
    # The text of a json array holds json elements (TYPE-71).
    of_json = isinstance(type_.element, JsonType)

    def core(value: object) -> Value:
        if of_json and isinstance(value, str) and value[:1] == "[":
            items: list[Value | None] = [*json_value.elements(_json(value))]
        elif isinstance(value, list | tuple):
            items = []
            try:
                for item in value:
                    items.append(element(item))
            except ValueRefusedError as error:
                raise error.inside(len(items)) from None
        else:
            raise not_accepted(value, type_)
        check_elements(items, type_)
        return items

    return core


def _object_core(type_: ObjectType) -> Core:
    conform_members = record_conformer(type_)

    def core(value: object) -> Value:
        if isinstance(value, Mapping):
            return conform_members(value)
        raise not_accepted(value, type_)

    return core


def _map_core(type_: MapType) -> Core:
    element = _element_core(type_.element)
    of_json = isinstance(type_.element, JsonType)

    def core(value: object) -> Value:
        if of_json and isinstance(value, str) and value[:1] == "{":
            return {**json_value.members(_json(value))}
        if not isinstance(value, Mapping):
            raise not_accepted(value, type_)
        entries: dict[str, Value | None] = {}
        for key, item in value.items():
            name = _key(key)
            try:
                entries[name] = element(item)
            except ValueRefusedError as error:
                raise error.inside(name) from None
        return entries

    return core


def _key(key: object) -> str:
    if not isinstance(key, str):
        raise ValueRefusedError(Code.VALUE_TYPE, f"found {show(key)} as a key, expected text")
    return plain_text(key)
