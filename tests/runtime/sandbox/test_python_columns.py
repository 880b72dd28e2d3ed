"""Records that a Python guest builds from columns are those that were sent (FUNC-6, FUNC-13)."""

import json
import math
from datetime import UTC, datetime
from decimal import Decimal
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mapping_lang.types.kinds import (
    ArrayType,
    DatetimeType,
    DecimalType,
    FloatType,
    JsonType,
    MapType,
    ObjectType,
    Property,
    Schema,
    StringType,
    Type,
    UuidType,
)
from mapping_lang.types.text.format import format_float_json
from mapping_lang.types.values import Json, Record
from runtime.presentation.records import presentation_for
from runtime.sandbox.interface import Language
from runtime.sandbox.python_columns import ColumnReader, drained
from tests.runtime.sandbox.python_functions import given_to_a_function
from tests.strategies import canonical, schemas_and_records


def read(schema: Schema, records: list[Record], *, preserve_json: bool = False) -> object:
    presentation = presentation_for(schema, Language.PYTHON, preserve_json=preserve_json)
    batch = presentation.present(records).piece(0, len(records))
    return given_to_a_function(batch, presentation.reader)


@given(schemas_and_records(depth=2), st.booleans())
@settings(max_examples=150, deadline=None)
def test_every_value_is_what_it_was(
    drawn: tuple[ObjectType, list[Record]],
    preserve_json: bool,  # noqa: FBT001 - drawn
) -> None:
    schema, records = drawn
    expected = [_given(schema, record, preserve_json=preserve_json) for record in records]
    found = read(schema, records, preserve_json=preserve_json)
    assert canonical(found) == canonical(expected)


def _given(type_: Type, value: object, *, preserve_json: bool) -> object:
    """What a function is given for a value, one by one."""
    match type_, value:
        case _, None:
            return None
        case ObjectType(by_name=items), dict(members):
            return {
                name: _given(items[name].type, member, preserve_json=preserve_json)
                for name, member in members.items()
            }
        case ArrayType(element=element), list(values):
            return [_given(element, each, preserve_json=preserve_json) for each in values]
        case MapType(element=element), dict(members):
            return {
                name: _given(element, each, preserve_json=preserve_json)
                for name, each in members.items()
            }
        case FloatType(bit_size=32), float(number) if math.isfinite(number):
            return float(format_float_json(number, 32))  # as few digits as it has
        case _, Json(text=text):
            return text if preserve_json else json.loads(text)
        case _, datetime() as moment:
            return moment.replace(tzinfo=None)
        case UuidType(), str(text):
            return UUID(text)
        case _:
            return value


def test_values_have_the_classes_that_functions_expect() -> None:
    schema = ObjectType(
        (
            Property("d", ArrayType(DecimalType(5, 2))),
            Property("t", MapType(DatetimeType())),
            Property("u", UuidType(), nullable=True),
            Property("f", FloatType(32)),
            Property("j", JsonType()),
        )
    )
    moment = datetime(2024, 1, 2, 3, tzinfo=UTC)
    record: Record = {
        "d": [Decimal("1.50")],
        "t": {"k": moment},
        "u": "550e8400-e29b-41d4-a716-446655440000",
        "f": 2.0,
        "j": Json("[12345678901234567890123, 1.0]"),
    }
    assert repr(read(schema, [record])) == repr(
        [
            {
                "d": [Decimal("1.5")],
                "t": {"k": datetime(2024, 1, 2, 3)},  # noqa: DTZ001 - functions have naive ones
                "u": UUID("550e8400-e29b-41d4-a716-446655440000"),
                "f": 2.0,
                "j": [12345678901234567890123, 1.0],
            }
        ]
    )


def test_objects_may_be_nested_as_deep_as_schemas_can_be_written() -> None:
    schema = ObjectType((Property("x", StringType()),))
    record: Record = {"x": "deep"}
    for _ in range(80):
        schema, record = ObjectType((Property("o", schema),)), {"o": record}
    assert read(schema, [record]) == [record]


def test_names_are_taken_as_they_are() -> None:
    names = ("__class__", "v0", "c0", "columns", "lambda", "None", "__proto__")
    schema = ObjectType(tuple(Property(name, StringType()) for name in names))
    record: Record = dict.fromkeys(names, "x")
    assert read(schema, [record, {"v0": "y"}]) == [record, {"v0": "y"}]


def test_columns_of_several_lengths_are_refused() -> None:
    schema = ObjectType((Property("a", StringType()), Property("b", StringType())))
    reader = ColumnReader(presentation_for(schema, Language.PYTHON, preserve_json=False).reader)
    for batch in (b'[2,[["x","y"],["z"]]]', b'[1,[["x","y"],["z","z"]]]'):
        with pytest.raises(ValueError, match="more or fewer"):
            reader.read(batch)


def test_what_was_given_is_not_kept() -> None:
    records = [{"a": 1}, {"a": 2}]
    given = drained(records)
    assert (next(given), records) == ({"a": 1}, [None, {"a": 2}])
    assert list(given) == [{"a": 2}]
