"""Reading results one by one: the definition, with a place for every mistake.

The fast way gives what this one gives, and leaves to it whatever it does not read itself.
"""

from typing import Final, assert_never

from mapping_lang.diagnostics import Code, did_you_mean, quote
from mapping_lang.types.codec.exact import MAX_INT_CHARS, NOT_FINITE
from mapping_lang.types.errors import JsonSyntaxError, PathStep, ValueRefusedError
from mapping_lang.types.json_text import (
    Array,
    Literal,
    Node,
    Number,
    Object,
    Text,
    decode_utf8,
    node_kind,
    read,
    validate,
)
from mapping_lang.types.kinds import (
    MAX_NAME_CHARS,
    MAX_YEAR,
    MIN_YEAR,
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
    StringType,
    TimeType,
    Type,
    UuidType,
    YearType,
)
from mapping_lang.types.schema import Purpose, required
from mapping_lang.types.text.parse import (
    parse_date,
    parse_datetime_rfc3339,
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
from runtime.acceptance.contract import Contract, ResultRefusedError
from runtime.acceptance.moments import parse_python_datetime
from runtime.acceptance.names import type_name
from runtime.sandbox.interface import Language

MAX_EXPLAINED_VALUES: Final = 250_000
"""Most JSON values of a result that is explained: each takes 200 bytes meanwhile."""


def accept_exactly(contract: Contract, result: bytes) -> Record:
    """Read one result; a `ValueRefusedError` tells what is wrong with it, and where."""
    text = decode_utf8(result)
    try:
        node = read(text, max_values=MAX_EXPLAINED_VALUES)
        return _Reader(contract, text).record(contract.schema, node)
    except RecursionError:
        raise JsonSyntaxError("nested too deeply", code=Code.VALUE_LIMIT) from None


class _Reader:
    """Reads the nodes of one result."""

    __slots__ = ("_contract", "_in_python", "_text")

    def __init__(self, contract: Contract, text: str) -> None:
        self._contract = contract
        self._in_python = contract.language is Language.PYTHON
        self._text = text

    def record(self, type_: ObjectType, node: Node) -> Record:
        if not isinstance(node, Object):
            raise self._unexpected(node, type_)
        record: Record = {}
        for name, member in node.members.items():
            item = type_.by_name.get(name)
            if item is None:
                raise _unknown(name, type_)
            if isinstance(member, Literal) and member.value is None:
                self._put_null(record, item)
            else:
                record[name] = self._inside(item.type, member, name)
        for item in type_.properties:
            if required(item, self._contract.purpose) and item.name not in record:
                raise ResultRefusedError(
                    Code.VALUE_MISSING,
                    f"the property is missing, and {_aim(self._contract.purpose)} requires it",
                    path=(item.name,),
                )
        return record

    def _put_null(self, record: Record, item: Property) -> None:
        """Take null for what the purpose makes of it (FUNC-30)."""
        if item.nullable:
            record[item.name] = None
        elif isinstance(item.type, JsonType) and not self._contract.preserve_json:
            record[item.name] = JSON_NULL
        elif self._contract.purpose is not Purpose.IMPORT:
            raise ResultRefusedError(
                Code.VALUE_NULL,
                f"found {self._null}, expected {self._name(item.type)}",
                path=(item.name,),
                hint="leave the property out if it has no value",
            )

    def _inside(self, type_: Type, node: Node, step: PathStep) -> Value:
        try:
            return self._value(type_, node)
        except ValueRefusedError as error:
            raise error.inside(step) from None

    def _value(self, type_: Type, node: Node) -> Value:
        """Read a value that may be null only as json."""
        if isinstance(type_, JsonType):
            return self._json(type_, node)
        if isinstance(node, Literal) and node.value is None:
            raise ResultRefusedError(
                Code.VALUE_NULL, f"found {self._null}, expected {self._name(type_)}"
            )
        match type_:
            case StringType():
                text = self._string(type_, node)
                check_string(text, type_)
                return text
            case BooleanType():
                if not isinstance(node, Literal) or node.value is None:
                    raise self._unexpected(node, type_)
                return node.value
            case IntType():
                return self._int(type_, node)
            case YearType():
                year = self._integer(type_, node, MIN_YEAR, MAX_YEAR)
                check_year(year)
                return year
            case FloatType():
                return self._float(type_, node)
            case DecimalType():
                decimal = parse_decimal(self._string(type_, node))
                check_decimal(decimal, type_)
                return decimal
            case DatetimeType():
                parse = parse_python_datetime if self._in_python else parse_datetime_rfc3339
                return parse(self._string(type_, node))
            case DateType():
                return parse_date(self._string(type_, node))
            case TimeType():
                return parse_time(self._string(type_, node))
            case UuidType():
                return parse_uuid(self._string(type_, node))
            case IpType():
                return parse_ip(self._string(type_, node))
            case ArrayType():
                return self._array(type_, node)
            case MapType():
                return self._map(type_, node)
            case ObjectType():
                return self.record(type_, node)
            case _:
                assert_never(type_)

    def _json(self, type_: JsonType, node: Node) -> Json:
        if not self._contract.preserve_json:
            return Json(self._text[node.start : node.end])
        text = self._string(type_, node)
        try:
            validate(text)
        except ValueRefusedError as error:
            raise ResultRefusedError(
                Code.VALUE_SYNTAX,
                f"{quote(text)} is not valid JSON: {error.message}",
                hint="the function preserves JSON: it returns json values as their text",
            ) from None
        return Json(text)

    def _string(self, type_: Type, node: Node) -> str:
        if not isinstance(node, Text):
            raise self._unexpected(node, type_)
        return node.value

    def _int(self, type_: IntType, node: Node) -> int:
        if type_.bit_size == 64 and not self._in_python:
            number = parse_int(self._string(type_, node), unsigned=type_.unsigned)
        else:
            number = self._integer(type_, node, type_.low, type_.high)
        check_int(number, type_)
        return number

    def _integer(self, type_: Type, node: Node, low: int, high: int) -> int:
        if not isinstance(node, Number) or not node.spelling.lstrip("-").isdigit():
            raise self._unexpected(node, type_)
        if len(node.spelling) <= MAX_INT_CHARS:
            return int(node.spelling)
        if node.spelling[0] == "-":
            raise too_small(quote(node.spelling), str(low))
        raise too_large(quote(node.spelling), str(high))

    def _float(self, type_: FloatType, node: Node) -> float:
        match node:
            case Number(spelling=spelling):
                number = parse_float(spelling, type_.bit_size)
            case Text(value=name) if name in NOT_FINITE:
                if type_.real:
                    raise ResultRefusedError(Code.VALUE_RANGE, f"{name} is not a real number")
                number = NOT_FINITE[name]
            case _:
                raise self._unexpected(node, type_)
        check_float(number, type_)
        return number

    def _array(self, type_: ArrayType, node: Node) -> list[Value | None]:
        if not isinstance(node, Array):
            raise self._unexpected(node, type_)
        elements: list[Value | None] = [
            self._inside(type_.element, item, position) for position, item in enumerate(node.items)
        ]
        check_elements(elements, type_)
        return elements

    def _map(self, type_: MapType, node: Node) -> Record:
        if not isinstance(node, Object):
            raise self._unexpected(node, type_)
        return {
            key: self._inside(type_.element, member, key) for key, member in node.members.items()
        }

    @property
    def _null(self) -> str:
        return "None" if self._in_python else "null"

    def _name(self, type_: Type) -> str:
        return type_name(type_, self._contract.language)

    def _unexpected(self, node: Node, type_: Type) -> ResultRefusedError:
        found = quote(self._text[node.start : node.end])
        return ResultRefusedError(
            Code.VALUE_TYPE,
            f"found the {node_kind(node)} {found}, which is not of type {self._name(type_)}",
            limit=self._name(type_),
            hint=_hint(type_, node, self._contract.language),
        )


def _aim(purpose: Purpose) -> str:
    return "creating" if purpose is Purpose.CREATE else "updating"


def _hint(type_: Type, node: Node, language: Language) -> str:
    """Tell what to return instead, where it is not what one would think."""
    in_python = language is Language.PYTHON
    match type_, node:
        case IntType(bit_size=64), Number() if not in_python:
            return "return a BigInt: `BigInt(value)`, or `5n`"
        case ((IntType() | YearType()), Text()) if not in_python:
            return "return a number: `Number(value)`"
        case ((IntType() | YearType()), (Text() | Number())) if in_python:
            return "return an int: `int(value)`"
        case IntType(), Number():
            return "return a whole number: `Math.round(value)`"
        case DecimalType(), Number():
            return (
                "return `decimal.Decimal(str(value))`"
                if in_python
                else "return a string: `value.toFixed(2)`"
            )
        case StringType(), Number():
            return f"return a text: `{'str(value)' if in_python else 'String(value)'}`"
        case JsonType(), _:
            write = "json.dumps(value)" if in_python else "JSON.stringify(value)"
            return f"the function preserves JSON: return the text `{write}`"
        case _:
            return ""


def _unknown(name: str, type_: ObjectType) -> ResultRefusedError:
    # No property has so long a name, and nobody wants to read it.
    path = (name,) if len(name) <= MAX_NAME_CHARS else ()
    return ResultRefusedError(
        Code.VALUE_PROPERTY_UNKNOWN,
        f"the property {quote(name)} is not part of the output schema of the function",
        path=path,
        hint=did_you_mean(name, type_.by_name),
    )
