"""The values of a condition: from the text of a filter and back (FILT-29 to FILT-38)."""

import re
from datetime import date, datetime, time
from decimal import Decimal
from typing import Final, assert_never

from mapping_lang.diagnostics import Code, did_you_mean, quote
from mapping_lang.predicate.tree import Comparable, JsonOperand, Operand
from mapping_lang.types.errors import ValueRefusedError
from mapping_lang.types.kinds import (
    MAX_YEAR,
    MIN_YEAR,
    DatetimeType,
    DateType,
    DecimalType,
    FloatType,
    IntType,
    IpType,
    JsonType,
    StringType,
    TimeType,
    UuidType,
    YearType,
    decimal_exponent,
    is_unicode,
)
from mapping_lang.types.text.format import (
    format_date,
    format_datetime_local,
    format_decimal,
    format_float,
    format_time,
)
from mapping_lang.types.text.parse import (
    parse_date,
    parse_datetime_iso,
    parse_decimal,
    parse_float,
    parse_int,
    parse_ip,
    parse_time_lenient,
    parse_uuid_strict,
)

MAX_VALUE_CHARS: Final = 60
"""Longest value that is not one of the listed values of a string (FILT-29)."""

_SHOWN_VALUES: Final = 10

_INT: Final = re.compile(r"[+-]?(?:0|[1-9][0-9]*)")
_UNSIGNED_INT: Final = re.compile(r"0|[1-9][0-9]*")
_FLOAT: Final = re.compile(r"[+-]?[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?")
_YEAR: Final = re.compile(r"[0-9]{1,4}")


def parse_operand(text: str, type_: Comparable) -> Operand:
    """Read a value of a condition on a property, or on elements, of a type."""
    if isinstance(type_, StringType) and type_.values:
        return _listed(text, type_)
    _check_text(text, type_)
    try:
        return _parse(text, type_)
    except ValueRefusedError as error:
        raise ValueRefusedError(Code.FILTER_VALUE_FORM, error.message, limit=error.limit) from error


def _listed(text: str, type_: StringType) -> str:
    if text not in type_.value_set:
        hint = did_you_mean(text, type_.values)
        raise ValueRefusedError(
            Code.FILTER_VALUE_NOT_LISTED,
            f"{quote(text)} is not one of the values of the property" + (hint and f": {hint}"),
            limit=", ".join(map(quote, type_.values[:_SHOWN_VALUES])),
        )
    return text


def _check_text(text: str, type_: Comparable) -> None:
    if not text:
        empty_exists = isinstance(type_, StringType | JsonType)
        problem = "the value is empty" + (": use `is empty`" if empty_exists else "")
    elif len(text) > MAX_VALUE_CHARS:
        problem = f"the value has {len(text)} characters, at most {MAX_VALUE_CHARS} are allowed"
    elif "\0" in text:
        problem = f"{quote(text)} contains U+0000"
    elif not is_unicode(text):
        problem = f"{quote(text)} contains half of a surrogate pair"
    else:
        return
    raise ValueRefusedError(Code.FILTER_VALUE_TEXT, problem)


def _parse(text: str, type_: Comparable) -> Operand:
    match type_:
        case StringType():
            return text
        case IntType(unsigned=True):
            _check_form(text, _UNSIGNED_INT, "an integer without sign and leading zeros")
            return parse_int(text, unsigned=True)
        case IntType():
            _check_form(text, _INT, "an integer without leading zeros")
            return parse_int(text)
        case FloatType():
            _check_form(text, _FLOAT, "a number such as 1.5 or 1e3")
            return parse_float(text, type_.bit_size)
        case DecimalType():
            return parse_decimal(text)
        case DatetimeType():
            return parse_datetime_iso(text)
        case DateType():
            return parse_date(text)
        case TimeType():
            return parse_time_lenient(text)
        case YearType():
            _check_form(text, _YEAR, f"a year from {MIN_YEAR} to {MAX_YEAR}")
            year = int(text)
            if not MIN_YEAR <= year <= MAX_YEAR:
                raise _wrong_form(text, f"a year from {MIN_YEAR} to {MAX_YEAR}")
            return year
        case UuidType():
            return parse_uuid_strict(text)
        case IpType():
            return parse_ip(text)
        case JsonType():
            return json_operand(text)
        case _:
            assert_never(type_)


def json_operand(text: str) -> JsonOperand:
    """Give the forms in which text is compared with JSON (FILT-36)."""
    try:
        return JsonOperand(text, parse_decimal(text))
    except ValueRefusedError:
        return JsonOperand(text, None)


def _check_form(text: str, form: re.Pattern[str], expected: str) -> None:
    if not form.fullmatch(text):
        raise _wrong_form(text, expected)


def _wrong_form(text: str, expected: str) -> ValueRefusedError:
    return ValueRefusedError(
        Code.FILTER_VALUE_FORM, f"{quote(text)} is not {expected}", limit=expected
    )


def format_operand(operand: Operand, type_: Comparable) -> str:
    """Write a value of a condition so that reading it gives the same one (FILT-38)."""
    match operand:
        case JsonOperand():
            return operand.text
        case str():
            return operand
        case int():
            return str(operand)
        case float():
            return format_float(operand, type_.bit_size if isinstance(type_, FloatType) else 64)
        case Decimal():
            return _format_decimal(operand)
        case datetime():
            return format_datetime_local(operand)
        case date():
            return format_date(operand)
        case time():
            return format_time(operand)
        case _:
            assert_never(operand)


def _format_decimal(value: Decimal) -> str:
    # What could be read in 60 characters has to be written in as many, or a stored filter could
    # not be read again: 1e99 in 4, -.5 with its 57 digits more without the zero before the dot.
    text = format_decimal(value)
    if len(text) <= MAX_VALUE_CHARS and "e" not in text:
        return text
    digits = "".join(map(str, value.as_tuple().digits))
    significant = digits.rstrip("0")
    exponent = decimal_exponent(value) + len(digits) - len(significant)
    short = f"{'-' if value < 0 else ''}{significant.lstrip('0')}e{exponent}"
    return short if len(short) <= MAX_VALUE_CHARS else text.replace("0.", ".", 1)
