"""Numbers from each other and from text (MAP-90 to MAP-92), in the manner of `scalars`."""

import math
import re
from collections.abc import Callable
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Final

from mapping_lang.types.convert.refusals import not_convertible, out_of_range, toward
from mapping_lang.types.convert.scalars import Core
from mapping_lang.types.errors import ValueRefusedError
from mapping_lang.types.kinds import (
    EXACT,
    BooleanType,
    DecimalType,
    FloatType,
    IntType,
    StringType,
    Type,
    YearType,
    decimal_exponent,
    decimal_fits,
    round_float,
)
from mapping_lang.types.text.format import format_decimal
from mapping_lang.types.text.parse import (
    INT64_MAX,
    INT64_MIN,
    UINT64_MAX,
    parse_decimal,
    parse_float,
    parse_int,
)
from mapping_lang.types.values import check_float, too_large, too_small

_MAX_INT64_ADJUSTED: Final = 19
"""The position of the first digit of the largest integer of 64 bits."""
_BEYOND_INT64: Final = 1e20
"""No integer of 64 bits is as large."""

ZERO: Final = Decimal(0)
"""The one zero (TYPE-60)."""


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
        return number

    def of_float(value: float) -> int:
        # Even a negative number that would round to zero is no unsigned one.
        if not -_BEYOND_INT64 < value < _BEYOND_INT64 or (unsigned and value < 0):
            raise out_of_range(value, target)
        number = int(value)
        rest = value - number
        if abs(rest) >= 0.5:
            number += 1 if rest > 0 else -1
        return of_int(number)

    def of_decimal(value: Decimal) -> int:
        # Before it is written out as an integer: it can have any number of zeros.
        if value and value.adjusted() > _MAX_INT64_ADJUSTED:
            raise out_of_range(value, target)
        number = int(value)
        if number != value:
            raise out_of_range(value, target)
        return of_int(number)

    match source:
        case StringType():
            return of_text
        case BooleanType():
            return lambda value: of_int(int(value))
        case IntType() | YearType():
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

    usual = decimal_shape(precision, scale)
    bounded_type = target.minimum is not None or target.maximum is not None

    def of_text(text: str) -> Decimal:
        if usual(text):
            # Its digits fit by its shape alone.
            number = Decimal(text) or ZERO
            return bounded(number) if bounded_type else number
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
        return bounded(rounded or ZERO)

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


def decimal_shape(precision: int, scale: int) -> Callable[[str], object]:
    """Give the test that a text is a plain decimal with few enough digits on both sides."""
    whole = precision - scale
    digits = f"(?:0|[1-9][0-9]{{0,{whole - 1}}})" if whole else "0"
    return re.compile(f"-?{digits}(?:\\.[0-9]{{0,{scale}}})?").fullmatch


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
