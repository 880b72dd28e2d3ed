"""Reading values from JSON: the definition, one step at a time, with a place for every mistake.

The fast decoder gives what this one gives, and leaves to it whatever it does not read itself.
"""

import math
from typing import Final, assert_never

from mapping_lang.diagnostics import Code, did_you_mean, quote
from mapping_lang.types.errors import JsonSyntaxError, PathStep, ValueRefusedError
from mapping_lang.types.json_text import (
    MAX_VALUES,
    Array,
    Literal,
    Node,
    Number,
    Object,
    Text,
    decode_utf8,
    node_kind,
    read,
)
from mapping_lang.types.kinds import (
    MAX_NAME_CHARS,
    MAX_YEAR,
    MIN_YEAR,
    NAME,
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
    display,
)
from mapping_lang.types.text.parse import (
    parse_date,
    parse_datetime_iso,
    parse_decimal,
    parse_float,
    parse_int,
    parse_ip,
    parse_time,
    parse_uuid,
)
from mapping_lang.types.values import (
    JSON_NULL,
    Json,
    Record,
    Value,
    check_decimal,
    check_elements,
    check_float,
    check_int,
    check_string,
    check_year,
    too_large,
    too_small,
)

MAX_DOCUMENT_BYTES: Final = 64 * 2**20
"""Longest JSON text that is read."""

MAX_INT_CHARS: Final = 40
"""A JSON integer of more characters is outside every type; reading it is not linear."""

NOT_FINITE: Final = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}
"""How the floats that JSON has no numbers for are written (TYPE-64)."""


def decode_value(type_: Type, text: bytes) -> Value:
    """Read JSON text that is one value of a type."""
    check_size(text)
    decoded = decode_utf8(text)
    try:
        node = read(decoded)
        # What is wrong with the text comes before what is wrong with its values (TYPE-65).
        _check_names(type_, node)
        return _Decoder(decoded).value(type_, node)
    except RecursionError:
        # The caller has used up the stack, or the type is deeper than a schema may be.
        raise JsonSyntaxError("nested too deeply", code=Code.VALUE_LIMIT) from None


def check_size(text: bytes) -> None:
    """Refuse text that is too long, or may have too many values, before anything is read."""
    if len(text) > MAX_DOCUMENT_BYTES:
        raise JsonSyntaxError(
            f"the text has {len(text)} bytes, at most {MAX_DOCUMENT_BYTES} are read",
            code=Code.VALUE_LIMIT,
        )
    # Every value but the first takes two characters at least: itself and what stands before it.
    if len(text) >= 2 * MAX_VALUES:
        values = text.count(b",") + text.count(b"[") + text.count(b"{")
        if values > MAX_VALUES:
            raise JsonSyntaxError(
                f"the text has {values} commas and opening brackets, at most {MAX_VALUES} are read",
                code=Code.VALUE_LIMIT,
            )


def _check_names(type_: Type, node: Node) -> None:
    """Refuse member names that no property can have (TYPE-67)."""
    match type_, node:
        case ObjectType(), Object(members=members):
            for name, member in members.items():
                if not NAME.fullmatch(name):
                    raise JsonSyntaxError(
                        f"the member name {quote(name)} is not a letter or `_` followed by"
                        " letters, digits and `_`",
                        member.start,
                    )
                if found := type_.by_name.get(name):
                    _check_inside(found.type, member, name)
        case MapType(), Object(members=members):
            for name, member in members.items():
                _check_inside(type_.element, member, name)
        case ArrayType(), Array(items=items):
            for position, item in enumerate(items):
                _check_inside(type_.element, item, position)
        case _:
            pass  # no other type has members with names


def _check_inside(type_: Type, node: Node, step: PathStep) -> None:
    if isinstance(node, Object | Array):
        try:
            _check_names(type_, node)
        except JsonSyntaxError as error:
            raise error.inside(step) from None


class _Decoder:
    """Reads the nodes of one text."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def value(self, type_: Type, node: Node) -> Value:
        """Read a value that may not be null."""
        if isinstance(type_, JsonType):
            return Json(self._text[node.start : node.end])
        if isinstance(node, Literal) and node.value is None:
            raise ValueRefusedError(Code.VALUE_NULL, f"found null, expected {display(type_)}")
        match type_:
            case StringType():
                text = self._string(node)
                check_string(text, type_)
                return text
            case BooleanType():
                if isinstance(node, Literal) and node.value is not None:
                    return node.value
                raise self._unexpected(node, "true or false")
            case IntType(bit_size=64):
                number = parse_int(self._string(node), unsigned=type_.unsigned)
                check_int(number, type_)
                return number
            case IntType():
                number = self._integer(node, type_.low, type_.high)
                check_int(number, type_)
                return number
            case YearType():
                year = self._integer(node, MIN_YEAR, MAX_YEAR)
                check_year(year)
                return year
            case FloatType():
                return self._float(node, type_)
            case DecimalType():
                if not isinstance(node, Number):
                    raise self._unexpected(node, "a number")
                decimal = parse_decimal(node.spelling)
                check_decimal(decimal, type_)
                return decimal
            case DatetimeType():
                return parse_datetime_iso(self._string(node))
            case DateType():
                return parse_date(self._string(node))
            case TimeType():
                return parse_time(self._string(node))
            case UuidType():
                return parse_uuid(self._string(node))
            case IpType():
                return parse_ip(self._string(node))
            case ArrayType():
                return self._array(node, type_)
            case MapType():
                return self._map(node, type_)
            case ObjectType():
                return self._record(node, type_)
            case _:
                assert_never(type_)

    def _string(self, node: Node) -> str:
        if not isinstance(node, Text):
            raise self._unexpected(node, "a string")
        return node.value

    def _integer(self, node: Node, low: int, high: int) -> int:
        if not isinstance(node, Number) or not node.spelling.lstrip("-").isdigit():
            raise self._unexpected(node, "an integer")
        if len(node.spelling) <= MAX_INT_CHARS:
            return int(node.spelling)
        if node.spelling[0] == "-":
            raise too_small(quote(node.spelling), str(low))
        raise too_large(quote(node.spelling), str(high))

    def _float(self, node: Node, type_: FloatType) -> float:
        match node:
            case Number(spelling=spelling):
                number = parse_float(spelling, type_.bit_size)
            case Text(value=value) if value in NOT_FINITE and not type_.real:
                number = NOT_FINITE[value]
            case _:
                names = "" if type_.real else ', "NaN", "Infinity" or "-Infinity"'
                raise self._unexpected(node, f"a number{names}")
        check_float(number, type_)
        return number

    def _array(self, node: Node, type_: ArrayType) -> list[Value | None]:
        if not isinstance(node, Array):
            raise self._unexpected(node, "an array")
        elements: list[Value | None] = [
            self._inside(type_.element, item, position) for position, item in enumerate(node.items)
        ]
        check_elements(elements, type_)
        return elements

    def _map(self, node: Node, type_: MapType) -> Record:
        if not isinstance(node, Object):
            raise self._unexpected(node, "an object")
        return {
            key: self._inside(type_.element, member, key) for key, member in node.members.items()
        }

    def _record(self, node: Node, type_: ObjectType) -> Record:
        if not isinstance(node, Object):
            raise self._unexpected(node, "an object")
        record: Record = {}
        for name, member in node.members.items():
            item = type_.by_name.get(name)
            if item is None:
                raise _unknown(name, type_)
            if isinstance(member, Literal) and member.value is None and item.nullable:
                # For json, null is a value as any other (TYPE-66).
                record[name] = JSON_NULL if isinstance(item.type, JsonType) else None
            else:
                record[name] = self._inside(item.type, member, name)
        for item in type_.properties:
            if not item.read_optional and item.name not in record:
                raise ValueRefusedError(
                    Code.VALUE_MISSING, "the property is missing", path=(item.name,)
                )
        return record

    def _inside(self, type_: Type, node: Node, step: PathStep) -> Value:
        try:
            return self.value(type_, node)
        except ValueRefusedError as error:
            raise error.inside(step) from None

    def _unexpected(self, node: Node, expected: str) -> ValueRefusedError:
        found = quote(self._text[node.start : node.end])
        return ValueRefusedError(
            Code.VALUE_TYPE, f"found the {node_kind(node)} {found}, expected {expected}"
        )


def _unknown(name: str, type_: ObjectType) -> ValueRefusedError:
    hint = did_you_mean(name, type_.by_name)
    message = f"the property {quote(name)} does not exist" + (f"; {hint}" if hint else "")
    # No property has so long a name, and nobody wants to read it.
    path = (name,) if len(name) <= MAX_NAME_CHARS else ()
    return ValueRefusedError(Code.VALUE_PROPERTY_UNKNOWN, message, path=path)
