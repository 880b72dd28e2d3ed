"""What is written for a guest, of every kind (FUNC-13); tests of the engine see it arrive."""

import json
from collections.abc import Sequence
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
    Schema,
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


def batch(
    schema: Schema, records: Sequence[Record], language: Language, *, preserve_json: bool = False
) -> str:
    presentation = presentation_for(schema, language, preserve_json=preserve_json)
    return presentation.present(records).piece(0, len(records)).decode()


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
        (DatetimeType(), MOMENT, '"2024-01-02T03:04:05.12Z"', '"2024-01-02T03:04:05.120000"'),
        (
            ArrayType(DatetimeType()),
            [MOMENT],
            '["2024-01-02T03:04:05.12Z"]',
            '["2024-01-02T03:04:05.120000"]',
        ),
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
    schema = ObjectType((Property("x", type_, nullable=True),))
    for language, text in ((JS, javascript), (PY, python)):
        assert batch(schema, [{"x": value}], language) == f"[1,[[{text}]]]"
        assert batch(schema, [{"x": value}, {"x": None}, {"x": value}], language) == (
            f"[3,[[{text},null,{text}]]]"
        )


@pytest.mark.parametrize("language", list(Language))
def test_preserved_json_is_written_as_its_exact_text(language: Language) -> None:
    schema = ObjectType((Property("x", JsonType()),))
    text = batch(schema, [{"x": DOCUMENT}], language, preserve_json=True)
    assert text == f"[1,[[{json.dumps(DOCUMENT.text)}]]]"


INNER = ObjectType((Property("b", IntType(64), nullable=True), Property("c", StringType())))
OUTER = ObjectType((Property("a", StringType()), Property("o", INNER, nullable=True)))


@pytest.mark.parametrize(
    ("records", "expected"),
    [
        ([], "[0,[[],[[],[]]]]"),
        ([{"a": "1", "o": {"b": 2, "c": "3"}}], '[1,[["1"],[["2"],["3"]]]]'),
        (
            [{"a": "1", "o": {"b": None, "c": "3"}}, {"o": {"c": "4"}}],
            (
                '[2,[{"values":["1",null],"absent":[1],"null":[]},'
                '[{"values":[null,null],"absent":[1],"null":[]},["3","4"]]]]'
            ),
        ),
        (
            [{"a": "1"}, {"a": "2", "o": None}],
            (
                '[2,[["1","2"],{"values":[{"values":[null,null],"absent":[0,1],"null":[]},'
                '{"values":[null,null],"absent":[0,1],"null":[]}],"absent":[0],"null":[1]}]]'
            ),
        ),
    ],
)
def test_a_batch_is_a_column_for_each_property(records: list[Record], expected: str) -> None:
    assert batch(OUTER, records, JS) == expected


def test_pieces_are_written_as_batches() -> None:
    schema = ObjectType((Property("x", IntType(32)),))
    presented = presentation_for(schema, JS, preserve_json=False).present(
        [{"x": 1}, {"x": 2}, {"x": 3}]
    )
    assert (len(presented), presented.piece(1, 3)) == (3, b"[2,[[2,3]]]")


@pytest.mark.parametrize("language", list(Language))
def test_a_record_of_no_schema_is_an_empty_object(language: Language) -> None:
    assert batch(NO_SCHEMA, [{}, {}], language) == "[{},{}]"
    assert presentation_for(NO_SCHEMA, language, preserve_json=False).reader == ""


def test_a_python_guest_is_told_the_shape_of_the_records() -> None:
    inner = ObjectType((Property("s", StringType()), Property("j", JsonType())))
    schema = ObjectType(
        (
            Property("i", IntType(32, maximum=7), nullable=True),
            Property("o", inner),
            Property("m", MapType(ArrayType(UuidType()))),
        )
    )
    for preserve_json, kind in ((False, "json"), (True, "string")):
        presentation = presentation_for(schema, PY, preserve_json=preserve_json)
        array = {"kind": "array", "element": {"kind": "uuid"}}
        assert json.loads(presentation.reader) == {
            "kind": "object",
            "members": {
                "i": {"kind": "int"},
                "o": {
                    "kind": "object",
                    "members": {"s": {"kind": "string"}, "j": {"kind": kind}},
                },
                "m": {"kind": "map", "element": array},
            },
        }
