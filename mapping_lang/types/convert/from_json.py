"""JSON values to scalars; JSON null is refused here, where it is null is decided around it."""

import re
from collections.abc import Callable
from decimal import Decimal
from typing import Final

from mapping_lang.types.convert.numbers import decimal_refused, decimal_within, int_refused
from mapping_lang.types.convert.refusals import not_convertible, out_of_range, toward
from mapping_lang.types.convert.scalars import Core, string_within
from mapping_lang.types.errors import ValueRefusedError
from mapping_lang.types.json_value import JsonKind, kind_of, literal_of, string_of
from mapping_lang.types.kinds import (
    BooleanType,
    DatetimeType,
    DateType,
    DecimalType,
    FloatType,
    IntType,
    IpType,
    StringType,
    TimeType,
    Type,
    UuidType,
    YearType,
    decimal_fits,
)
from mapping_lang.types.text.parse import (
    parse_date,
    parse_datetime_iso,
    parse_decimal,
    parse_float,
    parse_ip,
    parse_time_lenient,
    parse_uuid,
)
from mapping_lang.types.values import Json, Value, check_float, check_year

_INTEGER: Final = re.compile(r"(-?)([0-9]+)(?:\.0)?")
_MAX_INT64_DIGITS: Final = 20
_NUMBER_STARTS: Final = "-0123456789"
_NULL_STARTS: Final = "n \t\n\r"


def json_to_scalar(target: Type, *, nullable: bool) -> Core | None:
    """Give the conversion of JSON values to a scalar; None if the target is none."""
    match target:
        case StringType():
            return _to_string(target, nullable=nullable)
        case BooleanType():
            return _to_boolean
        case IntType():
            return _to_int(target)
        case FloatType():
            return _to_float(target)
        case DecimalType():
            return _to_decimal(target)
        case YearType():
            return _to_year
        case DatetimeType():
            return _read(parse_datetime_iso, target)
        case DateType():
            return _read(parse_date, target)
        case TimeType():
            return _read(parse_time_lenient, target)
        case UuidType():
            return _read(parse_uuid, target)
        case IpType():
            return _read(parse_ip, target)
        case _:
            return None


def is_null(value: Json) -> bool:
    """Tell if a JSON value is null."""
    return value.text[0] in _NULL_STARTS and kind_of(value) is JsonKind.NULL


def _to_string(target: StringType, *, nullable: bool) -> Core:
    within = string_within(target, nullable=nullable)

    def text_of(value: Json) -> str:
        if value.text[0] == '"':
            return string_of(value)
        match kind_of(value):
            case JsonKind.STRING:
                return string_of(value)
            case JsonKind.NUMBER | JsonKind.TRUE | JsonKind.FALSE:
                return literal_of(value)
            case _:
                raise not_convertible(value, target)

    return text_of if within is None else lambda value: within(text_of(value))


def _to_boolean(value: Json) -> bool:
    literal = literal_of(value)
    if literal == "true":
        return True
    if literal == "false":
        return False
    raise not_convertible(value, BooleanType())


def _to_int(target: IntType) -> Core:
    low, high = target.low, target.high

    def to_int(value: Json) -> int:
        text = value.text
        if text.isdigit() and len(text) < _MAX_INT64_DIGITS:
            number = int(text)
            if low <= number <= high:
                return number
        match = _INTEGER.fullmatch(literal_of(value))
        if match is None or (target.unsigned and match[1]):
            raise not_convertible(value, target)
        # Longer integers are costly to read, and Python refuses past 4,300 digits.
        if len(match[2]) > _MAX_INT64_DIGITS:
            raise out_of_range(value, target)
        number = int(match[1] + match[2])
        if not low <= number <= high:
            raise int_refused(number, target)
        return number

    return to_int


def _to_year(value: Json) -> int:
    match = _INTEGER.fullmatch(literal_of(value))
    if match is None:
        raise not_convertible(value, YearType())
    # The first digits tell enough.
    year = int(match[1] + match[2][:_MAX_INT64_DIGITS])
    check_year(year)
    return year


def _to_float(target: FloatType) -> Core:
    low, high, bit_size = target.low, target.high, target.bit_size

    def to_float(value: Json) -> float:
        try:
            number = parse_float(_number(value, target), bit_size)
        except ValueRefusedError as error:
            raise toward(error, target) from None
        if not low <= number <= high:
            check_float(number, target)
        return number

    return to_float


def _to_decimal(target: DecimalType) -> Core:
    within = decimal_within(target)

    def to_decimal(value: Json) -> Decimal:
        try:
            number = parse_decimal(_number(value, target))
        except ValueRefusedError as error:
            raise toward(error, target) from None
        if within(number):
            return number
        if not decimal_fits(number, target.precision, target.scale):
            raise out_of_range(value, target)
        raise decimal_refused(number, target)

    return to_decimal


def _number(value: Json, target: Type) -> str:
    if value.text[0] not in _NUMBER_STARTS and kind_of(value) is not JsonKind.NUMBER:
        raise not_convertible(value, target)
    return literal_of(value)


def _read(parse: Callable[[str], Value], target: Type) -> Core:
    def read(value: Json) -> Value:
        if value.text[0] != '"' and kind_of(value) is not JsonKind.STRING:
            raise not_convertible(value, target)
        return parse(string_of(value))

    return read
