"""What a run notes in our own database: failed records, messages, how far it came (DEC-47)."""

import asyncio
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any, Final, final

from sqlalchemy import BigInteger, delete, insert
from sqlalchemy.dialects import postgresql
from sqlalchemy.ext.asyncio import AsyncSession

from api.db.session import Sessions
from api.db.tables.run import Run
from api.db.tables.run_error import RunError
from api.db.tables.run_failure import RunFailure
from api.db.tables.run_metric import RunMetric
from api.runs.failures import sealed_failure
from api.runs.lease import Claim, check
from api.vault.vault import Vault
from executor.failures import Failure
from executor.state import State
from executor.steps import STEPS, Counters

MAX_MESSAGE_CHARS: Final = 1_000
MAX_MESSAGES: Final = 200
"""Most different messages of one batch; the others are counted together."""
OTHERS: Final = "other errors, whose messages differ from record to record"
MINUTE: Final = timedelta(minutes=1)


@final
class RunJournal:
    """The notes of one attempt of a run; they are refused once it is over."""

    def __init__(
        self,
        sessions: Sessions,
        vault: Vault,
        claim: Claim,
        clock: Callable[[], datetime],
        function_version: str,
    ) -> None:
        self._sessions = sessions
        self._vault = vault
        self._claim = claim
        self._clock = clock
        self._function_version = function_version

    async def resume(self, state: State) -> None:
        """Go back to what is durable."""
        run_id = self._claim.run_id
        async with self._sessions.begin() as session:
            row = await check(session, self._claim)
            await session.execute(
                delete(RunFailure).where(
                    RunFailure.run_id == run_id, RunFailure.position >= state.position
                )
            )
            await session.execute(
                delete(RunError).where(RunError.run_id == run_id, RunError.batch > state.sequence)
            )
            await self._note(session, row, state)

    async def keep(self, sequence: int, failures: Sequence[Failure]) -> None:
        """Keep what failed of a batch that is about to be durable."""
        if not failures:
            return
        rows = await asyncio.to_thread(self._sealed, failures)
        run_id, minute = self._claim.run_id, minute_of(self._clock())
        async with self._sessions.begin() as session:
            await check(session, self._claim)
            statement = postgresql.insert(RunFailure)
            await session.execute(
                statement.on_conflict_do_update(
                    index_elements=["run_id", "position"],
                    set_={
                        name: statement.excluded[name]
                        for name in ("step", "code", "sealed", "created_at")
                    },
                ),
                rows,
            )
            await session.execute(
                delete(RunError).where(RunError.run_id == run_id, RunError.batch == sequence)
            )
            await session.execute(
                insert(RunError),
                [
                    {
                        "run_id": run_id,
                        "batch": sequence,
                        "step": step,
                        "message": message,
                        "count": count,
                        "occurred_at": minute,
                    }
                    for (step, message), count in grouped(failures).items()
                ],
            )

    async def checkpoint(self, state: State) -> None:
        """Note how far the run has come; what is durable in the warehouse is the truth."""
        async with self._sessions.begin() as session:
            await self._note(session, await check(session, self._claim), state)

    async def _note(self, session: AsyncSession, row: Run, state: State) -> None:
        await count(session, self._claim, row, state.counters, self._clock())
        row.cursor = state.cursor

    def _sealed(self, failures: Sequence[Failure]) -> list[dict[str, object]]:
        now = self._clock()
        return [
            {
                "run_id": self._claim.run_id,
                "position": failure.position,
                "step": STEPS.index(failure.step),
                "code": failure.code,
                "sealed": sealed_failure(
                    self._vault, self._claim.run_id, failure, self._function_version
                ),
                "created_at": now,
            }
            for failure in failures
        ]


def grouped(failures: Sequence[Failure]) -> dict[tuple[int, str], int]:
    """Count messages by step; where there are too many, the rare ones are counted together."""
    found = Counter(
        (STEPS.index(failure.step), failure.message[:MAX_MESSAGE_CHARS]) for failure in failures
    )
    groups: Counter[tuple[int, str]] = Counter()
    for number, ((step, message), count) in enumerate(found.most_common()):
        groups[(step, message if number < MAX_MESSAGES else OTHERS)] += count
    return dict(groups)


def minute_of(moment: datetime) -> datetime:
    """Give the beginning of the minute of a moment."""
    return moment.replace(second=0, microsecond=0)


async def count(
    session: AsyncSession, claim: Claim, row: Run, counters: Counters, now: datetime
) -> None:
    """Set the counters of a run, and add what is new in them to the metrics of its pipeline."""
    before = Counters.of(row.passed, row.failed)
    if counters == before:
        return
    row.passed, row.failed = list(counters.passed), list(counters.failed)
    added = (
        [now_ - before_ for now_, before_ in zip(counters.passed, before.passed, strict=True)],
        [now_ - before_ for now_, before_ in zip(counters.failed, before.failed, strict=True)],
    )
    await add_metrics(session, claim, added, now)


async def add_metrics(
    session: AsyncSession, claim: Claim, added: tuple[list[int], list[int]], now: datetime
) -> None:
    """Add to the slot of a minute (RUN-105)."""
    statement = postgresql.insert(RunMetric).values(
        pipeline_id=claim.pipeline_id,
        slot_seconds=int(MINUTE.total_seconds()),
        slot_start=minute_of(now),
        connection_id=claim.connection_id,
        workspace_id=claim.workspace_id,
        passed=added[0],
        failed=added[1],
    )
    await session.execute(
        statement.on_conflict_do_update(
            index_elements=["pipeline_id", "slot_seconds", "slot_start"],
            set_={
                name: _sum(column, values)
                for name, column, values in (
                    ("passed", RunMetric.passed, added[0]),
                    ("failed", RunMetric.failed, added[1]),
                )
            },
        )
    )


def _sum(column: Any, values: list[int]) -> Any:  # noqa: ANN401 - expressions of SQL
    """Add numbers to those of an array, one by one."""
    # Arrays of PostgreSQL count from 1, and a slot that is out of the array is null.
    return postgresql.array(
        [column[index] + value for index, value in enumerate(values, 1)], type_=BigInteger
    )
