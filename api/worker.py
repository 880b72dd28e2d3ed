"""The worker: claims runs and carries them out, and fires schedules, until it is stopped."""

import asyncio
import os
import secrets
import socket
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final, final

import psycopg
import structlog
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection

from api.db.bell import CHANNEL
from api.db.session import Database
from api.runs.cleaning import Cleaner
from api.runs.execution import Execution
from api.runs.imports import Carrier
from api.runs.lease import LEASE_SECONDS, claim, let_go
from api.runs.retention import forget, merge_metrics
from api.runs.schedule import due_minutes, seconds_to_next_minute
from api.runs.scheduler import fire

LOOK_SECONDS: Final = 2.0
"""How long a run waits at most for a worker that nobody could wake."""
RETRY_SECONDS: Final = 1.0
MOST_RUNS: Final = 16
"""Runs of one worker at once: each has a few batches in memory; others have room for more."""
CLEAN_SECONDS: Final = 0.5
HOUSEKEEPING: Final = timedelta(minutes=10)

_log: Final = structlog.get_logger("api.worker")


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Worker:
    """One worker process, or the part of another process that is one."""

    database: Database
    carrier: Carrier
    owner: str = field(default_factory=lambda: owner_name())
    lease_seconds: float = LEASE_SECONDS
    most_runs: int = MOST_RUNS

    async def run(self) -> None:
        """Work until cancelled; the runs in hand are handed over then."""
        _log.info("worker begins", owner=self.owner)
        state = _State()
        duties: tuple[Coroutine[Any, Any, None], ...] = (
            self._listen(state),
            self._claim(state),
            self._schedule(),
            self._keep_house(),
            self._clean(),
        )
        tasks = [asyncio.create_task(duty) for duty in duties]
        try:
            # Each goes on for ever: whichever returns or raises shows a bug.
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        finally:
            for task in (*tasks, *state.tasks):
                task.cancel()
            await asyncio.gather(*tasks, *state.tasks, return_exceptions=True)
            with _logged("what this worker had is not handed over"):
                await let_go(self.carrier.sessions, self.owner)
            _log.info("worker ends", owner=self.owner)

    async def _claim(self, state: "_State") -> None:
        """Take runs as long as there are some and there is room."""
        while True:
            state.wake.clear()
            with _logged("runs cannot be claimed"):
                while len(state.tasks) < self.most_runs:
                    claimed = await claim(self.carrier.sessions, self.owner, self.lease_seconds)
                    if claimed is None:
                        break
                    state.begin(Execution(self.carrier, claimed, self.lease_seconds))
            with suppress(TimeoutError):
                async with asyncio.timeout(LOOK_SECONDS):
                    await state.wake.wait()

    async def _listen(self, state: "_State") -> None:
        """Be woken when runs are started, cancelled or handed over; without it they wait longer."""
        while True:
            with _logged("nobody can wake this worker"):
                async with self.database.engine.connect() as connection:
                    await _heard(connection, state)
            await asyncio.sleep(RETRY_SECONDS)

    async def _schedule(self) -> None:
        """Fire the schedules, minute by minute."""
        last: datetime | None = None
        while True:
            now = self.carrier.clock()
            for tick in due_minutes(last, now):
                with _logged("schedules cannot be looked at"):
                    started = await fire(self.carrier.sessions, self.carrier.catalogue, tick)
                    if started:
                        _log.info("schedules fired", tick=tick.isoformat(), runs=started)
                last = tick
            await asyncio.sleep(seconds_to_next_minute(self.carrier.clock()))

    async def _keep_house(self) -> None:
        while True:
            with _logged("old records of runs cannot be deleted"):
                now = self.carrier.clock()
                await forget(self.carrier.sessions, now)
                await merge_metrics(self.carrier.sessions, now)
            await asyncio.sleep(HOUSEKEEPING.total_seconds())

    async def _clean(self) -> None:
        """Take from warehouses what pipelines have left there."""
        carrier = self.carrier
        cleaner = Cleaner(sessions=carrier.sessions, vault=carrier.vault, reach=carrier.site.reach)
        while True:
            with _logged("what is to be cleaned cannot be looked for"):
                await cleaner.clean()
            await asyncio.sleep(CLEAN_SECONDS)


class _State:
    """What a worker has in hand."""

    def __init__(self) -> None:
        self.wake = asyncio.Event()
        self.tasks: dict[asyncio.Task[None], Execution] = {}

    def begin(self, execution: Execution) -> None:
        task = asyncio.create_task(execution.run())
        self.tasks[task] = execution
        task.add_done_callback(self._end)

    def heard(self) -> None:
        """Look for runs, and at those in hand: a word does not say what it is about."""
        self.wake.set()
        for execution in self.tasks.values():
            execution.look()

    def _end(self, task: "asyncio.Task[None]") -> None:
        del self.tasks[task]
        self.wake.set()
        if not task.cancelled() and (error := task.exception()) is not None:
            _log.error("an execution failed", exc_info=error)


async def _heard(connection: AsyncConnection, state: _State) -> None:
    raw = await connection.get_raw_connection()
    driver: Any = raw.driver_connection
    await driver.set_autocommit(True)
    try:
        await driver.execute(f"LISTEN {CHANNEL}")
        state.heard()
        async for _ in driver.notifies():
            state.heard()
    finally:
        # It is not given back to the pool: it listens.
        await connection.invalidate()


@contextmanager
def _logged(event: str) -> Iterator[None]:
    """Let the loop of a duty go on when the database is away."""
    try:
        yield
    except (SQLAlchemyError, psycopg.Error, OSError) as error:
        _log.warning(event, reason=str(error))


def owner_name() -> str:
    """Give the name of this worker, which no other has."""
    return f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(4)}"
