"""The form in which Snowflake is given values (WH-26, section 3.1)."""

import pyarrow as pa

from mapping_lang.batch import Batch
from mapping_lang.diagnostics import Code
from mapping_lang.types.kinds import (
    ArrayType,
    IntType,
    JsonType,
    MapType,
    ObjectType,
    Property,
    StringType,
    Type,
)
from mapping_lang.types.values import Json, Value
from tests.warehouse.postgresql.loads import T0, ids, times
from warehouse.load import Prepared
from warehouse.prepare import prepare, produced_columns
from warehouse.snowflake.stored import MAX_BYTES, store


def _prepared(type_: Type, *values: Value) -> Prepared:
    schema = ObjectType((Property("x", type_, read_optional=True),))
    batch = Batch.from_records(schema, [{"x": value} for value in values])
    users = ids(*map(str, range(len(values))))
    return prepare(produced_columns(schema, [("x",)]), batch, users, times(T0, batch), store)


def test_arrays_and_maps_are_json() -> None:
    numbers = _prepared(ArrayType(IntType(32)), [1, 2], [])
    assert numbers.rows.column("x").to_pylist() == ["[1,2]", "[]"]
    texts = _prepared(MapType(StringType()), {"b": "x", "a": None}, {})
    assert texts.rows.column("x").to_pylist() == ['{"a":null,"b":"x"}', "{}"]


def test_large_unsigned_integers_are_decimals() -> None:
    found = _prepared(IntType(64, unsigned=True), 2**64 - 1)
    assert found.rows.column("x").type == pa.decimal128(20, 0)
    assert [int(each) for each in found.rows.column("x").to_pylist()] == [2**64 - 1]


def test_u0000_is_removed() -> None:
    assert _prepared(StringType(), "a\0b").rows.column("x").to_pylist() == ["ab"]
    assert _prepared(JsonType(), Json('"\\u0000\\\\u0000"')).rows.column("x").to_pylist() == [
        '"\\\\u0000"'
    ]


def test_what_is_too_large_is_a_rejection_of_its_record() -> None:
    huge = "x" * (MAX_BYTES + 1)
    cases: list[tuple[Type, Value, Value, Code]] = [
        (StringType(), "a", huge, Code.VALUE_MAX_LENGTH),
        (JsonType(), Json("1"), Json(f'"{huge}"'), Code.VALUE_LIMIT),
        (ArrayType(StringType()), ["a"], [huge], Code.VALUE_LIMIT),
        (JsonType(), Json('"1e999"'), Json('{"a":[1,-1e999]}'), Code.VALUE_RANGE),
        (JsonType(), Json("1e308"), Json("1" * 310), Code.VALUE_RANGE),
    ]
    for type_, good, bad, code in cases:
        found = _prepared(type_, good, bad)
        assert [(each.position, each.code) for each in found.rejections] == [(1, code)]
        assert found.kept.to_pylist() == ["1"]
        assert found.rows.num_rows == 1
