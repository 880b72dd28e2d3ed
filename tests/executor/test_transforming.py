"""Transforming batches, as often as it takes and as little as it may (RUN-29, DEC-33)."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

import pytest

from connectors.files import BatchSizes
from executor.errors import FatalError
from executor.selection import Moments, Selected, select
from executor.steps import Counters
from executor.transforming import Transforming
from mapping_lang.batch import Batch, Rejection, Step
from mapping_lang.diagnostics import Code
from mapping_lang.types.schema import Purpose
from runtime.client import Job
from runtime.contract import Function, Transformed
from runtime.errors import (
    BatchStoppedError,
    FunctionPausedError,
    FunctionRefusedError,
    KilnRuntimeError,
    UnavailableError,
)
from runtime.sandbox.interface import Language
from tests.executor.imports import NOW, OF_THE_FILE, OUT_SCHEMA, Row, Rows, definition, row

Answer = Callable[[Batch], KilnRuntimeError | Transformed[Batch]]


def _whole(batch: Batch, *rejected: int) -> Transformed[Batch]:
    """Give the e-mail addresses of all records but some."""
    records = batch.to_records()
    kept = [each for number, each in enumerate(records) if number not in rejected]
    return Transformed(
        content=Batch.from_records(OUT_SCHEMA, [{"email": each["mail"]} for each in kept]),
        rejections=tuple(
            Rejection(position=each, step=Step.TRANSFORM, code=Code.VALUE_FORM, message="no")
            for each in rejected
        ),
    )


@dataclass(slots=True)
class Scripted:
    """A runtime that answers as it is told, and remembers what it was asked."""

    answer: Answer
    sizes: list[int] = field(default_factory=list)

    async def transform(self, job: Job, batch: Batch, purposes: Purpose) -> Transformed[Batch]:
        assert (job.tenant, purposes) == ("1", Purpose.IMPORT)
        self.sizes.append(batch.num_records)
        answer = self.answer(batch)
        if isinstance(answer, KilnRuntimeError):
            raise answer
        return answer


async def _selected(*rows: Row) -> Selected:
    async for read in Rows(rows, size=100).batches(definition().in_schema, BatchSizes()):
        return select(definition(), read, Moments(modified_at=OF_THE_FILE, now=NOW))
    raise AssertionError("there is no batch")


def _sleeping(waits: list[float]) -> Callable[[float], Awaitable[None]]:
    async def sleep(seconds: float) -> None:
        waits.append(seconds)

    return sleep


def _transforming(answer: Answer) -> tuple[Transforming, Scripted, list[float]]:
    waits: list[float] = []
    runtime = Scripted(answer)
    return Transforming(runtime, definition(), _sleeping(waits)), runtime, waits


async def test_what_is_rejected_is_told_by_its_place_in_the_source() -> None:
    transforming, _, _ = _transforming(lambda batch: _whole(batch, 1))

    found = await transforming.apply(await _selected(row(""), row("a"), row("b"), row("c")))

    assert found.batch.num_records == 2
    assert found.selected.user_ids.to_pylist() == ["a", "c"]
    assert found.selected.positions.to_pylist() == [1, 3]
    assert [(each.position, each.step, each.user_id) for each in found.failures] == [
        (0, Step.RECEIVE, None),
        (2, Step.TRANSFORM, "b"),
    ]
    assert found.counters == Counters((3, 3, 3, 2, 2, 0), (1, 0, 0, 1, 0, 0))
    assert found.failures[1].update_time == OF_THE_FILE


async def test_nobody_is_asked_about_nothing() -> None:
    transforming, runtime, _ = _transforming(_whole)

    found = await transforming.apply(await _selected(row("")))

    assert (found.batch.num_records, runtime.sizes) == (0, [])
    assert found.counters == Counters((0,) * 6, (1, 0, 0, 0, 0, 0))


async def test_a_batch_that_takes_too_long_is_divided() -> None:
    """DEC-33: no record pays for being one of many."""

    def answer(batch: Batch) -> KilnRuntimeError | Transformed[Batch]:
        if batch.num_records > 2:
            return BatchStoppedError("batch_seconds", "it took longer than 10 s")
        return _whole(batch, *range(1, batch.num_records))

    transforming, runtime, waits = _transforming(answer)

    found = await transforming.apply(await _selected(*(row(each) for each in "abcde")))

    assert (runtime.sizes, waits) == ([5, 2, 3, 1, 2], [])
    assert found.selected.user_ids.to_pylist() == ["a", "c", "d"]
    assert [(each.position, each.user_id) for each in found.failures] == [(1, "b"), (4, "e")]


async def test_a_function_is_given_a_large_batch_in_parts() -> None:
    body = Function(
        language=Language.JAVASCRIPT,
        source="",
        in_paths=("age", "mail"),
        out_paths=("email",),
    )
    runtime = Scripted(lambda batch: _whole(batch, batch.num_records - 1))
    transforming = Transforming(runtime, definition(body=body), _sleeping([]), function_records=2)

    found = await transforming.apply(await _selected(*(row(each) for each in "abcde")))

    assert runtime.sizes == [1, 2, 2]
    assert [record["email"] for record in found.batch.to_records()] == ["b@x.io", "d@x.io"]
    assert found.selected.user_ids.to_pylist() == ["b", "d"]
    assert [each.position for each in found.failures] == [0, 2, 4]


async def test_a_runtime_that_is_away_is_awaited() -> None:
    answers: list[KilnRuntimeError | None] = [
        UnavailableError("it starts"),
        FunctionPausedError(20, 12.5),
        None,
    ]
    transforming, _, waits = _transforming(lambda batch: answers.pop(0) or _whole(batch))

    found = await transforming.apply(await _selected(row("a")))

    assert (found.batch.num_records, waits) == (1, [0.5, 12.5])


@pytest.mark.parametrize(
    "error",
    [
        FunctionRefusedError("syntax", "invalid syntax", line=3, column=1),
        BatchStoppedError("batch_output_bytes", "the results are too large"),
    ],
)
async def test_what_cannot_be_done_at_all_ends_the_run(error: KilnRuntimeError) -> None:
    """RUN-29; what was counted of the batch until then is told with it."""
    transforming, runtime, _ = _transforming(lambda _: error)

    with pytest.raises(FatalError) as raised:
        await transforming.apply(await _selected(row(""), row("a"), row("b")))

    assert (raised.value.step, raised.value.message) == (Step.TRANSFORM, str(error))
    assert raised.value.counters == Counters((2, 2, 2, 0, 0, 0), (1, 0, 0, 0, 0, 0))
    assert [each.position for each in raised.value.failures] == [0]
    assert runtime.sizes == [2]


async def test_a_record_that_is_too_long_alone_ends_the_run() -> None:
    transforming, runtime, _ = _transforming(
        lambda _: BatchStoppedError("batch_seconds", "it took longer than 10 s")
    )

    with pytest.raises(FatalError, match="longer than 10 s"):
        await transforming.apply(await _selected(row("a"), row("b")))

    assert runtime.sizes == [2, 1]
