"""A run that was claimed, carried out: its lease is renewed beside it, and it ends once."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Final, final

import structlog
from sqlalchemy.exc import InterfaceError, OperationalError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from api.db.session import Sessions
from api.runs.ending import DISABLED, finish, give_up
from api.runs.imports import Carrier
from api.runs.lease import Claim, Hold, hand_over, renew
from executor.errors import FencedError, SetBackError
from executor.importer import Entry
from mapping_lang.batch import Step

MAX_ATTEMPTS: Final = 100
"""More of them than any number of restarts explains: the run ends its workers."""
RENEWALS_PER_LEASE: Final = 3
RETRY_SECONDS: Final = 1.0

DISCONNECTED: Final = (OperationalError, InterfaceError, PoolTimeoutError)
"""What happens to us when our own database is away, and not by a mistake of ours."""

INTERNAL: Final = Entry(Step.RECEIVE, "internal error: the log of the worker tells more")

_log: Final = structlog.get_logger("api.runs")


@final
class Execution:
    """One attempt at a run, from its claim to its end, its hand-over or its loss."""

    def __init__(
        self,
        carrier: Carrier,
        claim: Claim,
        lease_seconds: float,
    ) -> None:
        self._carrier = carrier
        self._claim = claim
        self._lease_seconds = lease_seconds
        self._look = asyncio.Event()
        self._handing_over = False
        self._log = _log.bind(run=claim.run_id, pipeline=claim.pipeline_id, attempt=claim.attempt)

    @property
    def sessions(self) -> Sessions:
        """The database that the run is noted in."""
        return self._carrier.sessions

    def look(self) -> None:
        """Find out soon whether the run is still ours: something happened to some run."""
        self._look.set()

    async def run(self) -> None:
        """Carry the run out until it ends, or somebody else has it.

        When this is cancelled the run is handed over to whoever claims it next.
        """
        carrying = asyncio.create_task(self._carry())
        watching = asyncio.create_task(self._watch())
        try:
            await asyncio.wait({carrying, watching}, return_when=asyncio.FIRST_COMPLETED)
        except asyncio.CancelledError:
            await _stop(carrying, watching)
            await hand_over(self.sessions, self._claim)
            self._log.info("run handed over")
            raise
        await _stop(carrying, watching)
        if not carrying.cancelled() and (error := carrying.exception()) is not None:
            raise error

    async def _carry(self) -> None:
        self._log.info("run begins")
        if self._claim.attempt > MAX_ATTEMPTS:
            await self._end(
                Entry(Step.RECEIVE, f"the run was given up after {MAX_ATTEMPTS} attempts")
            )
            return
        try:
            outcome = await self._carrier.carry(self._claim)
            await self._insist(
                lambda: finish(self.sessions, self._claim, outcome, self._carrier.clock())
            )
        except FencedError:
            self._log.info("run is not ours any more")
            return
        except (*DISCONNECTED, SetBackError) as error:
            # What is durable is not lost: the next attempt goes on from there.
            self._log.warning("a database failed, the run is tried again", reason=str(error))
            await self._insist(lambda: hand_over(self.sessions, self._claim))
            return
        except Exception:  # noqa: BLE001 - the run loop: nothing that happens to a run ends a worker
            # A bug, or something that nobody foresaw: told in general words (RUN-29).
            self._log.exception("run failed")
            await self._end(INTERNAL)
            return
        self._log.info(
            "run ended",
            error=None if outcome.error is None else outcome.error.message,
            passed=outcome.counters.passed,
            stage_seconds={
                stage: round(seconds, 3) for stage, seconds in outcome.stage_seconds.items()
            },
        )

    async def _end(self, error: Entry) -> None:
        try:
            await self._insist(
                lambda: give_up(self.sessions, self._claim, error, self._carrier.clock())
            )
        except FencedError:
            return

    async def _insist(self, work: Callable[[], Awaitable[None]]) -> None:
        """End the run, however long our database is away: the lease says how long it is ours."""
        while True:
            try:
                return await work()
            except DISCONNECTED as error:
                self._log.warning("the end of the run is not noted yet", reason=str(error))
            await asyncio.sleep(RETRY_SECONDS)

    async def _watch(self) -> None:
        """Renew the lease until the run is not ours any more."""
        renewed = time.monotonic()
        while True:
            try:
                hold = await renew(self.sessions, self._claim, self._lease_seconds)
            except SQLAlchemyError as error:
                if time.monotonic() - renewed > self._lease_seconds:
                    self._log.warning("the lease ended unrenewed", reason=str(error))
                    return
                await asyncio.sleep(RETRY_SECONDS)
                continue
            renewed = time.monotonic()
            if hold is Hold.LOST:
                self._log.info("run was ended or taken over")
                return
            if hold is Hold.DISABLED:
                await self._end(DISABLED)
                return
            self._look.clear()
            try:
                async with asyncio.timeout(self._lease_seconds / RENEWALS_PER_LEASE):
                    await self._look.wait()
            except TimeoutError:
                continue


async def _stop(*tasks: "asyncio.Task[None]") -> None:
    """Cancel tasks and wait for their end: they have something to close."""
    for task in tasks:
        task.cancel()
    pending, hurried = set(tasks), False
    while pending:
        try:
            _, pending = await asyncio.wait(pending)
        except asyncio.CancelledError:
            hurried = True
    if hurried:
        raise asyncio.CancelledError
