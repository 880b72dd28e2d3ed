import math
import struct
from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mapping_lang.diagnostics import Code
from mapping_lang.types.errors import ValueRefusedError
from mapping_lang.types.kinds import round_float
from mapping_lang.types.text.parse import parse_decimal, parse_float, parse_int


def result(parse: Callable[[], object]) -> object:
    try:
        found = parse()
    except ValueRefusedError as error:
        return error.code
    return found.hex() if isinstance(found, float) else found


@pytest.mark.parametrize(
    ("text", "signed", "unsigned"),
    [
        ("0", 0, 0),
        ("5", 5, 5),
        ("005", 5, 5),
        ("+5", 5, Code.VALUE_TYPE),
        ("-5", -5, Code.VALUE_TYPE),
        ("-0", 0, Code.VALUE_TYPE),
        ("999999999999999999", 10**18 - 1, 10**18 - 1),
        ("9223372036854775807", 2**63 - 1, 2**63 - 1),
        ("9223372036854775808", Code.VALUE_RANGE, 2**63),
        ("-9223372036854775808", -(2**63), Code.VALUE_TYPE),
        ("-9223372036854775809", Code.VALUE_RANGE, Code.VALUE_TYPE),
        ("18446744073709551615", Code.VALUE_RANGE, 2**64 - 1),
        ("18446744073709551616", Code.VALUE_RANGE, Code.VALUE_RANGE),
        ("0" * 9_000 + "7", 7, 7),
        ("-" + "0" * 9_000, 0, Code.VALUE_TYPE),
        ("1" + "0" * 9_000, Code.VALUE_RANGE, Code.VALUE_RANGE),
        *(
            (text, Code.VALUE_TYPE, Code.VALUE_TYPE)
            for text in ("", "+", "-", "--5", "5.", "5.0", "1e3", "0x1", "1_000", " 5", "5\n", "²")
        ),
        # Digits of other scripts are digits to Python.
        ("\u0663", Code.VALUE_TYPE, Code.VALUE_TYPE),
        ("\u0663" * 30, Code.VALUE_TYPE, Code.VALUE_TYPE),
    ],
)
def test_an_integer_has_64_bits(text: str, signed: object, unsigned: object) -> None:
    assert result(lambda: parse_int(text)) == signed
    assert result(lambda: parse_int(text, unsigned=True)) == unsigned


@settings(max_examples=100, deadline=None)
@given(st.integers(-(2**63), 2**63 - 1), st.integers(0, 30))
def test_an_integer_is_what_its_digits_say(number: int, zeros: int) -> None:
    sign, digits = ("-", str(-number)) if number < 0 else ("+", str(number))
    assert parse_int(sign + "0" * zeros + digits) == number
    assert parse_int(str(number)) == number


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("1.5", 1.5),
        (".5", 0.5),
        ("5.", 5.0),
        ("+1e3", 1000.0),
        ("-0", -0.0),
        ("00.10", 0.1),
        ("1_000.5", 1000.5),
        ("1e1_0", 1e10),
        ("0x1p-2", 0.25),
        ("0X1.8P+1", 3.0),
        ("0x_1p0", 1.0),
        ("0x.8p0", 0.5),
        ("0x1.p0", 1.0),
        ("-0x0p99999999999", -0.0),
        ("0x1p-99999999999", 0.0),
        ("0x1p00000000000000000001", 2.0),
        ("0x1p1_0", 1024.0),
        ("1e-400", 0.0),
        ("-1e-400", -0.0),
        ("1.7976931348623157e308", 1.7976931348623157e308),
        ("InF", math.inf),
        ("+infinity", math.inf),
        ("-INF", -math.inf),
        ("NaN", math.nan),
    ],
)
def test_a_float_is_a_literal_or_a_name(text: str, number: float) -> None:
    assert result(lambda: parse_float(text, 64)) == number.hex()


@pytest.mark.parametrize(
    "text",
    [
        "", ".", "+", "e5", ".e5", "1e", "1e+", "1.2.3", "1,5", " 1", "1 ", "1\n", "_1", "1_",
        "1__0", "1_.5", "1._5", "1_e5", "0x1", "0xp1", "0x.p1", "0x1.8", "0x__1p0", "0x1_p0",
        "0x1._8p0", "0x1p", "0b1", "infin", "nan1", "--1", "\u0661", "\u2212" + "1",
    ],
)  # fmt: skip
def test_no_other_text_is_a_float(text: str) -> None:
    assert result(lambda: parse_float(text, 64)) is Code.VALUE_TYPE


@pytest.mark.parametrize(
    ("text", "bit_size"),
    [
        ("1e309", 64),
        ("-1.7976931348623159e308", 64),
        ("1e99999999999999999999", 64),
        ("0x1p1024", 64),
        ("0x1p99999999999", 64),
        ("0x" + "f" * 2000 + "p0", 64),
        ("1e39", 32),
        ("-1e39", 32),
        ("3.4028236e38", 32),
        ("1.7976931348623157e308", 32),
        # Halfway between the largest number and the next there would be.
        ("340282356779733661637539395458142568448", 32),
        ("0x1.ffffffp127", 32),
    ],
)
def test_a_float_beyond_its_size_is_refused(text: str, bit_size: int) -> None:
    assert result(lambda: parse_float(text, bit_size)) is Code.VALUE_RANGE


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("0.1", 0.10000000149011612),
        ("3.4028235e38", 3.4028234663852886e38),
        ("340282356779733661637539395458142568447.9", 3.4028234663852886e38),
        ("0x1.fffffeffffffffffffffp127", 3.4028234663852886e38),
        # Just above, exactly and just below the middle of two numbers of 32 bits.
        ("16777217.000000000000000000001", 16777218.0),
        ("16777217", 16777216.0),
        ("16777216.99999999999999999999", 16777216.0),
        ("16777219.000000000000000000001", 16777220.0),
        ("16777219", 16777220.0),
        ("16777218.99999999999999999999", 16777218.0),
        ("-16777217.000000000000000000001", -16777218.0),
        ("0x1.0000010000000000001p24", 16777218.0),
        ("0x1.000001p24", 16777216.0),
        # The smallest numbers.
        ("1e-45", 1.401298464324817e-45),
        ("7.006492321624085e-46", 0.0),
        ("7.006492321624086e-46", 1.401298464324817e-45),
        ("-7.006492321624085e-46", -0.0),
    ],
)
def test_a_float_of_32_bits_is_rounded_once(text: str, number: float) -> None:
    assert result(lambda: parse_float(text, 32)) == number.hex()


@settings(max_examples=200, deadline=None)
@given(
    st.integers(0, 0x7F7FFFFE),
    st.sampled_from(["", "00000001", "000000000000000000000000000001"]),
    st.sampled_from([1, -1]),
)
def test_the_middle_of_two_numbers_of_32_bits_goes_to_the_even_one(
    bits: int, more: str, sign: int
) -> None:
    low, high = (struct.unpack("<f", struct.pack("<I", b))[0] for b in (bits, bits + 1))
    middle = (Fraction(low) + Fraction(high)) / 2
    text = f"{_decimal(middle):f}"
    text += more if "." in text else more and f".{more}"
    expected = sign * (high if more or bits % 2 else low)
    assert parse_float(("-" if sign < 0 else "") + text, 32) == expected


def _decimal(value: Fraction) -> Decimal:
    # The denominator is a power of two, so the fraction has as many decimals.
    places = value.denominator.bit_length() - 1
    return Decimal((0, tuple(map(int, str(value.numerator * 5**places))), -places))


@settings(max_examples=100, deadline=None)
@given(st.floats(allow_nan=False))
def test_a_float_is_read_as_python_reads_it(number: float) -> None:
    assert parse_float(repr(number), 64) == number
    if math.isfinite(number):
        assert parse_float(number.hex(), 64) == number
        single = round_float(number, 32)
        if math.isfinite(single):
            assert parse_float(number.hex(), 32) == single
            assert parse_float(f"{Decimal(number):f}", 32) == single


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("1.50", Decimal("1.5")),
        ("+1.25", Decimal("1.25")),
        (".5", Decimal("0.5")),
        ("5.", Decimal(5)),
        ("-5.e1", Decimal(-50)),
        ("1e2", Decimal(100)),
        ("100000E-3", Decimal(100)),
        ("0.00", Decimal(0)),
        ("0e999999999999999999999999", Decimal(0)),
        ("1e999999999999999999999999", Code.VALUE_RANGE),
        ("1e-999999999999999999999999", Code.VALUE_RANGE),
        *(
            (text, Code.VALUE_TYPE)
            for text in (
                "", ".", "e5", ".e3", "+", "01", "00.5", "-01", "1e", "1e+", "1.2.3", "1,5", " 1",
                "1\n", "1_0", "NaN", "Inf", "0x1", "\u0661", "1e\u0661",
            )
        ),
    ],
)  # fmt: skip
def test_a_decimal_is_exact(text: str, number: object) -> None:
    assert result(lambda: parse_decimal(text)) == number


@pytest.mark.parametrize("text", ["-0", "-0.00", "-.0e5", "-0e-9999999999999999999999"])
def test_there_is_one_zero(text: str) -> None:
    assert str(parse_decimal(text)) == "0"


@settings(max_examples=100, deadline=None)
@given(st.decimals(allow_nan=False, allow_infinity=False))
def test_a_decimal_keeps_every_digit(number: Decimal) -> None:
    found = parse_decimal(str(number))
    assert found == number
    if number:
        assert found.as_tuple() == number.as_tuple()


HOSTILE = [
    "1" * 300_000 + "x",
    "0" * 300_000 + "x",
    "1_" * 150_000,
    "0x" + "a" * 300_000 + "z",
    "0." + "0" * 300_000 + "1",
    "1" * 300_000,
    "1" * 300_000 + "e-300000",
    # Halfway between two numbers of 32 bits, after very many zeros.
    "16777217" + "0" * 300_000 + "e-300000",
    "1e" + "9" * 300_000,
    "1e-" + "9" * 300_000,
    "0x1p" + "9" * 300_000,
    "+" * 300_000,
]


@pytest.mark.timeout(20)
@pytest.mark.parametrize("text", HOSTILE, ids=lambda text: f"{text[:12]}...{text[-8:]}")
def test_long_text_takes_time_in_proportion(text: str) -> None:
    """A reader that is quadratic in these takes minutes."""
    for parse in (
        lambda: parse_int(text),
        lambda: parse_float(text, 64),
        lambda: parse_float(text, 32),
        lambda: parse_decimal(text),
    ):
        result(parse)


@settings(max_examples=150, deadline=None)
@given(
    st.one_of(st.text(max_size=20), st.from_regex(r"[-+0-9.eExXpP_aAnNiIfF]{1,25}", fullmatch=True))
)
def test_any_text_is_read_or_refused(text: str) -> None:
    for parse in (
        lambda: parse_int(text),
        lambda: parse_int(text, unsigned=True),
        lambda: parse_float(text, 64),
        lambda: parse_float(text, 32),
        lambda: parse_decimal(text),
    ):
        result(parse)
