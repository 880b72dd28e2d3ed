"""A batch of columns comes to what the same records come to, one way or the other."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mapping_lang.batch import Batch
from mapping_lang.types.kinds import (
    DatetimeType,
    DateType,
    IntType,
    ObjectType,
    Property,
    Schema,
    StringType,
)
from mapping_lang.types.schema import Purpose
from mapping_lang.types.values import Record
from runtime.deadline import Deadline
from runtime.engine import GuestEngine
from runtime.functions import FunctionBatch, FunctionTask
from runtime.limits import Limits
from runtime.sandbox.interface import Language
from tests.runtime.engines import LIMITS, apply, object_of, opened, task_of
from tests.strategies import canonical, schemas_and_records

JS, PY = Language.JAVASCRIPT, Language.PYTHON
IDENTITY = {JS: "const transform = (r) => r;", PY: "def transform(r):\n    return r\n"}


@pytest.fixture(scope="module")
def engine() -> Iterator[GuestEngine]:
    made = opened()
    yield made
    made.close()


def apply_batch(
    engine: GuestEngine,
    task: FunctionTask,
    records: list[Record],
    purposes: Purpose | list[Purpose] = Purpose.IMPORT,
    limits: Limits = LIMITS,
) -> FunctionBatch:
    batch = Batch.from_records(task.in_schema, records)
    deadline = Deadline(None, limits.batch_seconds)
    return engine.apply_batch(task, batch, purposes, limits, deadline, capture_output=True)


def agree(
    engine: GuestEngine,
    task: FunctionTask,
    records: list[Record],
    purposes: Purpose | list[Purpose] = Purpose.IMPORT,
    limits: Limits = LIMITS,
) -> FunctionBatch:
    """Apply a function both ways, which have to give the same."""
    expected = apply(engine, task, records, purposes, limits, capture_output=True)
    found = apply_batch(engine, task, records, purposes, limits)
    assert canonical(found.batch.to_records()) == canonical(expected.records)
    assert (found.rejections, found.captured) == (expected.rejections, expected.captured)
    return found


@pytest.mark.parametrize("language", list(Language))
@given(data=st.data())
@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
def test_what_goes_in_as_a_column_comes_out_as_the_same(
    engine: GuestEngine, data: st.DataObject, language: Language
) -> None:
    schema, records = data.draw(schemas_and_records(depth=1))
    # Without preserved JSON, numbers inside of it change in JavaScript.
    task = task_of(language, IDENTITY[language], schema, schema, preserve_json=True)
    assert agree(engine, task, records).rejections == []


INNER = ObjectType((Property("b", IntType(64), nullable=True), Property("c", StringType())))
SCHEMA: Schema = ObjectType(
    (
        Property("s", StringType(max_length=20), create_required=True),
        Property("t", DatetimeType()),
        Property("d", DateType(), nullable=True),
        Property("o", INNER),
    )
)
CHANGE = {
    JS: """
    function transform(r) {
      const i = r.i;
      const result = {s: 's' + i, t: new Date(1000 * i), d: '2024-01-02', o: {b: BigInt(i), c: 'é'}};
      if (i % 100 === 7) throw new Error('no');
      if (i % 100 === 17) result.s = 'x'.repeat(21);
      if (i % 100 === 27) delete result.d;
      if (i % 100 === 37) result.d = null;
      if (i % 100 === 47) result.t = null;
      if (i % 100 === 57) result.o = null;
      if (i % 100 === 67) delete result.s;
      if (i % 100 === 77) console.log(i);
      return result;
    }
    """,
    PY: """
import datetime

def transform(r):
    i = r['i']
    moment = datetime.datetime.fromisoformat('1970-01-01') + datetime.timedelta(seconds=i)
    result = {'s': f's{i}', 't': moment, 'd': datetime.date(2024, 1, 2), 'o': {'b': i, 'c': 'é'}}
    if i % 100 == 7: raise ValueError('no')
    if i % 100 == 17: result['s'] = 'x' * 21
    if i % 100 == 27: del result['d']
    if i % 100 == 37: result['d'] = None
    if i % 100 == 47: result['t'] = None
    if i % 100 == 57: result['o'] = None
    if i % 100 == 67: del result['s']
    if i % 100 == 77: print(i)
    return result
""",
}


@pytest.mark.parametrize("language", list(Language))
@pytest.mark.parametrize("number", [0, 7, 17, 27, 37, 47, 57, 67, 77])
@pytest.mark.parametrize("purpose", [Purpose.IMPORT, Purpose.CREATE])
def test_each_unusual_result_comes_to_the_same_among_usual_ones(
    engine: GuestEngine, language: Language, number: int, purpose: Purpose
) -> None:
    task = task_of(language, CHANGE[language], object_of(i=IntType(32)), SCHEMA)
    records: list[Record] = [{"i": i} for i in (101, number, 102)]
    found = agree(engine, task, records, purpose)
    first = {
        "s": "s101",
        "t": datetime(1970, 1, 1, 0, 1, 41, tzinfo=UTC),
        "d": datetime(2024, 1, 2, tzinfo=UTC).date(),
        "o": {"b": 101, "c": "é"},
    }
    assert found.batch.to_records()[0] == first


@pytest.mark.parametrize("language", list(Language))
def test_many_unusual_results_come_to_the_same(engine: GuestEngine, language: Language) -> None:
    task = task_of(language, CHANGE[language], object_of(i=IntType(32)), SCHEMA)
    records: list[Record] = [{"i": i} for i in range(300)]
    found = agree(engine, task, records, [Purpose.IMPORT, Purpose.CREATE, Purpose.UPDATE] * 100)
    assert [each.position % 100 for each in found.rejections][:2] == [7, 17]
    assert agree(engine, task, []).batch.num_records == 0


@pytest.mark.parametrize("language", list(Language))
def test_a_guest_that_dies_costs_its_record_in_both_ways(
    engine: GuestEngine, language: Language
) -> None:
    sources = {
        JS: "function transform(r) { if (r.i === 3) while (true) {} return r; }",
        PY: "def transform(r):\n    while r['i'] == 3:\n        pass\n    return r\n",
    }
    schema = object_of(i=IntType(32))
    task = task_of(language, sources[language], schema, schema)
    limits = replace(LIMITS, record_seconds=0.5)
    found = agree(engine, task, [{"i": i} for i in range(6)], limits=limits)
    assert [each.position for each in found.rejections] == [3]
    assert found.batch.to_records() == [{"i": i} for i in (0, 1, 2, 4, 5)]
