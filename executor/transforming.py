"""Transforming a batch in the runtime, as often as it takes (RUN-22, RUN-29)."""

import asyncio
import itertools
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final, Protocol, final

from executor.definition import ImportDefinition
from executor.errors import FatalError
from executor.failures import Failure
from executor.retry import MAX_TRANSFORM_SECONDS, TRANSFORMS, try_again
from executor.selection import Selected, inputs
from executor.steps import Counters
from mapping_lang.batch import Batch, Rejection, Step
from mapping_lang.types.schema import Purpose
from runtime.client import Job
from runtime.contract import Function, Timings, Transformed
from runtime.errors import (
    BatchStoppedError,
    FunctionPausedError,
    InternalError,
    KilnRuntimeError,
)

FUNCTION_RECORDS: Final = 2_500
"""Records of one call of a function: a slow one has its time for them, and a guest room."""

_TIME: Final = "batch_seconds"
_KILLS: Final = "batch_kills"
_SHARED: Final = (_TIME, _KILLS)
"""Limits of a batch that a smaller batch may keep: no record is at fault."""


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class TransformedBatch:
    """Records that came through, and everything that is to be said of their batch."""

    selected: Selected
    """What was asked for, without the records that were rejected."""
    batch: Batch
    """The results: one for each record of `selected`."""
    failures: tuple[Failure, ...]
    """All of the batch until now."""
    counters: Counters
    """Up to the validation of the output."""
    cursor: datetime | None
    """The greatest update time of what passed the filter: those that fail now count (RUN-30)."""


class Remote(Protocol):
    """What transforms batches, and has already tried for a while when it raises."""

    async def transform(self, job: Job, batch: Batch, purposes: Purpose) -> Transformed[Batch]:
        """Apply a transformation to a batch; raises `KilnRuntimeError`."""


@final
class Transforming:
    """A transformation, applied batch by batch."""

    def __init__(
        self,
        client: Remote,
        definition: ImportDefinition,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        function_records: int = FUNCTION_RECORDS,
    ) -> None:
        self._client = client
        self._job = definition.job()
        self._schema = definition.transformed_schema()
        self._most_records = function_records if isinstance(definition.body, Function) else None
        self._nothing = Batch.from_records(self._job.transformation.result_schema(), ())
        self._sleep = sleep

    async def apply(self, selected: Selected) -> TransformedBatch:
        """Transform the records of a batch; raises `FatalError` if it cannot be done at all."""
        if not selected.batch.num_records:
            answer = Transformed(content=self._nothing)
        else:
            answer = await self._answer(selected)
        failures = (*selected.failures, *failures_of(selected, answer.rejections))
        return TransformedBatch(
            selected=selected.without([each.position for each in answer.rejections])
            if answer.rejections
            else selected,
            batch=answer.content,
            failures=failures,
            counters=Counters.count(
                selected.received,
                [*(each.step for each in failures), *([Step.FILTER] * selected.filtered)],
                until=Step.VALIDATE_OUTPUT,
            ),
            cursor=selected.cursor(),
        )

    async def _answer(self, selected: Selected) -> Transformed[Batch]:
        try:
            return await self._in_parts(selected.batch.prune(self._schema))
        except KilnRuntimeError as error:
            raise _fatal(error, selected) from error

    async def _in_parts(self, batch: Batch) -> Transformed[Batch]:
        """Transform a batch in parts of one size, one after the other: others go on beside it."""
        count = -(-batch.num_records // (self._most_records or batch.num_records))
        if count == 1:
            return await self._transform(batch)
        bounds = [batch.num_records * number // count for number in range(count + 1)]
        answers = [
            (start, await self._transform(batch.slice(start, stop - start)))
            for start, stop in itertools.pairwise(bounds)
        ]
        return _joined(answers)

    async def _transform(self, batch: Batch) -> Transformed[Batch]:
        begun, failed = time.monotonic(), 0
        while True:
            try:
                return await self._client.transform(self._job, batch, Purpose.IMPORT)
            except BatchStoppedError as error:
                if error.limit not in _SHARED or batch.num_records < 2:
                    raise
                return await self._halves(batch)
            except KilnRuntimeError as error:
                failed += 1
                if not try_again(
                    retryable=error.retryable,
                    elapsed_seconds=time.monotonic() - begun,
                    limit_seconds=MAX_TRANSFORM_SECONDS,
                ):
                    raise
                wait = TRANSFORMS.wait_seconds(failed)
                if isinstance(error, FunctionPausedError):
                    wait = error.seconds
            await self._sleep(wait)

    async def _halves(self, batch: Batch) -> Transformed[Batch]:
        """Transform both halves: together they took too long, or cost too many guests (DEC-33)."""
        middle = batch.num_records // 2
        first = await self._transform(batch.slice(0, middle))
        second = await self._transform(batch.slice(middle))
        return _joined([(0, first), (middle, second)])


def _joined(parts: Sequence[tuple[int, Transformed[Batch]]]) -> Transformed[Batch]:
    """Put the answers to parts of a batch together, each after where its part begins."""
    contents = [answer.content for _, answer in parts]
    return Transformed(
        content=Batch.concat(contents[0].schema, contents),
        rejections=tuple(
            each.at(each.position + start) for start, answer in parts for each in answer.rejections
        ),
        timings=sum((answer.timings for _, answer in parts), Timings()),
        captured=tuple(
            replace(each, position=each.position + start)
            for start, answer in parts
            for each in answer.captured
        ),
    )


def failures_of(selected: Selected, rejections: Sequence[Rejection]) -> list[Failure]:
    """Tell what rejections of records of a batch mean for the source's records."""
    if not rejections:
        return []
    texts = inputs(selected.batch, [each.position for each in rejections])
    return [
        replace(
            Failure.of_rejection(
                each,
                each.step,
                position=selected.positions[each.position].as_py(),
                user_id=selected.user_ids[each.position].as_py(),
            ),
            input=text,
            update_time=selected.update_times[each.position].as_py(),
        )
        for each, text in zip(rejections, texts, strict=True)
    ]


def _fatal(error: KilnRuntimeError, selected: Selected) -> FatalError:
    message = str(error)
    if isinstance(error, InternalError):
        message = f"the records could not be transformed: {error}"
    return FatalError(Step.TRANSFORM, message, selected.counters(), selected.failures)
