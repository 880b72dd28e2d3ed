from datetime import UTC, date, datetime, time
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mapping_lang.diagnostics import Code
from mapping_lang.predicate.operands import MAX_VALUE_CHARS, format_operand, parse_operand
from mapping_lang.predicate.tree import Comparable, JsonOperand, Operand
from mapping_lang.types.errors import ValueRefusedError
from mapping_lang.types.kinds import (
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
)

INT8, UINT64 = IntType(8), IntType(64, unsigned=True)
FLOAT32, FLOAT64 = FloatType(32), FloatType(64)
DECIMAL = DecimalType(5, 2)
LISTED = StringType(values=("", "a", "b" * 100))
UUID = "0123ABCD-0123-abcd-0123-0123456789ab"


@pytest.mark.parametrize(
    ("type_", "text", "operand", "canonical"),
    [
        (StringType(max_length=1), " any ", " any ", " any "),
        (StringType(pattern="^a$"), "b", "b", "b"),
        (StringType(), "é" * 60, "é" * 60, "é" * 60),
        (LISTED, "", "", ""),
        (LISTED, "b" * 100, "b" * 100, "b" * 100),
        (INT8, "300", 300, "300"),
        (INT8, "+5", 5, "5"),
        (INT8, "-0", 0, "0"),
        (INT8, "-9223372036854775808", -(2**63), "-9223372036854775808"),
        (UINT64, "18446744073709551615", 2**64 - 1, "18446744073709551615"),
        (FLOAT64, "007.50", 7.5, "7.5"),
        (FLOAT64, "+1E6", 1e6, "1e+06"),
        (FLOAT64, "-0", -0.0, "-0"),
        (FLOAT64, "1e-400", 0.0, "0"),
        (FLOAT32, "0.1", 0.10000000149011612, "0.1"),
        (FLOAT32, "3.4028235e38", 3.4028234663852886e38, "3.4028235e+38"),
        (DECIMAL, "1.555", Decimal("1.555"), "1.555"),
        (DECIMAL, "1e5", Decimal("1e5"), "100000"),
        (DECIMAL, ".50", Decimal("0.5"), "0.5"),
        (DECIMAL, "-0.0", Decimal(0), "0"),
        (DECIMAL, "1e59", Decimal("1e59"), "1" + "0" * 59),
        (DECIMAL, "1e60", Decimal("1e60"), "1e60"),
        (DECIMAL, "-12.50e1000000000", Decimal("-125e999999999"), "-125e999999999"),
        (DECIMAL, "1e-1000000000", Decimal("1e-1000000000"), "1e-1000000000"),
        (DECIMAL, "-." + "1" * 58, Decimal("-." + "1" * 58), "-." + "1" * 58),
        (DatetimeType(), "2024", datetime(2024, 1, 1, tzinfo=UTC), "2024-01-01T00:00:00"),
        (
            DatetimeType(),
            "2024-01-02T03:04:05.1234567+02:00",
            datetime(2024, 1, 2, 1, 4, 5, 123456, tzinfo=UTC),
            "2024-01-02T01:04:05.123456",
        ),
        (DateType(), "2024-02-29", date(2024, 2, 29), "2024-02-29"),
        (TimeType(), "09:01:57.5+02:00", time(9, 1, 57, 500000), "09:01:57.5"),
        (YearType(), "0099", 99, "99"),
        (UuidType(), UUID, UUID.lower(), UUID.lower()),
        (IpType(), "2001:DB8::1", "2001:db8::1", "2001:db8::1"),
        (JsonType(), "x", JsonOperand("x", None), "x"),
        (JsonType(), "5.0", JsonOperand("5.0", Decimal("5.0")), "5.0"),
        (JsonType(), "05", JsonOperand("05", None), "05"),
        (JsonType(), "1e9999999999999999999", JsonOperand("1e9999999999999999999", None), None),
    ],
)
def test_text_is_read_as_the_value_of_its_kind_and_written_in_canonical_form(
    type_: Comparable, text: str, operand: Operand, canonical: str | None
) -> None:
    # FILT-29 to FILT-36 and FILT-38.
    found = parse_operand(text, type_)
    assert (type(found), repr(found)) == (type(operand), repr(operand)) or found == operand
    assert format_operand(found, type_) == (text if canonical is None else canonical)


def refused(type_: Comparable, text: str) -> tuple[Code, str]:
    with pytest.raises(ValueRefusedError) as caught:
        parse_operand(text, type_)
    return caught.value.code, caught.value.message


TEXT, FORM = Code.FILTER_VALUE_TEXT, Code.FILTER_VALUE_FORM


@pytest.mark.parametrize(
    ("type_", "text", "code", "message"),
    [
        (StringType(), "", TEXT, "the value is empty: use `is empty`"),
        (INT8, "", TEXT, "the value is empty"),
        (StringType(), "é" * 61, TEXT, "the value has 61 characters, at most 60 are allowed"),
        (JsonType(), "a\0", TEXT, "«a\\u0000» contains U+0000"),
        (StringType(), "\ud800", TEXT, "«\\ud800» contains half of a surrogate pair"),
        (INT8, "05", FORM, "«05» is not an integer without leading zeros"),
        (INT8, " 5", FORM, "« 5» is not an integer without leading zeros"),
        (INT8, "5.0", FORM, "«5.0» is not an integer without leading zeros"),
        (INT8, "\u0665", FORM, "«\u0665» is not an integer without leading zeros"),
        (INT8, "5\n", FORM, "«5\\u000a» is not an integer without leading zeros"),
        (UINT64, "+5", FORM, "«+5» is not an integer without sign and leading zeros"),
        (FLOAT64, ".5", FORM, "«.5» is not a number such as 1.5 or 1e3"),
        (FLOAT64, "1.", FORM, "«1.» is not a number such as 1.5 or 1e3"),
        (FLOAT64, "1e", FORM, "«1e» is not a number such as 1.5 or 1e3"),
        (FLOAT64, "1_0", FORM, "«1_0» is not a number such as 1.5 or 1e3"),
        (FLOAT64, "NaN", FORM, "«NaN» is not a number such as 1.5 or 1e3"),
        (FLOAT64, "0x1p1", FORM, "«0x1p1» is not a number such as 1.5 or 1e3"),
        (YearType(), "0", FORM, "«0» is not a year from 1 to 9999"),
        (YearType(), "10000", FORM, "«10000» is not a year from 1 to 9999"),
        (
            LISTED,
            "A",
            Code.FILTER_VALUE_NOT_LISTED,
            "«A» is not one of the values of the property: did you mean «a»?",
        ),
    ],
)
def test_text_that_is_no_value_is_refused(
    type_: Comparable, text: str, code: Code, message: str
) -> None:
    assert refused(type_, text) == (code, message)


@pytest.mark.parametrize(
    ("type_", "text"),
    [
        (INT8, "9223372036854775808"),
        (UINT64, "30000000000000000000"),
        (FLOAT32, "1e39"),
        (FLOAT64, "1e309"),
        (DECIMAL, "01"),
        (DECIMAL, "."),
        (DatetimeType(), "20240102"),
        (DatetimeType(), "0001-01-01T00:00:00+05:00"),
        (DateType(), "2023-02-29"),
        (DateType(), "2024"),
        (TimeType(), "9:01:57"),
        (UuidType(), UUID.replace("-", "")),
        (IpType(), "1.2.3.4/8"),
    ],
)
def test_a_form_that_is_refused_elsewhere_is_refused_for_the_same_reason(
    type_: Comparable, text: str
) -> None:
    code, message = refused(type_, text)
    assert code is FORM
    assert f"«{text}»" in message


@given(
    st.from_regex(
        r"[+-]?([0-9]{0,30}\.)?[0-9]{1,30}([eE][+-]?[0-9]{1,12})?", fullmatch=True
    ).filter(lambda text: len(text) <= MAX_VALUE_CHARS)
)
def test_a_decimal_that_was_read_is_written_so_that_it_can_be_read(text: str) -> None:
    try:
        operand = parse_operand(text, DECIMAL)
    except ValueRefusedError:
        return
    written = format_operand(operand, DECIMAL)
    assert len(written) <= MAX_VALUE_CHARS
    assert parse_operand(written, DECIMAL) == operand
    assert format_operand(parse_operand(written, DECIMAL), DECIMAL) == written
