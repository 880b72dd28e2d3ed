from datetime import UTC, date, datetime, time
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mapping_lang.diagnostics import Code
from mapping_lang.types import json_text
from mapping_lang.types.convert.convert import convert
from mapping_lang.types.convert.to_json import value_to_json
from mapping_lang.types.errors import PathStep, ValueRefusedError
from mapping_lang.types.kinds import (
    ArrayType,
    BooleanType,
    DatetimeType,
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
from mapping_lang.types.values import Json, Value
from tests.strategies import canonical, types, values

STRING = StringType()
FLOAT = FloatType(64)
_NO_NUMBERS = ("nan", "inf", "-inf")
OBJECT = ObjectType((Property("b", IntType(8)), Property("a", STRING, nullable=True)))


@pytest.mark.parametrize(
    ("value", "type_", "text"),
    [
        (None, IntType(8), "null"),
        ("", STRING, '""'),
        ('é"\\\n<>&/\u2028\x01\x7f', STRING, '"é\\"\\\\\\n<>&/\u2028\\u0001\x7f"'),
        (
            "3f2504e0-4f89-41d3-9a0c-0305e82c3301",
            UuidType(),
            '"3f2504e0-4f89-41d3-9a0c-0305e82c3301"',
        ),
        ("::1", IpType(), '"::1"'),
        (True, BooleanType(), "true"),
        (False, BooleanType(), "false"),
        (2**64 - 1, IntType(64, unsigned=True), "18446744073709551615"),
        (2024, YearType(), "2024"),
        (1.0, FLOAT, "1"),
        (-0.0, FLOAT, "-0"),
        (1e20, FLOAT, "100000000000000000000"),
        (1e21, FLOAT, "1e+21"),
        (1e-6, FLOAT, "0.000001"),
        (1e-7, FLOAT, "1e-7"),
        (0.10000000149011612, FloatType(32), "0.10000000149011612"),
        (Decimal("1.50"), DecimalType(5, 2), "1.5"),
        (Decimal("1E+2"), DecimalType(5, 2), "100"),
        (Decimal("1E-10"), DecimalType(20, 20), "0.0000000001"),
        (datetime(2023, 4, 5, 6, 7, 8, tzinfo=UTC), DatetimeType(), '"2023-04-05T06:07:08Z"'),
        (datetime(1, 1, 1, 0, 0, 0, 500, UTC), DatetimeType(), '"0001-01-01T00:00:00.0005Z"'),
        (date(2023, 4, 5), DateType(), '"2023-04-05"'),
        (time(12, 30, 0, 500_000), TimeType(), '"12:30:00.5"'),
        (Json(' {"b" : 1.0} '), JsonType(), ' {"b" : 1.0} '),
        ([], ArrayType(STRING), "[]"),
        ([1, 2], ArrayType(IntType(8)), "[1,2]"),
        ([Json("null"), Json("[ ]")], ArrayType(JsonType()), "[null,[ ]]"),
        ({"b": "x", "a\n": "y"}, MapType(STRING), '{"a\\n":"y","b":"x"}'),
        ({"k": None}, MapType(STRING), '{"k":null}'),
        ({}, MapType(STRING), "{}"),
        ({"a": "z", "b": 1}, OBJECT, '{"b":1,"a":"z"}'),
        ({"a": None}, OBJECT, '{"a":null}'),
        ({}, OBJECT, "{}"),
        ([{"b": 1}], ArrayType(OBJECT), '[{"b":1}]'),
    ],
)
def test_a_value_has_one_json_text(value: Value | None, type_: Type, text: str) -> None:
    assert value_to_json(value, type_).text == text


@pytest.mark.parametrize("number", [float("nan"), float("inf"), float("-inf")])
@pytest.mark.parametrize(
    ("wrap", "type_", "path"),
    [
        (lambda x: x, FLOAT, ()),
        (lambda x: [0.0, x], ArrayType(FLOAT), (1,)),
        (lambda x: {"k": x}, MapType(FLOAT), ("k",)),
        (lambda x: [{"n": x}], ArrayType(ObjectType((Property("n", FLOAT),))), (0, "n")),
    ],
)
def test_what_is_no_number_has_no_json(
    number: float, wrap: object, type_: Type, path: tuple[PathStep, ...]
) -> None:
    assert callable(wrap)
    with pytest.raises(ValueRefusedError, match=f"{number} is not convertible to json") as caught:
        value_to_json(wrap(number), type_)
    assert (caught.value.code, caught.value.path) == (Code.VALUE_TYPE, path)


@settings(max_examples=150, deadline=None)
@given(types().flatmap(lambda type_: st.tuples(st.just(type_), values(type_))))
def test_a_value_becomes_valid_json_and_comes_back(sample: tuple[Type, Value]) -> None:
    type_, value = sample
    encoded: Json | ValueRefusedError
    try:
        encoded = value_to_json(value, type_)
    except ValueRefusedError as error:
        encoded = error
    if isinstance(encoded, ValueRefusedError):
        assert encoded.message in [f"{number} is not convertible to json" for number in _NO_NUMBERS]
        return
    json_text.read(encoded.text)
    if _comes_back(type_):
        assert canonical(convert(encoded, JsonType(), type_)) == canonical(value)


def _comes_back(type_: Type) -> bool:
    """Null in a json property is the JSON null when it comes back."""
    match type_:
        case ObjectType():
            return all(
                _comes_back(item.type) and not isinstance(item.type, JsonType)
                for item in type_.properties
            )
        case ArrayType() | MapType():
            return _comes_back(type_.element)
        case _:
            return True
