"""From types to schema JSON: one text per type, byte for byte (TYPE-29 to TYPE-31)."""

import re
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Final, TypeVar, assert_never

from mapping_lang.types.kinds import (
    MAX_ELEMENTS,
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
    Property,
    Schema,
    StringType,
    TimeType,
    Type,
    UuidType,
    YearType,
    kind_name,
)
from mapping_lang.types.text.format import format_decimal, format_float_positional

_Number = TypeVar("_Number", int, float, Decimal)

_ESCAPED: Final = re.compile(r'["\\\x00-\x1f\u2028\u2029]')
_SHORT_ESCAPES: Final = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t"}


def encode_schema(schema: Schema) -> str:
    """Write a schema, or null for no schema."""
    return encode_type(schema)


def encode_type(type_: Type) -> str:
    """Write a type in canonical form; an object without properties is null (TYPE-8)."""
    if isinstance(type_, ObjectType) and not type_.properties:
        return "null"
    return "{" + ",".join((f'"kind":"{kind_name(type_)}"', *_attributes(type_))) + "}"


def _attributes(type_: Type) -> Iterator[str]:
    match type_:
        case StringType():
            if type_.max_bytes < MAX_LENGTH:
                yield f'"maxBytes":{type_.max_bytes}'
            if type_.max_length < MAX_LENGTH:
                yield f'"maxLength":{type_.max_length}'
            if type_.pattern is not None:
                yield f'"pattern":{_quote(type_.pattern)}'
            if type_.values:
                yield f'"values":[{",".join(map(_quote, type_.values))}]'
        case IntType():
            yield f'"bitSize":{type_.bit_size}'
            if type_.unsigned:
                yield '"unsigned":true'
            yield from _bounds(type_.minimum, type_.maximum, str)
        case FloatType():
            size = type_.bit_size
            yield f'"bitSize":{size}'
            if type_.real:
                yield '"real":true'
            yield from _bounds(
                type_.minimum, type_.maximum, lambda bound: format_float_positional(bound, size)
            )
        case DecimalType():
            yield from _bounds(type_.minimum, type_.maximum, format_decimal)
            yield f'"precision":{type_.precision}'
            if type_.scale:
                yield f'"scale":{type_.scale}'
        case ArrayType():
            if type_.min_elements:
                yield f'"minElements":{type_.min_elements}'
            if type_.max_elements < MAX_ELEMENTS:
                yield f'"maxElements":{type_.max_elements}'
            if type_.unique:
                yield '"uniqueElements":true'
            yield f'"elementType":{encode_type(type_.element)}'
        case ObjectType():
            yield f'"properties":[{",".join(map(_property, type_.properties))}]'
        case MapType():
            yield f'"elementType":{encode_type(type_.element)}'
        case (
            BooleanType()
            | DatetimeType()
            | DateType()
            | TimeType()
            | YearType()
            | UuidType()
            | JsonType()
            | IpType()
        ):
            return
        case _:
            assert_never(type_)


def _bounds(
    minimum: _Number | None, maximum: _Number | None, write: Callable[[_Number], str]
) -> Iterator[str]:
    if minimum is not None:
        yield f'"minimum":{write(minimum)}'
    if maximum is not None:
        yield f'"maximum":{write(maximum)}'


def _property(item: Property) -> str:
    parts = [f'"name":"{item.name}"']
    if item.prefilled:
        parts.append(f'"prefilled":{_quote(item.prefilled)}')
    parts.append(f'"type":{encode_type(item.type)}')
    flags = {
        "createRequired": item.create_required,
        "updateRequired": item.update_required,
        "readOptional": item.read_optional,
        "nullable": item.nullable,
    }
    parts += [f'"{key}":true' for key, flag in flags.items() if flag]
    parts.append(f'"description":{_quote(item.description)}')
    return "{" + ",".join(parts) + "}"


def _quote(text: str) -> str:
    return '"' + _ESCAPED.sub(_escape, text) + '"'


def _escape(match: re.Match[str]) -> str:
    char = match[0]
    return _SHORT_ESCAPES.get(char) or f"\\u{ord(char):04x}"
