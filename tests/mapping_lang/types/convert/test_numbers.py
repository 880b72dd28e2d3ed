import math
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mapping_lang.diagnostics import Code
from mapping_lang.types.convert.convert import convert
from mapping_lang.types.kinds import (
    MAX_FLOAT,
    BooleanType,
    DecimalType,
    FloatType,
    IntType,
    StringType,
    Type,
    YearType,
)
from mapping_lang.types.values import Value
from tests.mapping_lang.types.convert.outcomes import expected, outcome, refusal

STRING = StringType()
INT64 = IntType(64)
UINT64 = IntType(64, unsigned=True)
FLOAT = FloatType(64)
FLOAT32 = FloatType(32)
REAL = FloatType(64, real=True)
REAL32 = FloatType(32, real=True)
WIDE = DecimalType(76, 37)
NAN, INF = math.nan, math.inf


@pytest.mark.parametrize(
    ("value", "source", "target", "result"),
    [
        # from text
        ("+5", STRING, INT64, 5),
        ("-0", STRING, INT64, 0),
        ("005", STRING, INT64, 5),
        ("0" * 5000 + "5", STRING, INT64, 5),
        ("+5", STRING, UINT64, Code.VALUE_TYPE),
        ("-0", STRING, UINT64, Code.VALUE_TYPE),
        ("5.0", STRING, INT64, Code.VALUE_TYPE),
        ("5e0", STRING, INT64, Code.VALUE_TYPE),
        (" 5", STRING, INT64, Code.VALUE_TYPE),
        ("1_000", STRING, INT64, Code.VALUE_TYPE),
        ("٣", STRING, INT64, Code.VALUE_TYPE),
        ("9223372036854775807", STRING, INT64, 2**63 - 1),
        ("9223372036854775808", STRING, INT64, Code.VALUE_RANGE),
        ("-9223372036854775808", STRING, INT64, -(2**63)),
        ("-9223372036854775809", STRING, INT64, Code.VALUE_RANGE),
        ("9223372036854775808", STRING, UINT64, 2**63),
        ("18446744073709551616", STRING, UINT64, Code.VALUE_RANGE),
        ("9" * 10_000, STRING, INT64, Code.VALUE_RANGE),
        ("128", STRING, IntType(8), Code.VALUE_MAXIMUM),
        ("-129", STRING, IntType(8), Code.VALUE_MINIMUM),
        ("9", STRING, IntType(64, minimum=10), Code.VALUE_MINIMUM),
        # from booleans
        (True, BooleanType(), IntType(8), 1),
        (False, BooleanType(), IntType(8, unsigned=True), 0),
        (False, BooleanType(), IntType(8, minimum=1), Code.VALUE_MINIMUM),
        # from integers
        (127, INT64, IntType(8), 127),
        (128, INT64, IntType(8), Code.VALUE_MAXIMUM),
        (-129, INT64, IntType(8), Code.VALUE_MINIMUM),
        (-1, INT64, IntType(8, unsigned=True), Code.VALUE_RANGE),
        (2**63, UINT64, INT64, Code.VALUE_RANGE),
        (2**63, UINT64, IntType(8), Code.VALUE_RANGE),
        (2024, YearType(), IntType(16), 2024),
        (2024, YearType(), IntType(8), Code.VALUE_MAXIMUM),
        # from floats
        (2.5, FLOAT, INT64, 3),
        (-0.5, FLOAT, INT64, -1),
        (-2.5, FLOAT, INT64, -3),
        (0.49999999999999994, FLOAT, INT64, 0),
        (4503599627370497.5, FLOAT, INT64, 4503599627370498),
        (127.5, FLOAT, IntType(8), Code.VALUE_MAXIMUM),
        (127.4, FLOAT, IntType(8), 127),
        (9223372036854774784.0, FLOAT, INT64, 9223372036854774784),
        (9223372036854775808.0, FLOAT, INT64, Code.VALUE_RANGE),
        (-9223372036854775808.0, FLOAT, INT64, -(2**63)),
        (-9223372036854777856.0, FLOAT, INT64, Code.VALUE_RANGE),
        (18446744073709549568.0, FLOAT, UINT64, 18446744073709549568),
        (18446744073709551616.0, FLOAT, UINT64, Code.VALUE_RANGE),
        (-0.4, FLOAT, UINT64, Code.VALUE_RANGE),
        (-0.0, FLOAT, UINT64, 0),
        (0.5, FLOAT, UINT64, 1),
        (NAN, FLOAT, INT64, Code.VALUE_RANGE),
        (INF, FLOAT, INT64, Code.VALUE_RANGE),
        (-INF, FLOAT, UINT64, Code.VALUE_RANGE),
        (1e308, FLOAT, INT64, Code.VALUE_RANGE),
        # from decimals
        (Decimal("120.00"), WIDE, INT64, 120),
        (Decimal("1.2E+2"), WIDE, INT64, 120),
        (Decimal("5.5"), WIDE, INT64, Code.VALUE_RANGE),
        (Decimal("1E-30"), WIDE, INT64, Code.VALUE_RANGE),
        (Decimal("-1"), WIDE, UINT64, Code.VALUE_RANGE),
        (Decimal("9223372036854775808"), WIDE, INT64, Code.VALUE_RANGE),
        (Decimal("1E+38"), WIDE, INT64, Code.VALUE_RANGE),
        (Decimal("0E+30"), WIDE, INT64, 0),
        (Decimal(128), WIDE, IntType(8), Code.VALUE_MAXIMUM),
    ],
)
def test_an_integer_is_read_rounded_or_taken_over(
    value: Value, source: Type, target: Type, result: object
) -> None:
    assert outcome(value, source, target) == expected(result)


@pytest.mark.parametrize(
    ("value", "source", "target", "result"),
    [
        # from text
        ("1_000.5", STRING, FLOAT, 1000.5),
        ("0x1p-2", STRING, FLOAT, 0.25),
        (".5", STRING, FLOAT, 0.5),
        ("-0", STRING, FLOAT, -0.0),
        ("1e400", STRING, FLOAT, Code.VALUE_RANGE),
        ("1e39", STRING, FLOAT32, Code.VALUE_RANGE),
        ("-1e39", STRING, FLOAT32, Code.VALUE_RANGE),
        ("1e-400", STRING, FLOAT, 0.0),
        ("0.1", STRING, FLOAT32, 0.10000000149011612),
        ("nan", STRING, FLOAT, NAN),
        ("-Infinity", STRING, FLOAT, -INF),
        ("nan", STRING, REAL, Code.VALUE_RANGE),
        ("inf", STRING, REAL, Code.VALUE_MAXIMUM),
        ("-inf", STRING, REAL32, Code.VALUE_MINIMUM),
        ("1,5", STRING, FLOAT, Code.VALUE_TYPE),
        ("101", STRING, FloatType(64, maximum=100.0), Code.VALUE_MAXIMUM),
        ("-1", STRING, FloatType(32, minimum=0.0), Code.VALUE_MINIMUM),
        ("nan", STRING, FloatType(64, minimum=0.0), NAN),
        # from integers
        (2**53 + 1, INT64, FLOAT, 2.0**53),
        (16777217, INT64, FLOAT32, 16777216.0),
        # Halfway between two numbers of 32 bits, but for a digit that 64 bits do not hold.
        (2**60 + 2**36 + 1, INT64, FLOAT32, 2.0**60 + 2.0**37),
        (5, INT64, FloatType(64, maximum=4.0), Code.VALUE_MAXIMUM),
        # from floats
        (0.1, FLOAT, FLOAT32, 0.10000000149011612),
        (1e39, FLOAT, FLOAT32, INF),
        (-1e39, FLOAT, FLOAT32, -INF),
        (1e39, FLOAT, REAL32, Code.VALUE_MAXIMUM),
        (-1e39, FLOAT, FloatType(32, real=True, maximum=5.0), Code.VALUE_MINIMUM),
        (NAN, FLOAT, FLOAT32, NAN),
        (NAN, FLOAT, REAL, Code.VALUE_RANGE),
        (INF, FLOAT, REAL, Code.VALUE_RANGE),
        (-INF, FLOAT, REAL32, Code.VALUE_RANGE),
        # from decimals
        (Decimal("0.1"), WIDE, FLOAT, 0.1),
        (Decimal("0.1"), WIDE, FLOAT32, 0.10000000149011612),
        (Decimal("1E+38"), WIDE, FLOAT32, 9.999999680285692e37),
        (Decimal("3.5E+38"), DecimalType(76), FLOAT32, INF),
        (Decimal("-3.5E+38"), DecimalType(76), REAL32, Code.VALUE_MINIMUM),
        (Decimal("16777217.0000000000000001"), WIDE, FLOAT32, 16777218.0),
    ],
)
def test_a_float_is_the_nearest_of_its_size(
    value: Value, source: Type, target: Type, result: object
) -> None:
    assert outcome(value, source, target) == expected(result)


@pytest.mark.parametrize(
    ("value", "source", "target", "result"),
    [
        # from text: any failure is the same
        ("1.20", STRING, DecimalType(5, 2), Decimal("1.2")),
        ("1e2", STRING, DecimalType(5, 2), Decimal(100)),
        ("100000e-3", STRING, DecimalType(5, 2), Decimal(100)),
        ("-0", STRING, DecimalType(5, 2), Decimal(0)),
        ("1.230", STRING, DecimalType(5, 2), Decimal("1.23")),
        ("12.345", STRING, DecimalType(5, 2), Code.VALUE_TYPE),
        ("1000", STRING, DecimalType(5, 2), Code.VALUE_TYPE),
        ("1000", STRING, DecimalType(5, 2, maximum=Decimal(5)), Code.VALUE_TYPE),
        ("01.2", STRING, DecimalType(5, 2), Code.VALUE_TYPE),
        ("e5", STRING, DecimalType(5, 2), Code.VALUE_TYPE),
        ("1e999999999999999999999", STRING, DecimalType(5, 2), Code.VALUE_TYPE),
        ("1e-999999999", STRING, DecimalType(5, 2), Code.VALUE_TYPE),
        ("0e999999999999999999999", STRING, DecimalType(5, 2), Decimal(0)),
        ("nan", STRING, DecimalType(5, 2), Code.VALUE_TYPE),
        ("6", STRING, DecimalType(5, 2, maximum=Decimal(5)), Code.VALUE_MAXIMUM),
        ("-6", STRING, DecimalType(5, 2, minimum=Decimal(-5)), Code.VALUE_MINIMUM),
        ("9" * 39 + "." + "9" * 37, STRING, WIDE, Decimal("9" * 39 + "." + "9" * 37)),
        # from integers
        (999, INT64, DecimalType(5, 2), Decimal(999)),
        (1000, INT64, DecimalType(5, 2), Code.VALUE_RANGE),
        (-1000, INT64, DecimalType(3), Code.VALUE_RANGE),
        (5, INT64, DecimalType(3, 3), Code.VALUE_RANGE),
        (0, INT64, DecimalType(3, 3), Decimal(0)),
        (100, INT64, DecimalType(10, 3, maximum=Decimal("99.999")), Code.VALUE_MAXIMUM),
        (2**64 - 1, UINT64, WIDE, Decimal(2**64 - 1)),
        # from floats: the exact binary value is rounded
        (2.675, FLOAT, DecimalType(7, 2), Decimal("2.67")),
        (0.125, FLOAT, DecimalType(7, 2), Decimal("0.12")),
        (0.375, FLOAT, DecimalType(7, 2), Decimal("0.38")),
        (2.5, FLOAT, DecimalType(5), Decimal(2)),
        (0.5, FLOAT, DecimalType(5), Decimal(0)),
        (-0.4, FLOAT, DecimalType(5), Decimal(0)),
        (-0.0, FLOAT, DecimalType(5), Decimal(0)),
        (0.006, FLOAT, DecimalType(5, 2), Decimal("0.01")),
        (5e-324, FLOAT, WIDE, Decimal(0)),
        (0.10000000149011612, FLOAT32, DecimalType(18, 16), Decimal("0.1000000014901161")),
        (999.99, FLOAT, DecimalType(5, 2), Decimal("999.99")),
        (999.995, FLOAT, DecimalType(5, 2), Code.VALUE_MAXIMUM),
        (1000.0, FLOAT, DecimalType(5, 2), Code.VALUE_MAXIMUM),
        (1000.0, FLOAT, DecimalType(3), Code.VALUE_RANGE),
        (999.99, FLOAT, DecimalType(3), Code.VALUE_MAXIMUM),
        (1234.56, FLOAT, DecimalType(5, 2), Code.VALUE_RANGE),
        (-1e300, FLOAT, WIDE, Code.VALUE_RANGE),
        (1e50, FLOAT, WIDE, Code.VALUE_MAXIMUM),
        (NAN, FLOAT, WIDE, Code.VALUE_RANGE),
        (INF, FLOAT, WIDE, Code.VALUE_RANGE),
        # from decimals: nothing is rounded (DEC-14)
        (Decimal("1.50"), WIDE, DecimalType(2, 1), Decimal("1.5")),
        (Decimal("12.345"), WIDE, DecimalType(10, 2), Code.VALUE_RANGE),
        (Decimal("2.5"), WIDE, DecimalType(2), Code.VALUE_RANGE),
        (Decimal(1000), WIDE, DecimalType(5, 2), Code.VALUE_MAXIMUM),
        (Decimal("-1000.001"), WIDE, DecimalType(5, 2), Code.VALUE_MINIMUM),
        (Decimal("9" * 38), WIDE, DecimalType(38), Decimal("9" * 38)),
    ],
)
def test_a_decimal_has_a_place_in_its_type(
    value: Value, source: Type, target: Type, result: object
) -> None:
    assert outcome(value, source, target) == expected(result)


@pytest.mark.parametrize(
    ("value", "source", "target", "message", "limit"),
    [
        ("a", STRING, IntType(8), "«a» is not an integer", "int(8)"),
        ("9" * 30, STRING, INT64, "«" + "9" * 30 + "» does not fit 64 bits", "int(64)"),
        (200, INT64, IntType(8), "200 is greater than the maximum 127", "127"),
        (-1, INT64, UINT64, "-1 does not fit int(64)", "int(64)"),
        (2.5e30, FLOAT, INT64, "2.5e+30 does not fit int(64)", "int(64)"),
        (Decimal("5.50"), WIDE, INT64, "«5.5» does not fit int(64)", "int(64)"),
        ("x", STRING, REAL, "«x» is not a number", "float(64)"),
        ("1.234", STRING, DecimalType(3, 1), "«1.234» is not convertible to decimal(3,1)", None),
        (
            Decimal("1E+2"),
            WIDE,
            DecimalType(5, 2, maximum=Decimal("99.50")),
            "100 is greater than the maximum 99.5",
            "99.5",
        ),
    ],
)
def test_a_refusal_carries_the_bound_or_the_type(
    value: Value, source: Type, target: Type, message: str, limit: str | None
) -> None:
    error = refusal(value, source, target)
    assert (error.message, error.limit) == (message, limit or "decimal(3,1)")


@settings(max_examples=150, deadline=None)
@given(st.one_of(st.integers(-(2**63), 2**63 - 1), st.decimals(-(10**38), 10**38, places=9)))
def test_the_nearest_number_of_32_bits_is_found(value: int | Decimal) -> None:
    source: Type = INT64 if isinstance(value, int) else WIDE
    found = convert(value, source, FLOAT32)
    assert isinstance(found, float)
    distance = abs(Fraction(value) - Fraction(found))
    for direction in (-INF, INF):
        other = _next32(found, direction)
        assert distance <= abs(Fraction(value) - Fraction(other))


def _next32(value: float, direction: float) -> float:
    step = math.ulp(value) * 2**29 if value else 2.0**-149
    stepped = value + math.copysign(step, direction)
    return min(max(stepped, -MAX_FLOAT[32]), MAX_FLOAT[32])


@settings(max_examples=150, deadline=None)
@given(st.floats(allow_nan=False, allow_infinity=False, width=64), st.integers(0, 37))
def test_a_float_becomes_the_nearest_decimal_of_its_scale(value: float, scale: int) -> None:
    target = DecimalType(76, scale)
    found = outcome(value, FLOAT, target)
    exact = Fraction(value)
    if isinstance(found, Code):
        assert abs(exact) >= Fraction(target.high)
    else:
        assert isinstance(found, tuple)
        difference = abs(Fraction(found[1]) - exact)
        assert difference * 2 * 10**scale <= 1


@settings(max_examples=150, deadline=None)
@given(st.floats(-1e19, 1e19))
def test_a_float_becomes_the_nearest_integer(value: float) -> None:
    found = outcome(value, FLOAT, INT64)
    if isinstance(found, int):
        assert abs(Fraction(found) - Fraction(value)) * 2 <= 1
    else:
        assert not -(2**63) <= value < 2**63
