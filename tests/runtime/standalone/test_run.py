from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest

from mapping_lang.batch import Rejection, Step
from mapping_lang.diagnostics import Code
from mapping_lang.types.kinds import ObjectType, Property
from mapping_lang.types.schema import Purpose
from runtime.contract import Function, Mapping, Transformation
from runtime.limits import Limits
from runtime.sandbox.interface import Language
from runtime.standalone.apply import Applier
from runtime.standalone.definition import Definition
from runtime.standalone.engines import Engines
from runtime.standalone.outcome import UnreadableError
from runtime.standalone.records.interface import (
    PAUSE,
    Item,
    Pause,
    ReadRecord,
    RefusedRecord,
)
from runtime.standalone.run import (
    BATCH_BYTES,
    FUNCTION_RECORDS,
    MAPPING_RECORDS,
    Tally,
    batch_records,
    batches,
    run,
    sampled,
)
from tests.runtime.standalone.inputs import INT, TEXT, object_of

SCHEMA = object_of(n=TEXT)
OUT = ObjectType((Property("n", INT, create_required=True), Property("s", TEXT)))


def definition_of(**expressions: str) -> Definition:
    body = Mapping(expressions=tuple(sorted(expressions.items())))
    return Definition(
        transformation=Transformation.of(SCHEMA, OUT, body),
        in_schema=SCHEMA,
        out_schema=OUT,
        lines={},
    )


def applier_of(
    limits: Limits | None = None, purpose: Purpose = Purpose.IMPORT, **expressions: str
) -> Applier:
    definition = definition_of(**(expressions or {"n": "n"}))
    with Engines(limits or Limits()) as engines:
        transformer = engines.transformer_for(definition.transformation)
    return Applier(transformer, definition, purpose)


def record(number: int, text: str = "1", size: int = 10) -> ReadRecord:
    return ReadRecord(number, number + 1, {"n": text}, size)


def refused(number: int) -> RefusedRecord:
    rejection = Rejection(
        position=number - 1, step=Step.RECEIVE, code=Code.VALUE_SYNTAX, message="broken"
    )
    return RefusedRecord(number, number + 1, rejection)


@dataclass(slots=True)
class Heard:
    """A receiver that remembers, in order."""

    said: list[object] = field(default_factory=list)

    def results(self, numbers: list[int], texts: list[bytes]) -> None:
        self.said.append((numbers, texts))

    def rejection(self, number: int, line: int | None, rejection: Rejection) -> None:
        self.said.append((number, line, rejection.code.value))

    def printed(self, number: int, line: int | None, text: str) -> None:
        self.said.append((number, line, text))

    def moved(self, tally: Tally) -> None:
        self.said.append(tally.records)


def test_outcomes_are_told_by_number_and_line_batch_by_batch() -> None:
    heard, tally = Heard(), Tally()
    items: list[Item] = [record(1), refused(2), record(3, "x"), record(4, "4"), refused(5)]
    run(batches(items, 4), applier_of(), heard, tally)
    assert heard.said == [
        ([1, 4], [b'{"n":1}', b'{"n":4}']),
        (2, 3, "V201"),
        (3, 4, "V202"),
        4,
        (5, 6, "V201"),
        5,
    ]
    assert (tally.records, tally.results, tally.rejected) == (5, 2, 3)
    assert tally.reasons == {("V201", ""): 2, ("V202", "n"): 1}
    assert tally.is_complete


def test_a_run_that_is_outdated_ends_after_its_batch() -> None:
    heard, tally = Heard(), Tally()
    run(batches([record(1), record(2), record(3)], 1), applier_of(), heard, tally, lambda: True)
    assert (tally.records, tally.is_complete) == (1, False)


def test_what_was_done_is_counted_however_it_ends() -> None:
    def broken() -> Iterator[list[Item]]:
        yield [record(1)]
        raise KeyboardInterrupt

    tally = Tally()
    with pytest.raises(KeyboardInterrupt):
        run(broken(), applier_of(), Heard(), tally)
    assert tally.records == 1
    assert tally.seconds > 0


@pytest.mark.parametrize(
    ("items", "numbers"),
    [
        ([], []),
        ([PAUSE, PAUSE], []),
        ([record(1), record(2), record(3)], [[1, 2], [3]]),
        ([record(1), PAUSE, record(2), PAUSE], [[1], [2]]),
        ([record(1, size=BATCH_BYTES), record(2), refused(3)], [[1], [2, 3]]),
    ],
)
def test_a_batch_ends_when_it_is_full_or_nothing_more_is_here(
    items: list[Item | Pause], numbers: list[list[int]]
) -> None:
    assert [[item.number for item in batch] for batch in batches(items, 2)] == numbers


def test_what_came_before_a_place_that_cannot_be_read_is_a_batch() -> None:
    def cut_short() -> Iterator[Item | Pause]:
        yield record(1)
        raise UnreadableError("x", "ends here")

    found = batches(cut_short(), 2)
    assert next(found) == [record(1)]
    with pytest.raises(UnreadableError):
        next(found)


def test_a_sample_does_not_wait_for_more() -> None:
    def endless() -> Iterator[Item | Pause]:
        yield record(1)
        yield PAUSE
        yield refused(2)
        raise AssertionError("a third record was asked for")

    assert list(sampled(endless(), 2)) == [record(1), PAUSE, refused(2)]
    assert list(sampled([record(1)], None)) == [record(1)]


def test_batches_are_smaller_for_functions_and_wide_schemas() -> None:
    mapping = Mapping(expressions=())
    function = Function(language=Language.PYTHON, source="", in_paths=(), out_paths=())
    wide = ObjectType(tuple(Property(f"p{n}", TEXT) for n in range(5_000)))
    assert batch_records(mapping, SCHEMA) == MAPPING_RECORDS
    assert batch_records(function, SCHEMA) == FUNCTION_RECORDS
    assert batch_records(mapping, wide) == 100


def test_purposes_decide_what_is_required() -> None:
    # MAP-115
    applied = applier_of(purpose=Purpose.CREATE, s="n").apply([{"n": "1"}])
    assert applied.rejections == []
    required = applier_of(purpose=Purpose.CREATE, n="if(eq(n, 'x'), 1)").apply([{"n": "1"}])
    assert [each.code for each in required.rejections] == [Code.APPLY_REQUIRED]


def test_what_is_too_large_together_is_done_apart() -> None:
    limits = Limits(batch_output_bytes=4_000)
    applied = applier_of(limits, s="n n").apply(
        [{"n": "a" * 1_000}, {"n": "b" * 5_000}, {"n": "c" * 500}, {"n": "d"}]
    )
    assert [text[:7] for text in applied.results] == [b'{"s":"a', b'{"s":"c', b'{"s":"d']
    (rejection,) = applied.rejections
    assert (rejection.position, rejection.code, rejection.step) == (
        1,
        Code.VALUE_LIMIT,
        Step.TRANSFORM,
    )
    assert rejection.message.startswith(
        "the record is too large for a batch of its own: `batch_output_bytes`: found "
    )
