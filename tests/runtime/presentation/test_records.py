"""What is written for a guest, of every kind (FUNC-13); tests of the engine see it arrive."""

import json
from datetime import UTC, date, datetime, time
from decimal import Decimal

import pytest

from mapping_lang.types.kinds import (
    NO_SCHEMA,
    ArrayType,
    DatetimeType,
    DateType,
    DecimalType,
    FloatType,
    IntType,
    JsonType,
    MapType,
    ObjectType,
    Property,
    StringType,
    TimeType,
    Type,
    UuidType,
)
from mapping_lang.types.values import Json, Record, Value
from runtime.presentation.records import presentation_for
from runtime.sandbox.interface import Language

JS, PY = Language.JAVASCRIPT, Language.PYTHON
MOMENT = datetime(2024, 1, 2, 3, 4, 5, 120_000, tzinfo=UTC)
DOCUMENT = Json(' {"a":\n[1,2.50,null]}')


def written(type_: Type, value: Value | None, language: Language, *, preserve_json: bool) -> str:
    schema = ObjectType((Property("x", type_, nullable=True),))
    presentation = presentation_for(schema, language, preserve_json=preserve_json)
    [line, empty] = presentation.write([{"x": value}, {}])
    assert empty == b"{}"
    return line.decode().removeprefix('{"x":').removesuffix("}")


@pytest.mark.parametrize(
    ("type_", "value", "javascript", "python"),
    [
        (StringType(), "it's\u2028</\0", '"it\'s\u2028</\\u0000"', '"it\'s\u2028</\\u0000"'),
        (IntType(32), 5, "5", "5"),
        (IntType(64), 2**53 + 1, '"9007199254740993"', "9007199254740993"),
        (FloatType(64), 1.0, "1.0", "1.0"),
        (FloatType(32), 0.10000000149011612, "0.1", "0.1"),
        (FloatType(32), -0.0, "-0.0", "-0.0"),
        (FloatType(32), float("inf"), '"Infinity"', '"Infinity"'),
        (FloatType(64), float("-inf"), '"-Infinity"', '"-Infinity"'),
        (FloatType(64), float("nan"), '"NaN"', '"NaN"'),
        (DecimalType(10, 2), Decimal("1.50"), '"1.5"', '"1.5"'),
        (DecimalType(10, 2), Decimal("1E+2"), '"100"', '"100"'),
        (DatetimeType(), MOMENT, '"2024-01-02T03:04:05.12Z"', '"2024-01-02T03:04:05.12Z"'),
        (DateType(), date(1, 2, 3), '"0001-02-03"', '"0001-02-03"'),
        (TimeType(), time(3, 4, 5), '"03:04:05"', '"03:04:05"'),
        (JsonType(), DOCUMENT, '{"a":[1,2.50,null]}', json.dumps(DOCUMENT.text)),
        (JsonType(), None, "null", "null"),
        (ArrayType(IntType(64)), [1, 2], '["1","2"]', "[1,2]"),
        (MapType(DecimalType(3, 1)), {"k": Decimal("2.0")}, '{"k":"2"}', '{"k":"2"}'),
    ],
)
def test_a_value_is_written_as_its_language_reads_it(
    type_: Type, value: Value | None, javascript: str, python: str
) -> None:
    assert written(type_, value, JS, preserve_json=False) == javascript
    assert written(type_, value, PY, preserve_json=False) == python


@pytest.mark.parametrize("language", list(Language))
def test_preserved_json_is_written_as_its_exact_text(language: Language) -> None:
    assert written(JsonType(), DOCUMENT, language, preserve_json=True) == json.dumps(DOCUMENT.text)


@pytest.mark.parametrize("language", list(Language))
def test_a_record_of_no_schema_is_an_empty_object(language: Language) -> None:
    presentation = presentation_for(NO_SCHEMA, language, preserve_json=False)
    assert (presentation.write([{}, {}]), presentation.guest_part) == ([b"{}", b"{}"], "")


def test_records_are_one_line_each() -> None:
    schema = ObjectType((Property("x", JsonType()), Property("y", StringType())))
    presentation = presentation_for(schema, JS, preserve_json=False)
    records: list[Record] = [{"x": Json('["a",\n1]'), "y": "b\n"}, {"x": Json("[\r]"), "y": "\n"}]
    assert presentation.write(records) == [
        b'{"x":["a",1],"y":"b\\n"}',
        b'{"x":[],"y":"\\n"}',
    ]
    assert presentation.write([]) == []


def test_a_guest_is_told_only_of_what_it_has_to_rebuild() -> None:
    inner = ObjectType((Property("s", StringType()), Property("u", UuidType())))
    schema = ObjectType(
        (
            Property("i", IntType(32)),
            Property("o", ArrayType(inner)),
            Property("m", MapType(JsonType())),
        )
    )
    told = {
        preserve_json: presentation_for(schema, PY, preserve_json=preserve_json).guest_part
        for preserve_json in (False, True)
    }
    array = {
        "kind": "array",
        "element": {"kind": "object", "members": {"u": {"kind": "uuid"}}},
    }
    of_json = {"kind": "map", "element": {"kind": "json"}}
    assert json.loads(told[True]) == {"kind": "object", "members": {"o": array}}
    assert json.loads(told[False]) == {"kind": "object", "members": {"o": array, "m": of_json}}
    plain = ObjectType((Property("s", StringType()), Property("d", DecimalType(3))))
    assert presentation_for(plain, JS, preserve_json=False).guest_part == ""
