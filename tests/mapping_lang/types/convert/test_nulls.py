import pytest
from hypothesis import given, settings

from mapping_lang.diagnostics import Code
from mapping_lang.types.convert.convert import convert
from mapping_lang.types.convert.table import can_convert
from mapping_lang.types.kinds import (
    ArrayType,
    BooleanType,
    DateType,
    DecimalType,
    FloatType,
    IntType,
    IpType,
    JsonType,
    MapType,
    ObjectType,
    Property,
    StringType,
    TimeType,
    Type,
    UuidType,
    YearType,
)
from mapping_lang.types.values import JSON_NULL, Json, Value
from tests.mapping_lang.types.convert.outcomes import expected, outcome
from tests.strategies import types

STRING = StringType()
JSON = JsonType()
OTHERS: tuple[Type, ...] = (
    BooleanType(),
    IntType(8),
    FloatType(64),
    DecimalType(5, 2),
    DateType(),
    TimeType(),
    YearType(),
    UuidType(),
    IpType(),
    ArrayType(STRING),
    MapType(STRING),
    ObjectType((Property("a", STRING),)),
)
LISTED = StringType(values=("a", "b"))
LISTED_EMPTY = StringType(values=("", "b"))
PATTERN = StringType(pattern="^x")
PATTERN_EMPTY = StringType(pattern="^x?$")


@settings(max_examples=100, deadline=None)
@given(types(), types())
def test_null_is_null_whatever_the_types(source: Type, target: Type) -> None:
    assert convert(None, source, target) is None


@pytest.mark.parametrize("target", [*OTHERS, STRING, LISTED_EMPTY])
def test_null_is_refused_where_it_is_not_allowed(target: Type) -> None:
    assert outcome(None, target, target, nullable=False) is Code.VALUE_NULL
    assert outcome(JSON_NULL, JSON, target, nullable=False) is Code.VALUE_NULL
    assert outcome(Json(" null\n"), JSON, target, nullable=False) is Code.VALUE_NULL


@pytest.mark.parametrize("target", [*OTHERS, STRING, LISTED_EMPTY])
def test_the_json_null_becomes_null(target: Type) -> None:
    assert convert(JSON_NULL, JSON, target) is None
    assert convert(Json(" null\n"), JSON, target) is None


@pytest.mark.parametrize("nullable", [True, False])
def test_the_json_null_stays_a_value_of_json(*, nullable: bool) -> None:
    assert outcome(JSON_NULL, JSON, JSON, nullable=nullable) == JSON_NULL


def test_null_without_a_place_for_it_is_the_json_null() -> None:
    assert convert(None, STRING, JSON, nullable=False) == JSON_NULL
    assert convert(None, JSON, JSON, nullable=False) == JSON_NULL
    assert convert(None, STRING, JSON) is None


@pytest.mark.parametrize("target", OTHERS)
def test_the_empty_text_is_null_for_other_kinds(target: Type) -> None:
    """Even where text is not convertible at all: the rules of null come first (MAP-74)."""
    assert convert("", STRING, target) is None


@pytest.mark.parametrize(
    ("target", "code"),
    [
        (BooleanType(), Code.VALUE_TYPE),
        (IntType(8), Code.VALUE_TYPE),
        (DecimalType(5, 2), Code.VALUE_TYPE),
        (DateType(), Code.VALUE_FORM),
        (UuidType(), Code.VALUE_FORM),
        (YearType(), Code.VALUE_FORM),
        (LISTED, Code.VALUE_NOT_LISTED),
        (PATTERN, Code.VALUE_PATTERN),
        (ArrayType(STRING), Code.VALUE_TYPE),
    ],
)
def test_the_empty_text_is_a_text_where_null_is_not_allowed(target: Type, code: Code) -> None:
    assert outcome("", STRING, target, nullable=False) is code


@pytest.mark.parametrize(
    ("value", "source"), [("", STRING), ("", StringType(max_length=9)), (Json('""'), JSON)]
)
@pytest.mark.parametrize(
    ("target", "result"),
    [
        (STRING, ""),
        (StringType(max_length=1), ""),
        (LISTED, None),
        # DEC-12
        (LISTED_EMPTY, ""),
        (PATTERN, None),
        (PATTERN_EMPTY, ""),
    ],
)
def test_empty_text_is_null_where_its_type_refuses_it(
    value: Value, source: Type, target: Type, result: object
) -> None:
    assert outcome(value, source, target) == result


def test_the_empty_text_is_json() -> None:
    assert convert("", STRING, JSON) == Json('""')


@pytest.mark.parametrize(
    ("target", "result"),
    [
        (BooleanType(), Code.VALUE_TYPE),
        (IntType(8), Code.VALUE_TYPE),
        (FloatType(64), Code.VALUE_TYPE),
        (DateType(), Code.VALUE_FORM),
        (UuidType(), Code.VALUE_FORM),
        (ArrayType(STRING), [""]),
        (ArrayType(LISTED), Code.VALUE_NOT_LISTED),
        (MapType(STRING), Code.VALUE_TYPE),
    ],
)
def test_empty_text_in_json_is_no_null_of_other_kinds(target: Type, result: object) -> None:
    assert outcome(Json('""'), JSON, target) == expected(result)


@settings(max_examples=100, deadline=None)
@given(types(), types())
def test_only_json_can_do_without_null_for_null(source: Type, target: Type) -> None:
    result = outcome(None, source, target, nullable=False)
    if isinstance(target, JsonType) and can_convert(source, target):
        assert result == JSON_NULL
    else:
        assert result is Code.VALUE_NULL
