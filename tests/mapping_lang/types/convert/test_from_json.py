from decimal import Decimal

import pytest

from mapping_lang.diagnostics import Code
from mapping_lang.types.kinds import (
    BooleanType,
    DecimalType,
    FloatType,
    IntType,
    JsonType,
    StringType,
    Type,
    YearType,
)
from mapping_lang.types.values import Json
from tests.mapping_lang.types.convert.outcomes import expected, outcome, refusal

JSON = JsonType()
STRING = StringType()
INT64 = IntType(64)
UINT64 = IntType(64, unsigned=True)


@pytest.mark.parametrize(
    ("text", "target", "result"),
    [
        ('"x"', STRING, "x"),
        (' "x" ', STRING, "x"),
        ('"\\u0041\\n"', STRING, "A\n"),
        ('""', STRING, ""),
        ("5.00", STRING, "5.00"),
        (" -1E400\n", STRING, "-1E400"),
        ("true", STRING, "true"),
        (" false ", STRING, "false"),
        ("[1]", STRING, Code.VALUE_TYPE),
        ("{}", STRING, Code.VALUE_TYPE),
        ("12345", StringType(max_length=4), Code.VALUE_MAX_LENGTH),
        ('"b"', StringType(values=("a",)), Code.VALUE_NOT_LISTED),
        ("1", StringType(values=("1",)), "1"),
        ("true", BooleanType(), True),
        ("\tfalse", BooleanType(), False),
        ('"true"', BooleanType(), Code.VALUE_TYPE),
        ("1", BooleanType(), Code.VALUE_TYPE),
        ("[]", BooleanType(), Code.VALUE_TYPE),
    ],
)
def test_json_has_a_text_and_booleans(text: str, target: Type, result: object) -> None:
    assert outcome(Json(text), JSON, target) == expected(result)


@pytest.mark.parametrize(
    ("text", "target", "result"),
    [
        ("5", INT64, 5),
        (" 5 ", INT64, 5),
        ("5.0", INT64, 5),
        ("-5.0", INT64, -5),
        ("5.00", INT64, Code.VALUE_TYPE),
        ("5e1", INT64, Code.VALUE_TYPE),
        ("5.5", INT64, Code.VALUE_TYPE),
        ('"5"', INT64, Code.VALUE_TYPE),
        ('""', INT64, Code.VALUE_TYPE),
        ("true", INT64, Code.VALUE_TYPE),
        ("[5]", INT64, Code.VALUE_TYPE),
        ("-0", INT64, 0),
        ("-0", UINT64, Code.VALUE_TYPE),
        ("-5", UINT64, Code.VALUE_TYPE),
        ("0.0", UINT64, 0),
        ("18446744073709551615", UINT64, 2**64 - 1),
        ("18446744073709551616", UINT64, Code.VALUE_RANGE),
        ("9223372036854775808", INT64, Code.VALUE_RANGE),
        ("-9223372036854775808", INT64, -(2**63)),
        ("1" * 10_000, INT64, Code.VALUE_RANGE),
        ("128", IntType(8), Code.VALUE_MAXIMUM),
        ("-129.0", IntType(8), Code.VALUE_MINIMUM),
        ("2023", YearType(), 2023),
        ("2023.0", YearType(), 2023),
        ("2e3", YearType(), Code.VALUE_TYPE),
        ('"2023"', YearType(), Code.VALUE_TYPE),
        ("0", YearType(), Code.VALUE_YEAR),
        ("-1", YearType(), Code.VALUE_YEAR),
        ("1" * 10_000, YearType(), Code.VALUE_YEAR),
        ("-" + "1" * 10_000, YearType(), Code.VALUE_YEAR),
    ],
)
def test_only_integer_literals_are_integers(text: str, target: Type, result: object) -> None:
    assert outcome(Json(text), JSON, target) == expected(result)


@pytest.mark.parametrize(
    ("text", "target", "result"),
    [
        ("1.5", FloatType(64), 1.5),
        ("5", FloatType(64), 5.0),
        ("-0", FloatType(64), -0.0),
        ("0.1", FloatType(32), 0.10000000149011612),
        ("1e400", FloatType(64), Code.VALUE_RANGE),
        ("1e39", FloatType(32), Code.VALUE_RANGE),
        ("1e-400", FloatType(64), 0.0),
        ('"1.5"', FloatType(64), Code.VALUE_TYPE),
        ('"NaN"', FloatType(64), Code.VALUE_TYPE),
        ("false", FloatType(64), Code.VALUE_TYPE),
        ("101", FloatType(64, maximum=100.0), Code.VALUE_MAXIMUM),
        ("1.50", DecimalType(5, 2), Decimal("1.5")),
        (" 1e2", DecimalType(5, 2), Decimal(100)),
        ("-0.0", DecimalType(5, 2), Decimal(0)),
        ("1.234", DecimalType(5, 2), Code.VALUE_RANGE),
        ("1000", DecimalType(5, 2), Code.VALUE_RANGE),
        ("1e999999999999999999999999", DecimalType(5, 2), Code.VALUE_RANGE),
        ("0e999999999999999999999999", DecimalType(5, 2), Decimal(0)),
        ("6", DecimalType(5, 2, maximum=Decimal(5)), Code.VALUE_MAXIMUM),
        ("-6", DecimalType(5, 2, minimum=Decimal(-5)), Code.VALUE_MINIMUM),
        ('"1.5"', DecimalType(5, 2), Code.VALUE_TYPE),
        ("[1.5]", DecimalType(5, 2), Code.VALUE_TYPE),
    ],
)
def test_only_numbers_are_floats_and_decimals(text: str, target: Type, result: object) -> None:
    assert outcome(Json(text), JSON, target) == expected(result)


def test_a_refusal_shows_the_beginning_of_the_json() -> None:
    error = refusal(Json('{"a":"' + "x" * 1000 + '"}'), JSON, INT64)
    assert error.message == 'JSON «{"a":"' + "x" * 54 + "…» is not convertible to int(64)"
