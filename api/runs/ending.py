"""The end of a run: all of it in one transaction, and only once (RUN-70 to RUN-73)."""

from datetime import datetime
from typing import Final

from sqlalchemy import func, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from api.db.bell import ring
from api.db.session import Sessions
from api.db.tables.pipeline import Pipeline
from api.db.tables.run import Run
from api.db.tables.run_error import RunError
from api.db.tables.workspace import Workspace
from api.errors import NotFoundError
from api.operations.resolution import start_after_run
from api.runs.journal import minute_of, note
from api.runs.lease import Claim, check
from executor.importer import Entry, Outcome
from executor.steps import STEPS
from mapping_lang.batch import Step

CANCELLED: Final = Entry(Step.RECEIVE, "the run was cancelled")
DISABLED: Final = Entry(Step.RECEIVE, "the organization was disabled")

_COMPACT: Final = text(
    "WITH gone AS (DELETE FROM run_errors WHERE run_id = :run"
    " RETURNING step, message, count, occurred_at)"
    " INSERT INTO run_errors (run_id, batch, step, message, count, occurred_at)"
    " SELECT :run, 0, step, message, sum(count), max(occurred_at) FROM gone GROUP BY step, message"
)
"""The batches of a message as one row: nothing of them comes again."""


async def finish(sessions: Sessions, claim: Claim, outcome: Outcome, now: datetime) -> None:
    """End a run as it turned out; raises `FencedError` if it is not ours to end."""
    async with sessions.begin() as session:
        # In the order of everybody else who locks several of them.
        await _lock_workspace(session, claim.workspace_id)
        pipeline = await session.get(Pipeline, claim.pipeline_id, with_for_update=True)
        row = await check(session, claim)
        await note(session, claim, outcome.counters, outcome.cursor, now)
        _end(session, row, outcome.error, now, outcome.notes)
        # A definition that changed meanwhile may have reset the cursor on purpose (RUN-80).
        if (
            outcome.error is None
            and claim.redrives is None
            and pipeline is not None
            and pipeline.version == claim.pipeline_version
        ):
            pipeline.cursor = outcome.cursor
        await _after(session, claim.workspace_id, claim.run_id)


async def give_up(sessions: Sessions, claim: Claim, error: Entry, now: datetime) -> None:
    """End a run of ours with an error; what it has counted stays."""
    async with sessions.begin() as session:
        await _lock_workspace(session, claim.workspace_id)
        row = await check(session, claim)
        _end(session, row, error, now)
        await _after(session, claim.workspace_id, claim.run_id)


async def cancel(sessions: Sessions, workspace_id: int, run_id: int, now: datetime) -> None:
    """End a run that somebody does not want any more; one that has ended stays as it is."""
    async with sessions.begin() as session:
        await _lock_workspace(session, workspace_id)
        row = await session.scalar(
            select(Run)
            .join(Pipeline, Pipeline.id == Run.pipeline_id)
            .where(Run.id == run_id, Pipeline.workspace_id == workspace_id)
            .with_for_update(of=Run)
        )
        if row is None:
            raise NotFoundError(f"the run {run_id} does not exist")
        if row.ended_at is not None:
            return
        _end(session, row, CANCELLED, now)
        await _after(session, workspace_id, run_id)
        await ring(session)


async def _lock_workspace(session: AsyncSession, workspace_id: int) -> None:
    await session.get(Workspace, workspace_id, with_for_update=True)


async def _after(session: AsyncSession, workspace_id: int, run_id: int) -> None:
    """Do what follows the end of a run, however it ended (RUN-50)."""
    await session.flush()
    await session.execute(_COMPACT, {"run": run_id})
    await start_after_run(session, workspace_id)


def _end(
    session: AsyncSession,
    row: Run,
    error: Entry | None,
    now: datetime,
    notes: tuple[Entry, ...] = (),
) -> None:
    row.ended_at = func.now()
    row.definition = row.lease_owner = row.lease_ends_at = None
    row.error = "" if error is None else error.message
    row.error_step = None if error is None else STEPS.index(error.step)
    entries = notes if error is None else (*notes, error)
    for entry in entries:
        session.add(
            RunError(
                run_id=row.id,
                batch=0,
                step=STEPS.index(entry.step),
                message=entry.message,
                count=0,
                occurred_at=minute_of(now),
            )
        )
