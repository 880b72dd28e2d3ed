from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal

import pytest

from mapping_lang.batch import Batch
from mapping_lang.compiler import compile_mapping
from mapping_lang.diagnostics import Code
from mapping_lang.program import AppliedBatch, Program, Purposes
from mapping_lang.types.errors import ValueRefusedError
from mapping_lang.types.kinds import (
    ArrayType,
    DecimalType,
    IntType,
    MapType,
    ObjectType,
    Property,
    StringType,
)
from mapping_lang.types.schema import Purpose
from mapping_lang.types.values import Record, Value
from tests.conformance.both_paths import apply, fit_a_batch
from tests.conformance.outcome import Mismatch

SCHEMA = ObjectType((Property("s", StringType(), nullable=True),))
OUT = ObjectType((Property("n", IntType(8)),))
ROWS: list[Record] = [{"s": "1"}, {"s": "x"}, {"s": None}]


def program() -> Program:
    compiled, mistakes = compile_mapping({"n": "s"}, SCHEMA, OUT)
    assert compiled is not None, mistakes
    return compiled


class Changed(Program):
    """A program whose columns are not what its records are."""

    __slots__ = ("_change",)

    def __init__(self, change: Callable[[AppliedBatch], AppliedBatch]) -> None:
        super().__init__(program().plan)
        self._change = change

    def apply(self, batch: Batch, purposes: Purposes) -> AppliedBatch:
        return self._change(super().apply(batch, purposes))


def test_both_paths_give_the_outcome_of_every_record() -> None:
    outcomes = apply(program(), SCHEMA, ROWS, Purpose.IMPORT)
    assert not isinstance(outcomes, Mismatch)
    records = [record for record, _ in outcomes]
    refused = [rejection for _, rejection in outcomes if rejection is not None]
    assert (records, [(one.position, one.path) for one in refused]) == (
        [{"n": 1}, None, {}],
        [(1, "n")],
    )


def other_value(done: AppliedBatch) -> AppliedBatch:
    records = [{**record, "n": 7} for record in done.batch.to_records()]
    return AppliedBatch(Batch.from_records(done.batch.schema, records), done.rejections)


def other_message(done: AppliedBatch) -> AppliedBatch:
    (first, *rest) = done.rejections
    return AppliedBatch(
        done.batch, [type(first).refused(first.position, first.step, _error()), *rest]
    )


def _error() -> ValueRefusedError:
    return ValueRefusedError(Code.VALUE_RANGE, "other")


def other_position(done: AppliedBatch) -> AppliedBatch:
    return AppliedBatch(done.batch, [replace(one, position=0) for one in done.rejections])


@pytest.mark.parametrize("change", [other_value, other_message, other_position])
def test_paths_that_differ_are_a_mismatch(change: Callable[[AppliedBatch], AppliedBatch]) -> None:
    assert isinstance(apply(Changed(change), SCHEMA, ROWS, Purpose.IMPORT), Mismatch)


INNER = ObjectType((Property("x", IntType(8)),))


@pytest.mark.parametrize(
    ("item", "value", "fits"),
    [
        (Property("p", IntType(8)), 127, True),
        (Property("p", IntType(8)), 128, False),
        (Property("p", IntType(8)), None, False),
        (Property("p", IntType(8), nullable=True), None, True),
        (Property("p", DecimalType(76, 37)), Decimal("1e40"), False),
        (Property("p", StringType(values=("a",)), nullable=True), "", False),
        # What is absent can be told of every property, required or not.
        (Property("p", INNER), {}, True),
        (Property("p", ArrayType(MapType(INNER))), [{"k": {}}], True),
        (Property("p", ArrayType(MapType(INNER))), [{"k": {"x": 1000}}], False),
    ],
)
def test_records_of_their_types_fit_a_batch(
    item: Property, value: Value | None, *, fits: bool
) -> None:
    schema = ObjectType((item,))
    assert fit_a_batch([{}, {"p": value, "unknown": "x"}], schema) is fits


def test_records_that_fit_no_batch_are_run_one_by_one() -> None:
    schema = ObjectType((Property("s", StringType(max_length=1)),))
    compiled, mistakes = compile_mapping({"n": "s"}, schema, OUT)
    assert compiled is not None, mistakes
    outcomes = apply(compiled, schema, [{"s": "12"}], Purpose.IMPORT)
    assert outcomes == [({"n": 12}, None)]
