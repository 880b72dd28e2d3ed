import json
import math
import struct
from datetime import UTC, date, datetime, time
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mapping_lang.types.text.format import (
    format_date,
    format_datetime,
    format_datetime_grouped,
    format_datetime_local,
    format_decimal,
    format_float,
    format_float_json,
    format_float_positional,
    format_time,
    format_time_grouped,
    shortest_digits,
)
from mapping_lang.types.text.parse import (
    parse_date,
    parse_datetime_iso,
    parse_datetime_rfc3339,
    parse_decimal,
    parse_float,
    parse_time,
)


@pytest.mark.parametrize(
    ("micro", "trimmed", "grouped"),
    [
        (0, "", ""),
        (780_000, ".78", ".780"),
        (123_000, ".123", ".123"),
        (123_400, ".1234", ".123400"),
        (1, ".000001", ".000001"),
        (999_999, ".999999", ".999999"),
    ],
)
def test_a_fraction_is_trimmed_or_in_groups_of_three(
    micro: int, trimmed: str, grouped: str
) -> None:
    moment = datetime(987, 2, 3, 4, 5, 6, micro, UTC)
    assert format_datetime(moment) == f"0987-02-03T04:05:06{trimmed}Z"
    assert format_datetime_local(moment) == f"0987-02-03T04:05:06{trimmed}"
    assert format_datetime_grouped(moment) == f"0987-02-03T04:05:06{grouped}Z"
    assert format_time(moment.time()) == f"04:05:06{trimmed}"
    assert format_time_grouped(moment.time()) == f"04:05:06{grouped}"
    assert format_date(moment.date()) == format_date(moment) == "0987-02-03"


@settings(max_examples=100, deadline=None)
@given(st.datetimes(timezones=st.just(UTC)))
def test_moments_are_read_back(moment: datetime) -> None:
    for text in (format_datetime(moment), format_datetime_grouped(moment)):
        assert parse_datetime_rfc3339(text) == parse_datetime_iso(text) == moment
    assert parse_datetime_iso(format_datetime_local(moment)) == moment
    assert parse_date(format_date(moment.date())) == moment.date()
    for text in (format_time(moment.time()), format_time_grouped(moment.time())):
        assert parse_time(text) == moment.time()


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (date.min, "0001-01-01"),
        (date.max, "9999-12-31"),
    ],
)
def test_years_have_four_digits(value: date, text: str) -> None:
    assert format_date(value) == text


def test_the_day_begins_with_zeros() -> None:
    assert format_time(time.min) == format_time_grouped(time.min) == "00:00:00"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("0", "0"),
        ("-0", "0"),
        ("0E+5", "0"),
        ("0.00", "0"),
        ("1.50", "1.5"),
        ("-1.50", "-1.5"),
        ("100", "100"),
        ("1E+2", "100"),
        ("1.20E+2", "120"),
        ("120.00", "120"),
        (".5", "0.5"),
        ("1E-10", "0.0000000001"),
        ("-12E-7", "-0.0000012"),
        ("0.000001", "0.000001"),
        ("12.50e2", "1250"),
        ("9" * 76, "9" * 76),
        ("9" * 39 + "." + "9" * 37, "9" * 39 + "." + "9" * 37),
        ("1" * 200 + ".50", "1" * 200 + ".5"),
        # What would take too many characters keeps its exponent.
        ("1E+1000", "1e+1000"),
        ("1E+999", "1" + "0" * 999),
        ("-1.50E-1000", "-15e-1001"),
        ("1E+999999999999999999", "1e+999999999999999999"),
        ("1" * 1001, "1" * 1001 + "e+0"),
    ],
)
def test_a_decimal_is_positional_without_superfluous_zeros(value: str, text: str) -> None:
    assert format_decimal(Decimal(value)) == text
    assert parse_decimal(text) == Decimal(value)


@settings(max_examples=150, deadline=None)
@given(st.decimals(allow_nan=False, allow_infinity=False))
def test_a_decimal_is_read_back_and_is_a_json_number(value: Decimal) -> None:
    text = format_decimal(value)
    assert parse_decimal(text) == value
    assert json.loads(text, parse_int=Decimal, parse_float=Decimal) == value
    assert format_decimal(parse_decimal(text)) == text


@pytest.mark.parametrize(
    ("value", "general", "as_json"),
    [
        (0.0, "0", "0"),
        (-0.0, "-0", "-0"),
        (4.6, "4.6", "4.6"),
        (-1.0, "-1", "-1"),
        (100000.0, "100000", "100000"),
        (999999.5, "999999.5", "999999.5"),
        (999999.9999999999, "999999.9999999999", "999999.9999999999"),
        (1000000.0, "1e+06", "1000000"),
        (123456.7, "123456.7", "123456.7"),
        (5012345678.25, "5.01234567825e+09", "5012345678.25"),
        (1e15, "1e+15", "1000000000000000"),
        (123456789012345680.0, "1.2345678901234568e+17", "123456789012345680"),
        (1e16, "1e+16", "10000000000000000"),
        (1e20, "1e+20", "100000000000000000000"),
        (1e21, "1e+21", "1e+21"),
        (1.5e300, "1.5e+300", "1.5e+300"),
        (0.0001, "0.0001", "0.0001"),
        (0.00012345, "0.00012345", "0.00012345"),
        (0.00001, "1e-05", "0.00001"),
        (0.000001, "1e-06", "0.000001"),
        (0.00000123, "1.23e-06", "0.00000123"),
        (1e-7, "1e-07", "1e-7"),
        (5e-324, "5e-324", "5e-324"),
        (1.7976931348623157e308, "1.7976931348623157e+308", "1.7976931348623157e+308"),
    ],
)
def test_a_float_has_a_general_and_a_json_form(value: float, general: str, as_json: str) -> None:
    assert format_float(value, 64) == general
    assert format_float_json(value, 64) == as_json
    if value > 0:
        assert format_float(-value, 64) == f"-{general}"
        assert format_float_json(-value, 64) == f"-{as_json}"


@pytest.mark.parametrize(
    ("value", "text"),
    [(math.nan, "NaN"), (math.inf, "+Inf"), (-math.inf, "-Inf")],
)
@pytest.mark.parametrize("bit_size", [32, 64])
def test_what_is_no_number_has_a_name(value: float, text: str, bit_size: int) -> None:
    assert format_float(value, bit_size) == text


def test_a_float_without_an_exponent_has_all_its_digits() -> None:
    assert format_float_positional(1e21, 64) == "1" + "0" * 21
    assert format_float_positional(-1e-7, 64) == "-0.0000001"
    assert format_float_positional(1.5, 64) == "1.5"
    assert format_float_positional(0.0, 64) == "0"
    assert len(format_float_positional(5e-324, 64)) == 326


@settings(max_examples=200, deadline=None)
@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_float_is_read_back(value: float) -> None:
    for text in (
        format_float(value, 64),
        format_float_json(value, 64),
        format_float_positional(value, 64),
    ):
        assert parse_float(text, 64).hex() == value.hex()
    assert json.loads(format_float_json(value, 64), parse_int=float) == value


def singles() -> st.SearchStrategy[float]:
    """Numbers of 32 bits, those around powers of two among them."""
    bits = st.one_of(
        st.integers(0, 0x7F7FFFFF),
        st.builds(
            lambda exponent, offset: max(0, min(0x7F7FFFFF, (exponent << 23) + offset)),
            st.integers(0, 254),
            st.integers(-2, 2),
        ),
    )
    return bits.map(lambda n: float(struct.unpack("<f", struct.pack("<I", n))[0]))


@settings(max_examples=300, deadline=None)
@given(singles())
def test_the_digits_of_32_bits_are_the_shortest_that_are_read_back(value: float) -> None:
    for text in (
        format_float(value, 32),
        format_float_json(value, 32),
        format_float_positional(value, 32),
    ):
        assert parse_float(text, 32) == value
    _, digits, exponent = shortest_digits(value, 32)
    if len(digits) > 1:
        # No number with one digit less is nearer to this than to its neighbours.
        unit = Fraction(10) ** (exponent - len(digits) + 2)
        below = Fraction(value) // unit
        for other in (below * unit, (below + 1) * unit):
            text = f"{other.numerator}" if other.denominator == 1 else f"{_decimal(other):f}"
            assert parse_float(text, 64) > 3.4028235e38 or parse_float(text, 32) != value


def _decimal(value: Fraction) -> Decimal:
    places = 0
    while (value * 10**places).denominator != 1:
        places += 1
    return Decimal(
        (0, tuple(map(int, str(value.numerator * 10**places // value.denominator))), -places)
    )


@pytest.mark.parametrize(
    ("value", "general", "as_json"),
    [
        (0.10000000149011612, "0.1", "0.1"),
        (16777216.0, "1.6777216e+07", "16777216"),
        (3.4028234663852886e38, "3.4028235e+38", "3.4028235e+38"),
        (1.401298464324817e-45, "1e-45", "1e-45"),
        (1.1754943508222875e-38, "1.1754944e-38", "1.1754944e-38"),
        (9.999999747378752e-05, "0.0001", "0.0001"),
        (0.0, "0", "0"),
        (-0.0, "-0", "-0"),
    ],
)
def test_a_float_of_32_bits_has_fewer_digits(value: float, general: str, as_json: str) -> None:
    assert format_float(value, 32) == general
    assert format_float_json(value, 32) == as_json
