"""Numbers, booleans and years to numbers, booleans and years by column (MAP-90 to MAP-92, 102)."""

from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from mapping_lang.columnar.column import Computed, Values
from mapping_lang.columnar.conversions.kernel import ConversionKernel, only, within
from mapping_lang.types.arrow.layout import Array, arrow_type
from mapping_lang.types.kinds import (
    EXACT,
    MAX_PRECISION,
    MAX_YEAR,
    MIN_YEAR,
    BooleanType,
    DecimalType,
    FloatType,
    IntType,
    YearType,
    int_range,
)

_INT64_DIGITS: Final = 19
_UINT64_DIGITS: Final = 20
_HALF: Final = 0.5


def same(_: object, __: object) -> ConversionKernel:
    return Computed


def boolean_to_int(_: BooleanType, target: IntType) -> ConversionKernel:
    physical, low, high = arrow_type(target), target.low, target.high
    return lambda array: within(Computed(array.cast(physical)), low, high)


def int_to_boolean(source: IntType, _: BooleanType) -> ConversionKernel:
    zero = pa.scalar(0, arrow_type(source))
    return lambda array: Computed(pc.not_equal(array, zero))


def int_to_int(source: IntType, target: IntType) -> ConversionKernel:
    return _integers(arrow_type(source), arrow_type(target), target.low, target.high)


def year_to_int(source: YearType, target: IntType) -> ConversionKernel:
    return _integers(arrow_type(source), arrow_type(target), target.low, target.high)


def int_to_year(source: IntType, target: YearType) -> ConversionKernel:
    return _integers(arrow_type(source), arrow_type(target), MIN_YEAR, MAX_YEAR)


def _integers(source: pa.DataType, target: pa.DataType, low: int, high: int) -> ConversionKernel:
    bottom, top = int_range(source.bit_width, unsigned=pa.types.is_unsigned_integer(source))
    if low > top or high < bottom:
        return lambda array: _nothing(array, target)
    least, most = max(low, bottom), min(high, top)

    def kernel(array: Array) -> Computed:
        done = within(Computed(array), least, most)
        return Computed(done.values.cast(target), done.doubt)

    return kernel


def int_to_float(_: IntType, target: FloatType) -> ConversionKernel:
    physical, low, high = arrow_type(target), target.low, target.high
    # Safe would be to refuse what is not exact; the nearest number is wanted.
    return lambda array: within(Computed(array.cast(physical, safe=False)), low, high)


def int_to_decimal(source: IntType, target: DecimalType) -> ConversionKernel | None:
    digits = (_UINT64_DIGITS if source.unsigned else _INT64_DIGITS) + target.scale
    if digits > MAX_PRECISION:
        return None
    wide = arrow_type(DecimalType(max(digits, target.precision), target.scale))
    physical, low, high = arrow_type(target), target.low, target.high

    def kernel(array: Array) -> Computed:
        done = within(Computed(array.cast(wide)), low, high)
        return Computed(done.values.cast(physical), done.doubt)

    return kernel


def float_to_int(_: FloatType, target: IntType) -> ConversionKernel:
    physical, unsigned = arrow_type(target), target.unsigned
    wide = pa.uint64() if unsigned else pa.int64()
    least, beyond = (0.0, 2.0**64) if unsigned else (-(2.0**63), 2.0**63)

    def kernel(array: Array) -> Computed:
        numbers = array.cast(pa.float64())
        whole = pc.trunc(numbers)
        rest = pc.subtract(numbers, whole)
        away = pc.greater_equal(pc.abs(rest), _HALF)
        rounded = pc.if_else(away, pc.add(whole, pc.sign(rest)), whole)
        sure = pc.and_(pc.greater_equal(rounded, least), pc.less(rounded, beyond))
        if unsigned:
            # Even a negative number that would round to zero is no unsigned one.
            sure = pc.and_(sure, pc.greater_equal(numbers, least))
        done = only(Computed(rounded), sure)
        done = within(Computed(done.values.cast(wide), done.doubt), target.low, target.high)
        return Computed(done.values.cast(physical), done.doubt)

    return kernel


def float_to_float(_: FloatType, target: FloatType) -> ConversionKernel:
    physical, low, high = arrow_type(target), target.low, target.high

    def kernel(array: Array) -> Computed:
        done = only(Computed(array.cast(physical, safe=False)), pc.is_finite(array))
        return within(done, low, high)

    return kernel


def decimal_to_float(_: DecimalType, target: FloatType) -> ConversionKernel:
    physical, low, high = arrow_type(target), target.low, target.high
    # By way of text: it is read as the nearest number, which Arrow's own cast is not always.
    return lambda array: within(Computed(array.cast(pa.string()).cast(physical)), low, high)


def decimal_to_int(source: DecimalType, target: IntType) -> ConversionKernel:
    physical = arrow_type(target)
    bounds = _bounds_in(source, Decimal(target.low), Decimal(target.high))

    def kernel(array: Array) -> Computed:
        if bounds is None:
            return _nothing(array, physical)
        done = within(Computed(array), *bounds)
        done = only(done, pc.equal(done.values, _cut(done.values, 0)))
        return Computed(done.values.cast(physical), done.doubt)

    return kernel


def decimal_to_decimal(source: DecimalType, target: DecimalType) -> ConversionKernel:
    physical, digits = arrow_type(target), target.scale
    bounds = _bounds_in(source, target.low, target.high)

    def kernel(array: Array) -> Computed:
        if bounds is None:
            return _nothing(array, physical)
        done = within(Computed(array), *bounds)
        if digits < source.scale:
            done = only(done, pc.equal(done.values, _cut(done.values, digits)))
        return Computed(done.values.cast(physical), done.doubt)

    return kernel


def _cut(values: Array, digits: int) -> Values:
    """Cut decimals off after some digits of their fraction."""
    if values.type.scale - digits >= values.type.precision:
        # Arrow refuses to cut all digits off.
        return pa.scalar(Decimal(0), values.type)
    return pc.round(values, ndigits=digits, round_mode="towards_zero")


def _bounds_in(source: DecimalType, low: Decimal, high: Decimal) -> tuple[Decimal, Decimal] | None:
    """Give the least and the greatest value of a type between bounds; None if there is none."""
    unit = Decimal((0, (1,), -source.scale))
    most = Decimal((0, (9,) * source.precision, -source.scale))
    least = most.copy_negate()
    if low > most or high < least:
        return None
    return (
        max(least, low).quantize(unit, ROUND_CEILING, EXACT),
        min(most, high).quantize(unit, ROUND_FLOOR, EXACT),
    )


def _nothing(array: Array, physical: pa.DataType) -> Computed:
    return only(Computed(pa.nulls(len(array), physical)), array.is_null())
