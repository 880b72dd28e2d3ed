from datetime import UTC, date, datetime, time
from decimal import Decimal

import pytest

from mapping_lang.diagnostics import Code
from mapping_lang.types.kinds import (
    BooleanType,
    DatetimeType,
    DateType,
    DecimalType,
    FloatType,
    IntType,
    IpType,
    JsonType,
    StringType,
    TimeType,
    Type,
    UuidType,
    YearType,
)
from mapping_lang.types.values import Json, Value
from tests.mapping_lang.types.convert.outcomes import expected, outcome, refusal

STRING = StringType()
UUID = "3f2504e0-4f89-41d3-9a0c-0305e82c3301"
MOMENT = datetime(2024, 2, 3, 4, 5, 6, 780_000, tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "source", "text"),
    [
        (" a", StringType(max_length=5), " a"),
        (True, BooleanType(), "true"),
        (False, BooleanType(), "false"),
        (-128, IntType(8), "-128"),
        (2**64 - 1, IntType(64, unsigned=True), "18446744073709551615"),
        (1000000.0, FloatType(64), "1e+06"),
        (100000.0, FloatType(64), "100000"),
        (-0.0, FloatType(64), "-0"),
        (float("nan"), FloatType(64), "NaN"),
        (float("inf"), FloatType(64), "+Inf"),
        (float("-inf"), FloatType(32), "-Inf"),
        (0.10000000149011612, FloatType(32), "0.1"),
        (0.10000000149011612, FloatType(64), "0.10000000149011612"),
        (Decimal("1.50"), DecimalType(5, 2), "1.5"),
        (Decimal("1E+2"), DecimalType(5, 2), "100"),
        (Decimal("-0.00001"), DecimalType(9, 9), "-0.00001"),
        (MOMENT, DatetimeType(), "2024-02-03T04:05:06.78Z"),
        (datetime(1, 1, 1, tzinfo=UTC), DatetimeType(), "0001-01-01T00:00:00Z"),
        (date(987, 6, 5), DateType(), "0987-06-05"),
        (time(4, 5), TimeType(), "04:05:00"),
        (time(4, 5, 6, 7), TimeType(), "04:05:06.000007"),
        (987, YearType(), "987"),
        (UUID, UuidType(), UUID),
        ("::1", IpType(), "::1"),
    ],
)
def test_a_scalar_has_one_text(value: Value, source: Type, text: str) -> None:
    assert outcome(value, source, STRING) == text


@pytest.mark.parametrize(
    ("text", "target", "result"),
    [
        ("XX", StringType(max_length=1), Code.VALUE_MAX_LENGTH),
        ("X", StringType(max_length=1), "X"),
        ("é", StringType(max_length=1, max_bytes=1), Code.VALUE_MAX_BYTES),
        ("éé", StringType(max_length=1, max_bytes=1), Code.VALUE_MAX_LENGTH),
        ("é", StringType(max_bytes=2), "é"),
        ("日本", StringType(max_bytes=5), Code.VALUE_MAX_BYTES),
        ("b", StringType(values=("a", "b")), "b"),
        ("B", StringType(values=("a", "b")), Code.VALUE_NOT_LISTED),
        ("xay", StringType(pattern="a"), "xay"),
        ("xby", StringType(pattern="^a"), Code.VALUE_PATTERN),
        # What is listed or matches is as long as it likes (TYPE-12).
        ("long", StringType(max_length=1, values=("long",)), "long"),
        ("long", StringType(max_bytes=1, pattern="o"), "long"),
    ],
)
def test_text_stays_within_the_limits_of_its_type(text: str, target: Type, result: object) -> None:
    assert outcome(text, STRING, target) == result


@pytest.mark.parametrize(
    ("value", "source", "target", "result"),
    [
        (5, IntType(32), StringType(values=("5",)), "5"),
        (5, IntType(32), StringType(values=("05",)), Code.VALUE_NOT_LISTED),
        (12345, IntType(32), StringType(max_length=4), Code.VALUE_MAX_LENGTH),
        (True, BooleanType(), StringType(pattern="^t"), "true"),
        (MOMENT, DatetimeType(), StringType(max_bytes=10), Code.VALUE_MAX_BYTES),
    ],
)
def test_the_limits_are_those_of_the_text(
    value: Value, source: Type, target: Type, result: object
) -> None:
    assert outcome(value, source, target) == result


@pytest.mark.parametrize(
    ("text", "result"),
    [(text, True) for text in ("true", "True", "TRUE", "yes", "Yes", "YES")]
    + [(text, False) for text in ("false", "False", "FALSE", "no", "No", "NO")]
    + [
        (text, Code.VALUE_TYPE)
        for text in (
            "1",
            "0",
            "on",
            "yEs",
            "tRue",
            "t",
            "y",
            "n",
            " true",
            "true ",
            "\uff59\uff45\uff53",
        )
    ],
)
def test_twelve_words_are_booleans(text: str, result: object) -> None:
    assert outcome(text, STRING, BooleanType()) == expected(result)


@pytest.mark.parametrize(
    ("value", "source", "result"),
    [
        (0, IntType(8), False),
        (1, IntType(8), True),
        (-128, IntType(8), True),
        (255, IntType(8, unsigned=True), True),
    ],
)
def test_a_small_integer_is_true_unless_zero(value: int, source: Type, result: object) -> None:
    assert outcome(value, source, BooleanType()) == expected(result)


@pytest.mark.parametrize(
    ("value", "source", "result"),
    [
        ("2024", STRING, 2024),
        ("1", STRING, 1),
        ("9999", STRING, 9999),
        ("0024", STRING, Code.VALUE_FORM),
        ("0", STRING, Code.VALUE_FORM),
        ("+24", STRING, Code.VALUE_FORM),
        ("-24", STRING, Code.VALUE_FORM),
        ("10000", STRING, Code.VALUE_FORM),
        ("20.4", STRING, Code.VALUE_FORM),
        (" 99", STRING, Code.VALUE_FORM),
        ("\uff12\uff10\uff12", STRING, Code.VALUE_FORM),
        (1, IntType(32), 1),
        (9999, IntType(32), 9999),
        (0, IntType(32), Code.VALUE_YEAR),
        (-1, IntType(32), Code.VALUE_YEAR),
        (10000, IntType(32), Code.VALUE_YEAR),
        (2**64 - 1, IntType(64, unsigned=True), Code.VALUE_YEAR),
    ],
)
def test_a_year_is_four_digits_or_an_integer(value: Value, source: Type, result: object) -> None:
    assert outcome(value, source, YearType()) == result


@pytest.mark.parametrize(
    ("text", "target", "result"),
    [
        (UUID.upper(), UuidType(), UUID),
        (UUID.replace("-", ""), UuidType(), UUID),
        ("URN:uuid:" + UUID, UuidType(), UUID),
        ("{" + UUID + "}", UuidType(), UUID),
        ("x" + UUID, UuidType(), Code.VALUE_FORM),
        ("2001:DB8::1", IpType(), "2001:db8::1"),
        ("::FFFF:0102:0304", IpType(), "::ffff:1.2.3.4"),
        ("1.2.3.4/8", IpType(), Code.VALUE_FORM),
    ],
)
def test_an_address_or_uuid_is_read_from_text(text: str, target: Type, result: object) -> None:
    assert outcome(text, STRING, target) == result
    assert outcome(Json(f'"{text}"'), JsonType(), target) == result


@pytest.mark.parametrize(
    ("value", "source", "target", "message", "limit"),
    [
        ("on", STRING, BooleanType(), "«on» is not convertible to boolean", "boolean"),
        (10000, IntType(32), YearType(), "the year 10000 is not between 1 and 9999", "1 to 9999"),
        ("x", STRING, UuidType(), "«x» is not a UUID", "a UUID"),
        ("x", STRING, StringType(values=("a", "b")), "«x» is not one of «a», «b»", "a, b"),
    ],
)
def test_a_refusal_says_what_was_found_and_expected(
    value: Value, source: Type, target: Type, message: str, limit: str
) -> None:
    error = refusal(value, source, target)
    assert (error.message, error.limit, error.path) == (message, limit, ())
