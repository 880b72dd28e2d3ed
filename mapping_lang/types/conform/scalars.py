"""Scalars, json apart: one function per type takes every form that connectors give it in.

The functions do not take null; they refuse it as null. Empty text is null for some kinds, which is
the business of whoever knows if null is allowed.
"""

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, time
from decimal import Decimal
from ipaddress import IPv4Address, IPv4Interface, IPv6Address, IPv6Interface
from typing import Final, TypeAlias, cast
from uuid import UUID

from mapping_lang.diagnostics import Code, quote
from mapping_lang.types.conform.refusals import not_accepted, not_exact, not_unicode
from mapping_lang.types.convert.numbers import decimal_within, to_decimal
from mapping_lang.types.errors import ValueRefusedError
from mapping_lang.types.kinds import (
    MAX_LENGTH,
    MAX_YEAR,
    MIN_YEAR,
    BooleanType,
    DatetimeType,
    DateType,
    DecimalType,
    FloatType,
    IntType,
    IpType,
    StringType,
    TimeType,
    UuidType,
    YearType,
    is_unicode,
    round_float,
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
from mapping_lang.types.values import (
    Value,
    check_decimal,
    check_float,
    check_int,
    check_string,
    check_year,
)

Core: TypeAlias = Callable[[object], Value]
"""Gives the canonical form of what is not null."""

_MAX_EXACT_INT: Final = {32: 16_777_216, 64: 9_007_199_254_740_991}
"""Up to here every integer is a float of the bit size (TYPE-71)."""

_INFINITIES: Final = frozenset((float("inf"), float("-inf")))

_MAX_INT64_ADJUSTED: Final = 19
"""The position of the first digit of the largest integer of 64 bits."""

_MAX_BITS: Final = 256
"""More than any number of any type takes: 76 digits are 253 bits."""

_MASK: Final = re.compile(r"/[0-9]{1,3}\Z")
_UUID_BYTES: Final = 16
_DATE_CHARS: Final = len("2006-01-02")


def string_core(type_: StringType) -> Core:
    """Take text within the limits of its type."""
    limited = bool(
        type_.values
        or type_.pattern is not None
        or min(type_.max_length, type_.max_bytes) < MAX_LENGTH
    )

    def core(value: object) -> Value:
        if not isinstance(value, str):
            raise not_accepted(value, type_)
        text = plain_text(value)
        if limited:
            check_string(text, type_)
        return text

    return core


def boolean_core(type_: BooleanType) -> Core:
    """Take a boolean or its name."""

    def core(value: object) -> Value:
        if isinstance(value, bool):
            return value
        if isinstance(value, str) and value in {"true", "false"}:
            return value == "true"
        raise not_accepted(value, type_)

    return core


def int_core(type_: IntType) -> Core:
    """Take any number that is an integer, or the text of one."""
    low, high, unsigned = type_.low, type_.high, type_.unsigned

    def core(value: object) -> Value:
        number = value if type(value) is int else _integer(value, type_, unsigned=unsigned)
        if not low <= number <= high:
            check_int(number, type_)
        return number

    return core


def year_core(type_: YearType) -> Core:
    """Take any number that is an integer, or the text of one."""

    def core(value: object) -> Value:
        number = _integer(value, type_, unsigned=False)
        if not MIN_YEAR <= number <= MAX_YEAR:
            check_year(number)
        return number

    return core


def _integer(value: object, type_: IntType | YearType, *, unsigned: bool) -> int:
    match value:
        case bool():
            raise not_accepted(value, type_)
        case int():
            return int(value)
        case float() if value.is_integer():
            return int(value)
        # Before it is written out as an integer: it can have any number of zeros.
        case Decimal() if value.is_finite() and value.adjusted() > _MAX_INT64_ADJUSTED and value:
            raise not_exact(value, type_)
        case Decimal() if value.is_finite() and value == (number := int(value)):
            return number
        case str():
            return parse_int(plain_text(value), unsigned=unsigned)
        case _:
            raise not_accepted(value, type_)


def float_core(type_: FloatType) -> Core:
    """Take any number that a float of the bit size holds exactly, or the text of a float."""
    bit_size, most = type_.bit_size, _MAX_EXACT_INT[type_.bit_size]

    def core(value: object) -> Value:
        number = exact(value)
        if not type_.low <= number <= type_.high:
            check_float(number, type_)
        return number

    def exact(value: object) -> float:
        match value:
            case float():
                # NaN is unlike itself and has a place in every size.
                if bit_size == 32 and value == value and round_float(value, 32) != value:
                    raise not_exact(value, type_)
                return float(value)
            case bool():
                raise not_accepted(value, type_)
            case int():
                if not -most <= value <= most:
                    raise not_exact(value, type_)
                return float(value)
            case Decimal() if value.is_finite():
                number = float(value)
                if (
                    number in _INFINITIES
                    or round_float(number, bit_size) != number
                    or number != value
                ):
                    raise not_exact(value, type_)
                # The one zero of decimals is the positive one (TYPE-60).
                return number or 0.0
            case str():
                return parse_float(plain_text(value), bit_size)
            case _:
                raise not_accepted(value, type_)

    return core


def decimal_core(type_: DecimalType) -> Core:
    """Take exact numbers that fit, floats rounded (TYPE-62), and text."""
    # The table has a conversion from every float to every decimal.
    within = decimal_within(type_)
    of_float = cast(Callable[[float], Decimal], to_decimal(FloatType(64), type_))

    def core(value: object) -> Value:
        match value:
            case bool():
                raise not_accepted(value, type_)
            case float():
                return of_float(value)
            case int() if value.bit_length() > _MAX_BITS:
                raise not_exact(value, type_)
            case int():
                number = Decimal(value)
            case Decimal() if value.is_finite():
                # There is one zero (TYPE-60).
                number = Decimal(value) if value else Decimal(0)
            case str():
                number = parse_decimal(plain_text(value))
            case _:
                raise not_accepted(value, type_)
        if not within(number):
            check_decimal(number, type_)
        return number

    return core


def datetime_core(type_: DatetimeType) -> Core:
    """Take an instant or its ISO text; without a zone, both are in UTC."""

    def core(value: object) -> Value:
        match value:
            case datetime():
                return utc(value)
            case str():
                return parse_datetime_iso(plain_text(value))
            case _:
                raise not_accepted(value, type_)

    return core


def date_core(type_: DateType) -> Core:
    """Take a date, or the date in UTC of an instant or of ISO text."""

    def core(value: object) -> Value:
        match value:
            case datetime():
                return utc(value).date()
            case date():
                return date(value.year, value.month, value.day)
            case str():
                return _date_of_text(plain_text(value))
            case _:
                raise not_accepted(value, type_)

    return core


def _date_of_text(text: str) -> date:
    if len(text) == _DATE_CHARS:
        # The usual form, at a tenth of the cost.
        try:
            return parse_date(text)
        except ValueRefusedError:
            pass  # the long way knows more forms
    return parse_datetime_iso(text).date()


def time_core(type_: TimeType) -> Core:
    """Take a time, the time in UTC of an instant, or text that begins with a time (TYPE-D18)."""

    def core(value: object) -> Value:
        match value:
            case datetime():
                return utc(value).time()
            case time():
                # As in text, a zone is not looked at (TYPE-51).
                return time(value.hour, value.minute, value.second, value.microsecond)
            case str():
                return parse_time_lenient(plain_text(value))
            case _:
                raise not_accepted(value, type_)

    return core


def uuid_core(type_: UuidType) -> Core:
    """Take a UUID as an object, as 16 bytes or as strict text (TYPE-43)."""

    def core(value: object) -> Value:
        match value:
            case str():
                return parse_uuid_strict(plain_text(value))
            case UUID():
                return str(value)
            case bytes() | bytearray() | memoryview() if len(raw := bytes(value)) == _UUID_BYTES:
                return str(UUID(bytes=raw))
            case _:
                raise not_accepted(value, type_)

    return core


def ip_core(type_: IpType) -> Core:
    """Take an address as an object or as text; its mask and its zone are dropped."""

    def core(value: object) -> Value:
        match value:
            case str():
                return parse_ip(_MASK.sub("", plain_text(value))).partition("%")[0]
            case IPv4Interface() | IPv6Interface():
                return core(value.ip)
            case IPv4Address():
                return str(value)
            case IPv6Address():
                mapped = value.ipv4_mapped
                return str(mapped or IPv6Address(int(value)))
            case _:
                raise not_accepted(value, type_)

    return core


def plain_text(value: str) -> str:
    """Give text as a plain `str`, or refuse it if it is not Unicode."""
    text = str.__str__(value)
    if not is_unicode(text):
        raise not_unicode(text)
    return text


def utc(value: datetime) -> datetime:
    """Give an instant in UTC; without a zone it is in UTC already (as in text, TYPE-47)."""
    if type(value) is datetime and value.tzinfo is UTC:
        return value
    offset = value.utcoffset()
    naive = datetime(
        value.year, value.month, value.day, value.hour, value.minute, value.second,
        value.microsecond, tzinfo=UTC,
    )  # fmt: skip
    if offset is None:
        return naive
    try:
        return naive - offset
    except OverflowError:
        raise ValueRefusedError(
            Code.VALUE_YEAR,
            f"the year of {quote(str(value))} is not between {MIN_YEAR} and {MAX_YEAR} in UTC",
        ) from None
