"""What a run notes in our own database: failed records, messages, how far it came (DEC-47)."""

import asyncio
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Final, final

from sqlalchemy import BigInteger, bindparam, delete, insert, text
from sqlalchemy.dialects import postgresql
from sqlalchemy.ext.asyncio import AsyncSession

from api.db.session import Sessions, reading
from api.db.tables.run import Run
from api.db.tables.run_error import RunError
from api.db.tables.run_failure import RunFailure
from api.db.tables.run_metric import RunMetric
from api.runs.failures import sealed_failure
from api.runs.lease import Claim, check
from api.vault.vault import Vault
from executor.errors import FencedError
from executor.failures import Failure
from executor.state import State
from executor.steps import STEPS, Counters

MAX_MESSAGE_CHARS: Final = 1_000
MAX_MESSAGES: Final = 200
"""Most different messages of one batch; the others are counted together."""
OTHERS: Final = "other errors, whose messages differ from record to record"
MINUTE: Final = timedelta(minutes=1)

_COUNTS: Final = postgresql.ARRAY(BigInteger)

# Of all that is noted this comes with every batch. In steps it took a quarter of a run's CPU time.
_NOTE: Final = text(
    """
    WITH ours AS (
      SELECT id, passed, failed FROM runs
      WHERE id = :run AND attempt = :attempt AND ended_at IS NULL FOR UPDATE
    ), noted AS (
      UPDATE runs SET passed = :passed, failed = :failed, cursor = :cursor
      FROM ours WHERE runs.id = ours.id
    ), counted AS (
      INSERT INTO run_metrics AS m
        (pipeline_id, slot_seconds, slot_start, connection_id, workspace_id, passed, failed)
      SELECT :pipeline, :slot_seconds, :slot_start, :connection, :workspace,
        ARRAY(SELECT new - old FROM unnest(:passed, ours.passed)
              WITH ORDINALITY AS counts (new, old, step) ORDER BY step),
        ARRAY(SELECT new - old FROM unnest(:failed, ours.failed)
              WITH ORDINALITY AS counts (new, old, step) ORDER BY step)
      FROM ours WHERE (ours.passed, ours.failed) IS DISTINCT FROM (:passed, :failed)
      ON CONFLICT (pipeline_id, slot_seconds, slot_start) DO UPDATE SET
        passed = ARRAY(SELECT old + new FROM unnest(m.passed, excluded.passed)
                       WITH ORDINALITY AS counts (old, new, step) ORDER BY step),
        failed = ARRAY(SELECT old + new FROM unnest(m.failed, excluded.failed)
                       WITH ORDINALITY AS counts (old, new, step) ORDER BY step)
    )
    SELECT count(*) FROM ours
    """
).bindparams(
    bindparam("passed", type_=_COUNTS),
    bindparam("failed", type_=_COUNTS),
    bindparam("cursor", type_=Run.cursor.type),
    bindparam("slot_start", type_=RunMetric.slot_start.type),
)


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
            await check(session, self._claim)
            await session.execute(
                delete(RunFailure).where(
                    RunFailure.run_id == run_id, RunFailure.position >= state.position
                )
            )
            await session.execute(
                delete(RunError).where(RunError.run_id == run_id, RunError.batch > state.sequence)
            )
        await self.checkpoint(state)

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
        async with reading(self._sessions) as session:
            await note(session, self._claim, state.counters, state.cursor, self._clock())

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


async def note(
    session: AsyncSession,
    claim: Claim,
    counters: Counters,
    cursor: datetime | None,
    now: datetime,
) -> None:
    """Set how far a run has come, and add what is new to the metrics of its pipeline (RUN-105).

    Raises `FencedError` if the run is not ours.
    """
    found = await session.scalar(
        _NOTE,
        {
            "run": claim.run_id,
            "attempt": claim.attempt,
            "passed": list(counters.passed),
            "failed": list(counters.failed),
            "cursor": cursor,
            "pipeline": claim.pipeline_id,
            "slot_seconds": int(MINUTE.total_seconds()),
            "slot_start": minute_of(now),
            "connection": claim.connection_id,
            "workspace": claim.workspace_id,
        },
    )
    if not found:
        raise FencedError(f"the run {claim.run_id} was ended, or another worker has it")
