"""Who executes a run: claims, and leases that end unless they are renewed (DEC-3, RUN-94).

The clock is that of the database: those of the workers need not agree.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Any, Final, final

from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from api.db.bell import ring
from api.db.session import Sessions
from api.db.tables.organization import Organization
from api.db.tables.pipeline import Pipeline
from api.db.tables.run import Run
from api.db.tables.workspace import Workspace
from executor.errors import FencedError
from executor.state import State
from executor.steps import Counters

LEASE_SECONDS: Final = 15.0
"""How long a worker that says nothing is believed to be alive (RUN-96)."""


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """A run that is ours to execute, for as long as its attempt is the last one."""

    run_id: int
    attempt: int
    pipeline_id: int
    connection_id: int
    workspace_id: int
    definition: str
    pipeline_version: int
    cursor: datetime | None
    """Where the run starts at its first attempt, and how far it came at later ones."""
    started_at: datetime
    redrives: int | None
    known: State
    """What was noted of it, which may be less than what is durable."""


class Hold(Enum):
    """What a worker is told when it renews its lease."""

    HELD = "the run is ours"
    LOST = "it was ended, or another worker has it"
    DISABLED = "its organisation was disabled (RUN-84)"


async def claim(sessions: Sessions, owner: str, lease_seconds: float) -> Claim | None:
    """Take the oldest run that nobody executes; no two workers get the same."""
    free = (
        select(Run.id)
        .where(
            Run.ended_at.is_(None),
            (Run.lease_ends_at.is_(None)) | (Run.lease_ends_at < func.clock_timestamp()),
        )
        .order_by(Run.created_at)
        .limit(1)
        .with_for_update(skip_locked=True)
        .scalar_subquery()
    )
    async with sessions.begin() as session:
        taken = await session.execute(
            update(Run)
            .where(Run.id == free)
            .values(
                attempt=Run.attempt + 1,
                lease_owner=owner,
                lease_ends_at=_until(lease_seconds),
            )
            .returning(Run)
        )
        row = taken.scalar_one_or_none()
        if row is None:
            return None
        pipeline = await session.get_one(Pipeline, row.pipeline_id)
        return _claim(row, pipeline)


async def renew(sessions: Sessions, claim: Claim, lease_seconds: float) -> Hold:
    """Say that we are alive, and hear whether the run is still ours."""
    async with sessions.begin() as session:
        renewed = await session.execute(
            update(Run)
            .where(*_ours(claim))
            .values(lease_ends_at=_until(lease_seconds))
            .returning(Run.id)
        )
        if renewed.scalar_one_or_none() is None:
            return Hold.LOST
        enabled = await session.scalar(
            select(Organization.enabled)
            .join(Workspace, Workspace.organization_id == Organization.id)
            .where(Workspace.id == claim.workspace_id)
        )
        return Hold.HELD if enabled else Hold.DISABLED


async def hand_over(sessions: Sessions, claim: Claim) -> None:
    """Let any worker go on with a run; it need not wait for the end of the lease."""
    async with sessions.begin() as session:
        await session.execute(
            update(Run).where(*_ours(claim)).values(lease_owner=None, lease_ends_at=None)
        )
        await ring(session)


async def let_go(sessions: Sessions, owner: str) -> None:
    """Hand over whatever a worker that stops still has: a claim that was cut off may be made."""
    async with sessions.begin() as session:
        await session.execute(
            update(Run)
            .where(Run.lease_owner == owner, Run.ended_at.is_(None))
            .values(lease_owner=None, lease_ends_at=None)
        )
        await ring(session)


async def check(session: AsyncSession, claim: Claim) -> Run:
    """Give the row of a run that is ours, which stays so until the transaction ends.

    Raises `FencedError` if it is not.
    """
    row = await session.scalar(select(Run).where(*_ours(claim)).with_for_update())
    if row is None:
        raise FencedError(f"the run {claim.run_id} was ended, or another worker has it")
    return row


def _ours(claim: Claim) -> tuple[Any, ...]:
    return (Run.id == claim.run_id, Run.attempt == claim.attempt, Run.ended_at.is_(None))


def _until(lease_seconds: float) -> Any:  # noqa: ANN401 - an expression of SQL
    return func.clock_timestamp() + func.make_interval(0, 0, 0, 0, 0, 0, lease_seconds)


def _claim(row: Run, pipeline: Pipeline) -> Claim:
    if row.definition is None:
        raise RuntimeError(f"the live run {row.id} has no definition")
    return Claim(
        run_id=row.id,
        attempt=row.attempt,
        pipeline_id=pipeline.id,
        connection_id=pipeline.connection_id,
        workspace_id=pipeline.workspace_id,
        definition=row.definition,
        pipeline_version=row.pipeline_version,
        cursor=row.start_cursor,
        started_at=row.created_at,
        redrives=row.redrives,
        known=State(counters=Counters.of(row.passed, row.failed), cursor=row.cursor),
    )
