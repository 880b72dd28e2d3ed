import random

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mapping_lang.batch import Batch, Rejection, Step
from mapping_lang.diagnostics import Code, FailureClass
from mapping_lang.types.arrow.layout import arrow_schema
from mapping_lang.types.errors import LayoutError, ValueRefusedError
from mapping_lang.types.kinds import (
    NO_SCHEMA,
    IntType,
    ObjectType,
    Property,
    Schema,
    StringType,
)
from mapping_lang.types.schema import leaves, prune
from mapping_lang.types.values import Record, Value
from tests.strategies import canonical, schemas_and_records

INT = IntType(32)
SCHEMA = ObjectType((Property("a", INT), Property("b", StringType(), nullable=True)))
RECORDS: list[Record] = [{"a": 1, "b": "x"}, {"a": 2, "b": None}, {"b": "z"}, {"a": 4}]


@given(schemas_and_records(), st.randoms(use_true_random=False))
@settings(max_examples=120)
def test_a_batch_does_what_a_list_of_records_does(
    schema_and_records: tuple[Schema, list[Record]], chance: random.Random
) -> None:
    schema, records = schema_and_records
    batch = Batch.from_records(schema, records)
    count = len(records)
    mask = [chance.random() < 0.5 for _ in records]
    positions = [chance.randrange(count) for _ in range(2 * count)]
    start, length = chance.randrange(count + 1), chance.randrange(count + 2)

    filtered = batch.filter(pa.array(mask, pa.bool_()))
    taken = batch.take(positions)
    sliced = batch.slice(start, length)
    both = Batch.concat(schema, [taken, sliced, filtered])

    kept = [record for record, keep in zip(records, mask, strict=True) if keep]
    picked = [records[position] for position in positions]
    part = records[start : start + length]
    for found, expected in (
        (filtered, kept),
        (taken, picked),
        (sliced, part),
        (both, picked + part + kept),
        (sliced.filter(pa.array([True] * len(part), pa.bool_())), part),
        (taken.slice(1), picked[1:]),
        (Batch.from_bytes(schema, sliced.to_bytes()), part),
    ):
        assert found.num_records == len(expected)
        assert canonical(found.to_records()) == canonical(expected)
        # Whatever kernels leave behind, it is a valid batch.
        Batch.checked(schema, found.data)


@given(schemas_and_records(depth=3), st.randoms(use_true_random=False))
@settings(max_examples=60)
def test_a_pruned_batch_has_the_pruned_records(
    schema_and_records: tuple[Schema, list[Record]], chance: random.Random
) -> None:
    schema, records = schema_and_records
    kept = {path for path, _ in leaves(schema) if chance.random() < 0.5}
    pruned = prune(schema, lambda path, _: path in kept)
    start = chance.randrange(len(records) + 1)
    batch = Batch.from_records(schema, records).slice(start).prune(pruned)
    Batch.checked(pruned, batch.data)
    expected = [pruned_record(record, pruned) for record in records[start:]]
    assert canonical(batch.to_records()) == canonical(expected)


def pruned_record(record: Record, schema: Schema) -> Record:
    kept: Record = {}
    for item in schema.properties:
        if item.name in record:
            value: Value | None = record[item.name]
            if isinstance(item.type, ObjectType) and isinstance(value, dict):
                value = pruned_record(value, item.type)
            kept[item.name] = value
    return kept


def test_records_without_properties_are_counted() -> None:
    batch = Batch.from_records(NO_SCHEMA, [{}] * 5)
    assert [
        batch.num_records,
        batch.filter(pa.array([True, False, True, None, False])).num_records,
        batch.take([0, 0]).num_records,
        batch.slice(1, 3).num_records,
        Batch.concat(NO_SCHEMA, [batch, batch]).num_records,
        Batch.from_bytes(NO_SCHEMA, batch.to_bytes()).num_records,
        Batch.trusted(NO_SCHEMA, [], 5).num_records,
        Batch.from_records(SCHEMA, RECORDS).prune(NO_SCHEMA).num_records,
    ] == [5, 2, 2, 3, 10, 5, 5, 4]


def test_no_batches_make_an_empty_one() -> None:
    assert Batch.concat(SCHEMA, []) == Batch.from_records(SCHEMA, [])


def test_a_mask_that_is_null_keeps_nothing() -> None:
    batch = Batch.from_records(SCHEMA, RECORDS)
    assert batch.filter(pa.array([True, None, False, None])).to_records() == RECORDS[:1]


def test_columns_from_our_own_kernels_are_taken_over() -> None:
    batch = Batch.from_records(SCHEMA, RECORDS)
    assert Batch.trusted(SCHEMA, batch.data.columns, 4) == batch


def test_the_column_at_a_path_is_given_with_where_it_is_absent() -> None:
    column = Batch.from_records(SCHEMA, RECORDS).column(("b",))
    assert column.values.to_pylist() == ["x", None, "z", None]
    assert column.absent.to_pylist() == [False, False, False, True]


def test_columns_from_elsewhere_are_checked() -> None:
    columns = [pa.array([1], pa.int32()), pa.array(["x"]), pa.array([True])]
    data = pa.RecordBatch.from_arrays(columns, schema=arrow_schema(SCHEMA))
    with pytest.raises(LayoutError):
        Batch.checked(SCHEMA, data)
    narrow = ObjectType(
        (Property("a", INT), Property("b", StringType(max_length=1), nullable=True))
    )
    wide = Batch.from_records(SCHEMA, [{"a": 1, "b": "long"}])
    with pytest.raises(ValueRefusedError):
        Batch.from_bytes(narrow, wide.to_bytes())


def test_bytes_from_elsewhere_have_limits() -> None:
    payload = Batch.from_records(SCHEMA, RECORDS).to_bytes()
    assert Batch.from_bytes(SCHEMA, payload, max_records=4).num_records == 4
    for limits in ({"max_records": 3}, {"max_bytes": 100}):
        with pytest.raises(LayoutError) as refused:
            Batch.from_bytes(SCHEMA, payload, **limits)
        assert refused.value.code is Code.VALUE_LIMIT


def test_a_refused_value_rejects_its_record() -> None:
    error = ValueRefusedError(Code.VALUE_MAXIMUM, "9 is greater than 8", path=("a", 0, "b"))
    assert Rejection.refused(7, Step.VALIDATE_INPUT, error) == Rejection(
        position=7,
        step=Step.VALIDATE_INPUT,
        code=Code.VALUE_MAXIMUM,
        message="9 is greater than 8",
        failure_class=FailureClass.DATA,
        path="a[0].b",
        line=None,
        column=None,
        hint="",
    )


def test_the_words_of_steps_and_classes_are_those_of_the_glossary() -> None:
    assert [step.value for step in Step] == [
        "receive", "validate input", "filter", "transform", "validate output", "write",
    ]  # fmt: skip
    assert [item.value for item in FailureClass] == ["user", "data", "platform", "capacity"]
