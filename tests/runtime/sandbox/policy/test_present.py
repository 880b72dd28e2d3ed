from datetime import date, datetime, time
from decimal import Decimal
from uuid import UUID

import pytest

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
from runtime.sandbox.policy.present import presenter

ID = "550e8400-e29b-41d4-a716-446655440000"
SCALARS: list[tuple[Type, object, object]] = [
    (StringType(), "it's\u2028", "it's\u2028"),
    (BooleanType(), True, True),
    (IntType(64), 9007199254740993, 9007199254740993),
    (FloatType(64), 1, 1.0),
    (FloatType(64), "Infinity", float("inf")),
    (FloatType(64), "-Infinity", float("-inf")),
    (DecimalType(10, 2), "1.5", Decimal("1.5")),
    (
        DatetimeType(),
        "2024-01-02T03:04:05.123456789Z",
        datetime(2024, 1, 2, 3, 4, 5, 123456),  # noqa: DTZ001 - FUNC-13 says naive
    ),
    (DateType(), "0001-01-02", date(1, 1, 2)),
    (TimeType(), "03:04:05.1234567", time(3, 4, 5, 123456)),
    (YearType(), 2024, 2024),
    (UuidType(), ID, UUID(ID)),
    (IpType(), "::1", "::1"),
]


def present(type_: Type, value: object, *, preserve_json: bool = False) -> object:
    schema = ObjectType((Property("a", type_),))
    return presenter(schema, preserve_json=preserve_json)({"a": value})["a"]


@pytest.mark.parametrize(("type_", "wire", "value"), SCALARS)
def test_a_value_is_presented_by_its_kind(type_: Type, wire: object, value: object) -> None:
    presented = present(type_, wire)
    assert (type(presented), presented) == (type(value), value)


@pytest.mark.parametrize(("type_", "wire", "value"), SCALARS)
def test_values_inside_others_are_presented_too(type_: Type, wire: object, value: object) -> None:
    assert present(ArrayType(type_), [wire, None]) == [value, None]
    assert present(MapType(type_), {"k": wire, "n": None}) == {"k": value, "n": None}
    inner = ObjectType((Property("x", type_), Property("y", type_)))
    assert present(inner, {"x": wire}) == {"x": value}
    assert present(ArrayType(inner), [{"x": wire}]) == [{"x": value}]


def test_null_and_absent_stay_what_they_are() -> None:
    schema = ObjectType((Property("a", DateType()), Property("b", JsonType())))
    present_record = presenter(schema, preserve_json=False)
    assert present_record({"a": None}) == {"a": None}
    assert present_record({}) == {}


@pytest.mark.parametrize(
    ("text", "native"),
    [
        ('{"a":[1,2.50,null]}', {"a": [1, 2.5, None]}),
        ("9007199254740993", 9007199254740993),
        ("1.0", 1.0),
        ("null", None),
        ('"x"', "x"),
    ],
)
def test_json_is_native_or_its_exact_text(text: str, native: object) -> None:
    presented = present(JsonType(), text)
    assert (type(presented), presented) == (type(native), native)
    assert present(JsonType(), text, preserve_json=True) == text


def test_a_schema_without_such_kinds_costs_nothing() -> None:
    record: dict[str, object] = {"a": "x"}
    assert (
        presenter(ObjectType((Property("a", StringType()),)), preserve_json=False)(record) is record
    )
