"""Scalars to scalars, json apart: one function per target gives the conversion from a source.

A function gives None where the table has no conversion. What it gives takes values of the source
type that are not null; the rules of null are applied around it.
"""

import functools
import math
from collections.abc import Callable
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any, Final, TypeAlias

from mapping_lang.types.convert.refusals import not_convertible, out_of_range, toward
from mapping_lang.types.errors import ValueRefusedError
from mapping_lang.types.kinds import (
    EXACT,
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
    decimal_exponent,
    decimal_fits,
    round_float,
)
from mapping_lang.types.text.format import (
    format_date,
    format_datetime,
    format_decimal,
    format_float,
    format_time,
)
from mapping_lang.types.text.parse import (
    INT64_MAX,
    INT64_MIN,
    UINT64_MAX,
    parse_decimal,
    parse_float,
    parse_int,
    parse_ip,
    parse_uuid,
    parse_year,
)
from mapping_lang.types.values import (
    Value,
    check_float,
    check_string,
    check_year,
    too_large,
    too_small,
)

Core: TypeAlias = Callable[[Any], Value | None]
"""Converts values that are not null; the source type that it was made for says which they are."""

_TRUE: Final = frozenset(("true", "True", "TRUE", "yes", "Yes", "YES"))
_MAX_INT64_ADJUSTED: Final = 19
"""The position of the first digit of the largest integer of 64 bits."""
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


def to_int(source: Type, target: IntType) -> Core | None:
    """Read, round or take over an integer, within 64 bits and then within its bounds (MAP-90)."""
    low, high, unsigned = target.low, target.high, target.unsigned

    def of_text(text: str) -> int:
        try:
            number = parse_int(text, unsigned=unsigned)
        except ValueRefusedError as error:
            raise toward(error, target) from None
        if not low <= number <= high:
            raise int_refused(number, target)
        return number

    def of_int(number: int) -> int:
        if not low <= number <= high:
            raise int_refused(number, target)
        return int(number)

    def of_float(value: float) -> int:
        # Even a negative number that would round to zero is no unsigned one.
        if not math.isfinite(value) or (unsigned and value < 0):
            raise out_of_range(value, target)
        number = int(value)
        rest = value - number
        if abs(rest) >= 0.5:
            number += 1 if rest > 0 else -1
        return of_int(number)

    def of_decimal(value: Decimal) -> int:
        if value.adjusted() > _MAX_INT64_ADJUSTED:
            raise out_of_range(value, target)
        number = int(value)
        if number != value:
            raise out_of_range(value, target)
        return of_int(number)

    match source:
        case StringType():
            return of_text
        case BooleanType() | IntType() | YearType():
            return of_int
        case FloatType():
            return of_float
        case DecimalType():
            return of_decimal
        case _:
            return None


def int_refused(number: int, target: IntType) -> ValueRefusedError:
    """Say why an integer is outside its type: it has no 64 bits, or it is out of bounds."""
    bottom, top = (0, UINT64_MAX) if target.unsigned else (INT64_MIN, INT64_MAX)
    if not bottom <= number <= top:
        return out_of_range(number, target)
    if number < target.low:
        return too_small(str(number), str(target.low))
    return too_large(str(number), str(target.high))


def to_float(source: Type, target: FloatType) -> Core | None:
    """Give the nearest number of the bit size, within its bounds (MAP-91, MAP-D9)."""
    low, high, bit_size = target.low, target.high, target.bit_size

    def of_text(text: str) -> float:
        try:
            number = parse_float(text, bit_size)
        except ValueRefusedError as error:
            raise toward(error, target) from None
        return bounded(number)

    def of_int(value: int) -> float:
        return bounded(float(value) if bit_size == 64 else _nearest32(value))

    def of_float(value: float) -> float:
        if target.real and not math.isfinite(value):
            raise out_of_range(value, target)
        return bounded(round_float(value, bit_size))

    def of_decimal(value: Decimal) -> float:
        return bounded(float(value) if bit_size == 64 else _nearest32(value))

    def bounded(number: float) -> float:
        # NaN is not between its bounds, and not always refused.
        if not low <= number <= high:
            check_float(number, target)
        return number

    match source:
        case StringType():
            return of_text
        case IntType():
            return of_int
        case FloatType():
            return of_float
        case DecimalType():
            return of_decimal
        case _:
            return None


def _nearest32(value: int | Decimal) -> float:
    try:
        # By way of its text: rounding first to 64 bits and then to 32 can miss the nearest.
        return parse_float(str(value), 32)
    except ValueRefusedError:
        return math.copysign(math.inf, value)


def to_decimal(source: Type, target: DecimalType) -> Core | None:
    """Take over a number that has a place in the type; only floats are rounded (MAP-92)."""
    low, high = target.low, target.high
    precision, scale = target.precision, target.scale
    within = decimal_within(target)
    unit = Decimal((0, (1,), -scale))
    limit = 10 ** (precision - scale)

    def of_text(text: str) -> Decimal:
        try:
            number = parse_decimal(text)
        except ValueRefusedError:
            raise not_convertible(text, target) from None
        if within(number):
            return number
        if not decimal_fits(number, precision, scale):
            raise not_convertible(text, target)
        raise decimal_refused(number, target)

    def of_int(value: int) -> Decimal:
        if not -limit < value < limit:
            raise out_of_range(value, target)
        return bounded(Decimal(value))

    def of_float(value: float) -> Decimal:
        if not math.isfinite(value):
            raise out_of_range(value, target)
        exact = rounded = Decimal(value)
        if decimal_exponent(exact) < -scale:
            rounded = exact.quantize(unit, ROUND_HALF_EVEN, EXACT)
        # A digit that rounding up has added is not counted: 999.9 as 1000 is rather too large.
        carried = rounded.adjusted() > exact.adjusted()
        if len(rounded.as_tuple().digits) - carried > precision:
            raise out_of_range(value, target)
        # There is one zero (TYPE-60).
        return bounded(rounded or Decimal(0))

    def of_decimal(value: Decimal) -> Decimal:
        if within(value):
            return value
        # The bounds come first: they say more than that there are too many digits.
        bounded(value)
        raise out_of_range(value, target)

    def bounded(number: Decimal) -> Decimal:
        if not low <= number <= high:
            raise decimal_refused(number, target)
        return number

    match source:
        case StringType():
            return of_text
        case IntType():
            return of_int
        case FloatType():
            return of_float
        case DecimalType():
            return of_decimal
        case _:
            return None


def decimal_within(target: DecimalType) -> Callable[[Decimal], bool]:
    """Give the check that a decimal has a place in its type, made for speed.

    It says what `decimal_fits` and the bounds say, without looking at single digits.
    """
    low, high = target.low, target.high
    unit = Decimal((0, (1,), -target.scale))
    quantize = EXACT.quantize
    return lambda number: low <= number <= high and quantize(number, unit) == number


def decimal_refused(number: Decimal, target: DecimalType) -> ValueRefusedError:
    """Say which bound a decimal is beyond."""
    if number < target.low:
        return too_small(format_decimal(number), format_decimal(target.low))
    return too_large(format_decimal(number), format_decimal(target.high))


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
