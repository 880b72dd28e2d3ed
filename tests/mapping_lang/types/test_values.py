import math
from decimal import Decimal

import pytest

from mapping_lang.diagnostics import Code
from mapping_lang.types.errors import PathStep, ValueRefusedError
from mapping_lang.types.kinds import (
    ArrayType,
    BooleanType,
    DecimalType,
    FloatType,
    IntType,
    StringType,
    Type,
    YearType,
)
from mapping_lang.types.values import (
    JSON_NULL,
    Json,
    Value,
    check_decimal,
    check_elements,
    check_float,
    check_int,
    check_string,
    check_year,
)

NAN = math.nan


def check(value: Value, type_: Type) -> None:
    match type_, value:
        case StringType(), str():
            check_string(value, type_)
        case IntType(), int():
            check_int(value, type_)
        case FloatType(), float():
            check_float(value, type_)
        case DecimalType(), Decimal():
            check_decimal(value, type_)
        case YearType(), int():
            check_year(value)
        case ArrayType(), list():
            check_elements(value, type_)
        case _:
            raise TypeError(type_)


@pytest.mark.parametrize(
    ("type_", "value"),
    [
        (StringType(), ""),
        (StringType(max_length=3), "日本語"),
        (StringType(max_bytes=9), "日本語"),
        (StringType(max_length=3, max_bytes=9), "日本語"),
        (StringType(values=("a", "")), ""),
        # The lengths count for nothing where values or a pattern are set (TYPE-12).
        (StringType(max_length=1, values=("long",)), "long"),
        (StringType(max_bytes=1, pattern="o"), "long"),
        # A pattern is searched for, anywhere (TYPE-10).
        (StringType(pattern="b"), "abc"),
        (IntType(8), -128),
        (IntType(24, unsigned=True), 16_777_215),
        (IntType(64, unsigned=True), 2**64 - 1),
        (IntType(8, minimum=3, maximum=3), 3),
        (FloatType(64), NAN),
        (FloatType(64, minimum=0.0, maximum=1.0), NAN),
        (FloatType(64), math.inf),
        (FloatType(64, minimum=0.0), -0.0),
        (DecimalType(5, 2), Decimal("999.99")),
        (DecimalType(5, 2), Decimal("1.2000000")),
        (DecimalType(3, 3), Decimal("0E+99")),
        (DecimalType(76, 37), Decimal("9" * 39 + "." + "9" * 37)),
        (DecimalType(5, 2, Decimal(1), Decimal(2)), Decimal("1.00")),
        (YearType(), 1),
        (YearType(), 9999),
        (ArrayType(StringType()), []),
        (ArrayType(StringType(), 2, 2), ["a", "a"]),
        (ArrayType(StringType(), unique=True), ["a", "A"]),
        (ArrayType(FloatType(64), unique=True), [NAN, NAN]),
        (ArrayType(BooleanType(), unique=True), [True, False]),
    ],
)
def test_a_value_within_its_type_passes(type_: Type, value: Value) -> None:
    check(value, type_)


@pytest.mark.parametrize(
    ("type_", "value", "code", "limit", "path"),
    [
        (StringType(max_length=2), "日本語", Code.VALUE_MAX_LENGTH, "2", ()),
        (StringType(max_bytes=8), "日本語", Code.VALUE_MAX_BYTES, "8", ()),
        (StringType(max_length=2, max_bytes=1), "abc", Code.VALUE_MAX_LENGTH, "2", ()),
        (StringType(values=("a", "b")), "A", Code.VALUE_NOT_LISTED, "a, b", ()),
        (StringType(values=("a",)), "", Code.VALUE_NOT_LISTED, "a", ()),
        (StringType(pattern="^a$"), "b", Code.VALUE_PATTERN, "^a$", ()),
        (IntType(8), 128, Code.VALUE_MAXIMUM, "127", ()),
        (IntType(24), -8_388_609, Code.VALUE_MINIMUM, "-8388608", ()),
        (IntType(64), 10**4_000, Code.VALUE_MAXIMUM, str(2**63 - 1), ()),
        (FloatType(64, real=True), NAN, Code.VALUE_RANGE, "", ()),
        (FloatType(64, real=True), math.inf, Code.VALUE_MAXIMUM, "1.7976931348623157e+308", ()),
        (FloatType(64, minimum=0.0), -1.0, Code.VALUE_MINIMUM, "0.0", ()),
        (DecimalType(5, 2), Decimal("0.001"), Code.VALUE_RANGE, "decimal(5,2)", ()),
        (DecimalType(5, 2), Decimal(1000), Code.VALUE_RANGE, "decimal(5,2)", ()),
        (DecimalType(5, 2), Decimal("1E+999999"), Code.VALUE_RANGE, "decimal(5,2)", ()),
        (DecimalType(5, 2, Decimal(1)), Decimal("0.99"), Code.VALUE_MINIMUM, "1", ()),
        (YearType(), 0, Code.VALUE_YEAR, "1 to 9999", ()),
        (YearType(), 10_000, Code.VALUE_YEAR, "1 to 9999", ()),
        (ArrayType(StringType(), 1), [], Code.VALUE_ELEMENTS, "1", ()),
        (ArrayType(StringType(), 0, 1), ["a", "b"], Code.VALUE_ELEMENTS, "1", ()),
        (ArrayType(StringType(), 0, 0), ["a"], Code.VALUE_ELEMENTS, "0", ()),
        (ArrayType(StringType(), unique=True), ["a", "b", "a"], Code.VALUE_REPEATED, "", (2,)),
        (
            ArrayType(DecimalType(3, 1), unique=True),
            [Decimal("1.0"), Decimal(1)],
            Code.VALUE_REPEATED, "", (1,),
        ),
        (ArrayType(FloatType(64), unique=True), [0.0, NAN, -0.0], Code.VALUE_REPEATED, "", (2,)),
    ],
)  # fmt: skip
def test_a_value_outside_its_type_is_refused(
    type_: Type, value: Value, code: Code, limit: str, path: tuple[PathStep, ...]
) -> None:
    with pytest.raises(ValueRefusedError) as refused:
        check(value, type_)
    assert (refused.value.code, refused.value.limit, refused.value.path) == (code, limit, path)


def test_a_refusal_says_what_was_found_and_what_is_allowed() -> None:
    with pytest.raises(ValueRefusedError) as refused:
        check_string("purple", StringType(values=("red", "blue")))
    assert str(refused.value.inside("color")) == "color: «purple» is not one of «red», «blue»"


def test_json_values_are_compared_by_their_text() -> None:
    assert [Json("null") == JSON_NULL, Json("1") == Json("1.0"), Json('"a"') == '"a"'] == [
        True,
        False,
        False,
    ]
    assert {Json("[1]"): "x"}[Json("[1]")] == "x"


def test_a_huge_integer_is_refused_without_being_written_out() -> None:
    with pytest.raises(ValueRefusedError) as refused:
        check_int(10**1_000_000, IntType(64))
    assert refused.value.message == (
        "a number of more than 77 digits is greater than the maximum 9223372036854775807"
    )
