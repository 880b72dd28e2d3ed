"""Rows mean what the objects mean that they stand for, mistakes included."""

import json
import random
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mapping_lang.types.errors import ValueRefusedError
from mapping_lang.types.kinds import (
    ArrayType,
    DatetimeType,
    IntType,
    JsonType,
    MapType,
    ObjectType,
    Property,
    Schema,
    StringType,
)
from mapping_lang.types.schema import Purpose
from mapping_lang.types.values import JSON_NULL, Json, Record
from runtime.acceptance.accept import accept_rows
from runtime.acceptance.contract import Contract
from runtime.acceptance.exact import accept_exactly
from runtime.acceptance.javascript import MAX_NUMBER_MILLIS
from runtime.acceptance.layout import Branch, layout_of, leaves_of
from runtime.sandbox.interface import Language
from tests.runtime.acceptance.test_accept import MEMBERS, written
from tests.strategies import schemas

JS, PY = Language.JAVASCRIPT, Language.PYTHON
IMPORT, CREATE = Purpose.IMPORT, Purpose.CREATE
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

# What stands in a row, and what stands in its object.
MOMENTS = {
    JS: [
        ("5", '"1970-01-01T00:00:05.000Z"'),
        ("-0.001", '"1969-12-31T23:59:59.999Z"'),
        ("1706714645.123", '"2024-01-31T15:24:05.123Z"'),
        ('"2024-01-02T03:04:05+02:00"',) * 2,
        ('"2024-01-02"',) * 2,
        ("true",) * 2,
        ("null",) * 2,
    ],
    PY: [
        ('"2024-01-02T03:04:05"', '"2024-01-02 03:04:05"'),
        ('"2024-01-02T03:04:05.123000"', '"2024-01-02 03:04:05.123000"'),
        ('"0001-01-01T00:00:00"', '"0001-01-01 00:00:00"'),
        ("1",) * 2,
        ("null",) * 2,
    ],
}


def read(
    rows: Sequence[str],
    schema: Schema,
    language: Language = JS,
    purposes: Purpose | list[Purpose] = IMPORT,
    *,
    preserve_json: bool = False,
) -> list[Record | ValueRefusedError]:
    lines = "".join(f"{row}\n" for row in rows).encode()
    return accept_rows(
        lines, range(len(rows)), purposes, schema, language, preserve_json=preserve_json
    )


def object_of(branch: Branch, members: dict[int, str]) -> str:
    parts = []
    for child in branch.children:
        if isinstance(child, Branch):
            parts.append(f'"{child.path[-1]}":{object_of(child, members)}')
        elif child.place in members:
            parts.append(f'"{child.path[-1]}":{members[child.place]}')
    return "{" + ",".join(parts) + "}"


@given(
    data=st.data(),
    language=st.sampled_from(Language),
    purpose=st.sampled_from(Purpose),
    preserve_json=st.booleans(),
)
@settings(max_examples=200, deadline=None)
def test_a_row_is_read_as_its_object(
    data: st.DataObject, language: Language, purpose: Purpose, *, preserve_json: bool
) -> None:
    schema = data.draw(schemas(2))
    layout = layout_of(schema)
    leaves = leaves_of(layout)
    rows, objects = [], []
    for _ in range(data.draw(st.integers(1, 4))):
        pairs = [
            data.draw(
                st.sampled_from(MOMENTS[language])
                if isinstance(leaf.item.type, DatetimeType)
                else MEMBERS.map(lambda text: (text, text))
            )
            for leaf in leaves
        ]
        absent = data.draw(st.lists(st.sampled_from(range(len(leaves))), unique=True, max_size=2))
        values = ["null" if place in absent else row for place, (row, _) in enumerate(pairs)]
        rows.append(f"[{','.join([*values, json.dumps(absent)] if absent else values)}]")
        present = {place: text for place, (_, text) in enumerate(pairs) if place not in absent}
        objects.append(object_of(layout, present))
    contract = Contract(schema, language, preserve_json, purpose)
    found = read(rows, schema, language, purpose, preserve_json=preserve_json)
    assert list(map(written, found)) == [written(exactly(contract, each)) for each in objects]


def exactly(contract: Contract, result: str) -> Record | ValueRefusedError:
    try:
        return accept_exactly(contract, result.encode())
    except ValueRefusedError as error:
        return error


def test_seconds_of_a_date_are_exact_to_its_millisecond() -> None:
    chance = random.Random(7)  # noqa: S311 - repeatable
    extremes = (0, -1, 1, MAX_NUMBER_MILLIS, -MAX_NUMBER_MILLIS, MAX_NUMBER_MILLIS - 1)
    drawn = [chance.randrange(-MAX_NUMBER_MILLIS, MAX_NUMBER_MILLIS) for _ in range(20_000)]
    schema = ObjectType((Property("t", DatetimeType()),))
    millis = [*extremes, *drawn]
    rows = [msgspec.json.encode([number / 1000]).decode() for number in millis]
    expected = [{"t": EPOCH + timedelta(milliseconds=number)} for number in millis]
    assert read(rows, schema) == expected


INNER = ObjectType((Property("a", StringType()), Property("b", IntType(8), nullable=True)))
NESTED = ObjectType(
    (
        Property("x", StringType(), create_required=True),
        Property("o", INNER),
        Property("j", JsonType()),
    )
)


@pytest.mark.parametrize(
    ("row", "by_import", "by_create"),
    [
        ('["1","2",3,[4]]', {"x": "1", "o": {"a": "2", "b": 3}, "j": Json("[4]")}, None),
        ('["1","2",null,null]', {"x": "1", "o": {"a": "2", "b": None}, "j": JSON_NULL}, None),
        ('["1","2",null,null,[2,3]]', {"x": "1", "o": {"a": "2"}}, None),
        ('["1",null,1,1]', {"x": "1", "o": {"b": 1}, "j": Json("1")}, "o.a VALUE_NULL"),
        ('[null,"2",1,1,[0]]', {"o": {"a": "2", "b": 1}, "j": Json("1")}, "x VALUE_MISSING"),
        ('["1","2",300,1]', "o.b VALUE_MAXIMUM", "o.b VALUE_MAXIMUM"),
    ],
)
def test_null_and_absent_in_a_row(row: str, by_import: object, by_create: object) -> None:
    expected = written(by_import) if isinstance(by_import, dict) else by_import
    good, found = read(['["","",0,0]', row], NESTED)
    assert (written(good), written(found)) == (
        written({"x": "", "o": {"a": "", "b": 0}, "j": Json("0")}),
        expected,
    )
    [found] = read([row], NESTED, purposes=CREATE)
    assert written(found) == (by_create or expected)


@pytest.mark.parametrize(
    "row",
    ["", "5", '["1"]', '["1","2",3,4,5]', '["1","2",3,4,[9]]', '["1","2",3,4,[0],0]', "[",
     '["1","2",3,{"a":1,"a":2}]', '["1","2",3,' + "[" * 100_000 + "]" * 100_000 + "]"],
)  # fmt: skip
def test_what_no_guest_writes_is_refused_and_its_neighbours_are_not(row: str) -> None:
    good, found, last = read(['["1","2",3,4]', row, '["5","6",7,8]'], NESTED)
    assert isinstance(found, ValueRefusedError)
    assert (written(good), written(last)) == (
        written({"x": "1", "o": {"a": "2", "b": 3}, "j": Json("4")}),
        written({"x": "5", "o": {"a": "6", "b": 7}, "j": Json("8")}),
    )


def test_each_row_is_read_for_its_own_purpose() -> None:
    rows = ['[null,"2",1,1,[0]]'] * 3
    found = read(rows, NESTED, purposes=[IMPORT, CREATE, IMPORT])
    record = written({"o": {"a": "2", "b": 1}, "j": Json("1")})
    assert list(map(written, found)) == [record, "x VALUE_MISSING", record]


def test_repeated_members_inside_of_a_row_are_found() -> None:
    schema = ObjectType((Property("m", MapType(IntType(8))), Property("o", ArrayType(INNER))))
    found = read(
        ['[{"a":1},[{"a":"1"}]]', '[{"a":1,"a":2},[]]', '[{},[{"a":"1","a":"2"}]]'], schema
    )
    assert written(found[0]) == written({"m": {"a": 1}, "o": [{"a": "1"}]})
    assert [isinstance(each, ValueRefusedError) for each in found] == [False, True, True]
