"""Writing batches into a warehouse, however long it is away (RUN-27, RUN-28)."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Final, TypeVar, final

import structlog

from executor.errors import FatalError, FencedError, SetBackError
from executor.failures import Failure, known_ids
from executor.retry import WRITES, try_again
from executor.state import State
from executor.steps import Counters
from executor.transforming import TransformedBatch, failures_of
from mapping_lang.batch import Step
from warehouse.errors import BatchMissingError, WarehouseError
from warehouse.errors import FencedError as FencedInWarehouseError
from warehouse.load import Loading, Prepared, Resumed

_Result = TypeVar("_Result")

Open = Callable[[], Awaitable[Loading]]
"""Opens the load of a run."""

_log: Final = structlog.get_logger("executor.writing")


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class ReadyBatch:
    """A batch in the form in which it is stored."""

    prepared: Prepared
    failures: tuple[Failure, ...]
    """All of the batch."""
    counters: Counters
    cursor: datetime | None
    """The greatest update time of what passed the filter (RUN-30)."""
    end: int
    """The position behind the last record of the batch."""

    def kept(self) -> list[str]:
        """Give the user ids of what failed: their identities survive (RUN-41)."""
        return known_ids(self.failures)


@final
class Writing:
    """The open load of a run."""

    def __init__(self, loading: Loading, sleep: Callable[[float], Awaitable[None]]) -> None:
        self._loading = loading
        self._sleep = sleep
        # Batches are prepared, and sent ahead, in the order in which they are asked for.
        self._order = asyncio.Lock()

    @property
    def resumed(self) -> Resumed | None:
        """What an attempt before this one has made durable."""
        return self._loading.resumed

    async def prepare(self, transformed: TransformedBatch) -> ReadyBatch:
        """Give a batch the form in which it is stored, and send it ahead of its turn.

        All of that is done while the batches before it are being written.
        """
        async with self._order:
            batch = await self._prepared(transformed)
            await self._loading.stage(batch.prepared, kept_user_ids=batch.kept())
            return batch

    async def _prepared(self, transformed: TransformedBatch) -> ReadyBatch:
        selected = transformed.selected
        prepared = await asyncio.to_thread(
            self._loading.prepare, transformed.batch, selected.user_ids, selected.update_times
        )
        rejected = failures_of(selected, prepared.rejections)
        failures = (*transformed.failures, *rejected)
        return ReadyBatch(
            prepared=prepared,
            failures=failures,
            counters=Counters.count(
                transformed.counters.received,
                [*(each.step for each in failures), *([Step.FILTER] * selected.filtered)],
            ),
            cursor=transformed.cursor,
            end=selected.end,
        )

    async def write(self, batch: ReadyBatch, state: State) -> None:
        """Make a batch durable, together with the state after it."""
        await _patiently(
            "write a batch",
            lambda: self._loading.write(
                state.sequence, batch.prepared, state=state.encode(), kept_user_ids=batch.kept()
            ),
            self._sleep,
        )

    async def purge(self, state: State) -> int:
        """Delete what the run has not touched."""
        return await _patiently(
            "purge", lambda: self._loading.purge(state=state.encode()), self._sleep
        )


@asynccontextmanager
async def writing(
    open_: Open, sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
) -> AsyncIterator[Writing]:
    """Open the load of a run, however long it takes."""
    loading = await _patiently("open the load", open_, sleep)
    try:
        yield Writing(loading, sleep)
    finally:
        await loading.close()


async def _patiently(
    what: str, work: Callable[[], Awaitable[_Result]], sleep: Callable[[float], Awaitable[None]]
) -> _Result:
    failed = 0
    while True:
        try:
            return await work()
        except FencedInWarehouseError as error:
            raise FencedError(str(error)) from error
        except BatchMissingError as error:
            # A server may lose what it has said to be durable: one that does not wait for its disk,
            # or one that takes over from another and lagged behind.
            raise SetBackError(str(error)) from error
        except WarehouseError as error:
            if not try_again(retryable=error.retryable, elapsed_seconds=0.0, limit_seconds=None):
                raise FatalError(Step.WRITE, str(error)) from error
            failed += 1
            _log.warning("the warehouse is awaited", work=what, failed=failed, reason=str(error))
        await sleep(WRITES.wait_seconds(failed))
