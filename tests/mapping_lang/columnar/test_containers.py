"""`array` and `map` by column, with everything that may stand in them (MAP-47, MAP-59)."""

import pytest

from mapping_lang.batch import Batch
from mapping_lang.compiler import compile_mapping
from mapping_lang.types.kinds import (
    ArrayType,
    JsonType,
    MapType,
    ObjectType,
    Property,
    StringType,
)
from mapping_lang.types.schema import Purpose
from mapping_lang.types.values import Json, Record

IN = ObjectType(
    (
        Property("s", StringType(), nullable=True),
        Property("j", JsonType(), nullable=True),
        Property("m", MapType(StringType())),
    )
)
OUT = ObjectType(
    (
        Property("a", ArrayType(JsonType()), nullable=True),
        Property("j", JsonType(), nullable=True),
        Property("m", MapType(JsonType()), nullable=True),
    )
)
RECORDS: list[Record] = [
    {"s": "x", "j": Json("[1, 2]"), "m": {"k": "v"}},
    {"s": None, "j": Json("null"), "m": {}},
    {"s": 'quo"te\\ \n', "j": None},
    {"m": {"k": "é", "other": ""}},
    {},
]


@pytest.mark.parametrize(
    ("property_name", "expression"),
    [
        ("a", "array()"),
        ("a", "array(s)"),
        ("a", "array(s, j, null, 1, m.k, m)"),
        ("a", "array(array(s, 5), map('k', s))"),
        ("j", "array(s, array(j), s)"),
        ("m", "map()"),
        ("m", "map('a', s)"),
        ("m", "map('a', s, 'b', coalesce(s), 'c', null, 'd', j, 'e', m.k)"),
        ("m", "map('b', m.k, 'a', m.k)"),
        ("m", "map('x', array(s), 'y', map('z', j))"),
        ("j", "map('b', s, 'a', 1)"),
    ],
)
def test_containers_are_made_alike(property_name: str, expression: str) -> None:
    program, mistakes = compile_mapping({property_name: expression}, IN, OUT)
    assert program is not None, mistakes
    for records in (RECORDS, RECORDS[:1], RECORDS[2:], RECORDS[4:]):
        batch = Batch.from_records(IN, RECORDS).slice(len(RECORDS) - len(records), len(records))
        found = program.apply(batch, Purpose.IMPORT)
        expected = program.apply_records(batch.to_records(), Purpose.IMPORT)
        found.batch.data.validate(full=True)
        assert found.batch.to_records() == expected.records
        assert found.rejections == expected.rejections
