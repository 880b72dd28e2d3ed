import json
from datetime import UTC, date, datetime, time
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

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
from tests.conformance.vector import (
    VectorFileError,
    comparable,
    expected_form,
    json_form,
    load,
    to_record,
    to_value,
)

JSON = JsonType()
INT = IntType(64)
FLOAT = FloatType(64)
DECIMAL = DecimalType(10, 2)
DATETIME = DatetimeType()
TIME = TimeType()
OBJECT = ObjectType((Property("a", INT), Property("b", JSON, nullable=True)))


@pytest.mark.parametrize(
    ("type_", "raw", "value"),
    [
        (StringType(), "é", "é"),
        (BooleanType(), True, True),
        (INT, 18446744073709551615, 18446744073709551615),
        (YearType(), 2024, 2024),
        (
            UuidType(),
            "3f2504e0-4f89-41d3-9a0c-0305e82c3301",
            "3f2504e0-4f89-41d3-9a0c-0305e82c3301",
        ),
        (IpType(), "::1", "::1"),
        (FLOAT, 0.1, 0.1),
        (FLOAT, "-Infinity", float("-inf")),
        (FloatType(32), 0.1, 0.10000000149011612),
        (DECIMAL, "1e2", Decimal(100)),
        (DATETIME, "2024-02-03T04:05:06.78Z", datetime(2024, 2, 3, 4, 5, 6, 780_000, UTC)),
        (DATETIME, "2024-02-03T04:05:06.123456789Z", datetime(2024, 2, 3, 4, 5, 6, 123_456, UTC)),
        (DateType(), "0001-01-01", date(1, 1, 1)),
        (TIME, "23:59:59.999999999", time(23, 59, 59, 999_999)),
        (JSON, {"$json": "1.50"}, Json("1.50")),
        (JSON, None, None),
        (ArrayType(DECIMAL), ["1", "2.5"], [Decimal(1), Decimal("2.5")]),
        (MapType(JSON), {"": {"$json": "null"}}, {"": Json("null")}),
        (OBJECT, {"b": None}, {"b": None}),
    ],
)
def test_values_are_read_by_type(type_: Type, raw: Any, value: Value | None) -> None:
    found = to_value(raw, type_)
    assert (type(found), found) == (type(value), value)
    if type_ != DATETIME and type_ != TIME:
        # What was read is what is expected: the two readings of the convention agree.
        assert expected_form(raw, type_) == comparable(found, type_)


@pytest.mark.parametrize(
    ("type_", "raw", "other"),
    [
        (BooleanType(), True, 1),
        (FLOAT, 0.0, -0.0),
        (INT, 1, 2),
        (DECIMAL, "1.5", "1.51"),
        (JSON, {"$json": "1"}, {"$json": '"1"'}),
        (JSON, {"$json": "true"}, {"$json": "1"}),
        (JSON, {"$json": "null"}, None),
        (JSON, {"$json": "0.1"}, {"$json": "0.1000000000000000055511151231257827"}),
        (OBJECT, {"a": 1}, {"a": 1, "b": None}),
        (ArrayType(INT), [1, 2], [2, 1]),
        # More digits than a value has, and data that was not converted, equal nothing.
        (TIME, "06:07:08.123456", "06:07:08.123456789"),
        (INT, 5, {"$raw": "string", "v": "5"}),
    ],
)
def test_different_values_have_different_forms(type_: Type, raw: Any, other: Any) -> None:
    assert expected_form(raw, type_) != expected_form(other, type_)


@pytest.mark.parametrize(
    ("type_", "raw", "other"),
    [
        (FLOAT, "NaN", "NaN"),
        (DECIMAL, "1.50", "1.5"),
        (JSON, {"$json": '{"a":1.0,"b":[1e2]}'}, {"$json": '{ "b" : [100] , "a" : 1 }'}),
        (MapType(INT), {"x": 1, "y": 2}, {"y": 2, "x": 1}),
        (FloatType(32), 16777216.0, 16777217.0),
    ],
)
def test_equal_values_have_equal_forms(type_: Type, raw: Any, other: Any) -> None:
    assert expected_form(raw, type_) == expected_form(other, type_)


def test_formatted_moments_are_texts_or_numbers() -> None:
    assert expected_form("3:04 PM", TIME, formatted=True) == "3:04 PM"
    assert expected_form([1], ArrayType(DATETIME), formatted=True) == [("int", 1)]


def test_members_without_a_property_stay_as_they_are() -> None:
    record: dict[str, object] = {"a": 1, "z": {"$json": "1"}}
    assert to_record(record, OBJECT) == record


def test_text_that_is_no_json_has_a_form_too() -> None:
    assert json_form("") == ("not JSON", "")


@settings(max_examples=50, deadline=None)
@given(st.recursive(st.none() | st.booleans() | st.integers() | st.text(), st.lists))
def test_forms_of_json_tell_documents_apart(document: Any) -> None:
    text = json.dumps(document)
    assert json_form(text) == json_form(f" {text} ")
    assert json_form(text) != json_form(f"[{text}]")


def test_a_file_is_one_vector_per_line(tmp_path: Path) -> None:
    path = tmp_path / "x.jsonl"
    path.write_text(
        '{"id":"a","group":"g","op":"o","expect":{}}\n\n'
        '{"id":"b","group":"g","op":"o","quirk":["q"],"text":"\\u2028","expect":{}}\n'
    )
    first, second = load(path)
    assert (first.id, first.quirks, second.quirks, second.body["text"]) == (
        "a",
        (),
        ("q",),
        "\u2028",
    )


@pytest.mark.parametrize("text", ["{", "[]", '{"id":"a"}', "5"])
def test_what_is_no_vector_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "x.jsonl"
    path.write_text(text)
    with pytest.raises(VectorFileError, match="not a file of vectors"):
        load(path)
