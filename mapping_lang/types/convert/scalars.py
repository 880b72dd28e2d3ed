"""Scalars to scalars, json apart: one function per target gives the conversion from a source.

A function gives None where the table has no conversion. What it gives takes values of the source
type that are not null; the rules of null are applied around it.
"""

import functools
from collections.abc import Callable
from typing import Any, Final, TypeAlias

from mapping_lang.types.convert.refusals import not_convertible
from mapping_lang.types.kinds import (
    MAX_LENGTH,
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
    compile_pattern,
)
from mapping_lang.types.text.format import (
    format_date,
    format_datetime,
    format_decimal,
    format_float,
    format_time,
)
from mapping_lang.types.text.parse import parse_ip, parse_uuid, parse_year
from mapping_lang.types.values import Value, check_string, check_year

Core: TypeAlias = Callable[[Any], Value | None]
"""Converts values that are not null; the source type that it was made for says which they are."""

_TRUE: Final = frozenset(("true", "True", "TRUE", "yes", "Yes", "YES"))
_FALSE: Final = frozenset(("false", "False", "FALSE", "no", "No", "NO"))


def to_string(source: Type, target: StringType, *, nullable: bool) -> Core | None:
    """Write the text of a scalar (MAP-80), then apply the limits (MAP-81)."""
    within = string_within(target, nullable=nullable)
    if isinstance(source, StringType):
        return within or same
    text_of = _text_of(source)
    if text_of is None or within is None:
        return text_of
    return lambda value: within(text_of(value))


def same(value: Value | None) -> Value | None:
    """Give the value itself."""
    return value


def _text_of(source: Type) -> Callable[[Any], str] | None:
    match source:
        case BooleanType():
            return lambda value: "true" if value else "false"
        case IntType() | YearType():
            return str
        case FloatType():
            return functools.partial(format_float, bit_size=source.bit_size)
        case DecimalType():
            return format_decimal
        case DatetimeType():
            return format_datetime
        case DateType():
            return format_date
        case TimeType():
            return format_time
        case UuidType() | IpType():
            return str
        case _:
            return None


def string_within(target: StringType, *, nullable: bool) -> Callable[[str], str | None] | None:
    """Give the check of a text against the limits of its type; None if it has none.

    Empty text that a pattern or a list refuses is null where null is allowed (MAP-63), but stays
    what it is where it is listed (DEC-12).
    """
    allowed: Callable[[str], bool]
    if target.values:
        allowed = target.value_set.__contains__
    elif target.pattern is not None:
        allowed = _finder(target.pattern)
    elif target.max_length == target.max_bytes == MAX_LENGTH:
        return None
    else:
        max_length, max_bytes = target.max_length, target.max_bytes

        def short(text: str) -> str:
            # A text cannot have more bytes than four times its code points.
            if len(text) > max_length or 4 * len(text) > max_bytes:
                check_string(text, target)
            return text

        return short
    empty_is_null = nullable and not allowed("")

    def listed_or_matching(text: str) -> str | None:
        if allowed(text):
            return text
        if empty_is_null and not text:
            return None
        check_string(text, target)
        return text

    return listed_or_matching


def _finder(pattern: str) -> Callable[[str], bool]:
    search = compile_pattern(pattern).search
    # Given text, the library counts characters up to the match, at three times the cost.
    return lambda text: search(text.encode()) is not None


def to_boolean(source: Type) -> Core | None:
    """Read one of six words, or an integer of 8 bits (MAP-89)."""
    match source:
        case StringType():
            return _boolean_of_text
        case IntType():
            return bool
        case _:
            return None


def _boolean_of_text(text: str) -> bool:
    if text in _TRUE:
        return True
    if text in _FALSE:
        return False
    raise not_convertible(text, BooleanType())


def to_year(source: Type) -> Core | None:
    """Read one to four digits, or take over an integer (MAP-102)."""
    match source:
        case StringType():
            return parse_year
        case IntType():
            return _year_within
        case _:
            return None


def _year_within(value: int) -> int:
    check_year(value)
    return value


def to_uuid(source: Type) -> Core | None:
    """Read any usual form of a UUID (MAP-103)."""
    return parse_uuid if isinstance(source, StringType) else None


def to_ip(source: Type) -> Core | None:
    """Read an IP address (MAP-103)."""
    return parse_ip if isinstance(source, StringType) else None
