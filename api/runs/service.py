"""What is done with runs, up to their execution."""

from datetime import datetime
from typing import Final

from sqlalchemy import exists, func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from api.db.bell import ring
from api.db.insertion import insert_with_id, violated_constraint
from api.db.session import Sessions
from api.db.tables.pipeline import Pipeline
from api.db.tables.run import Run
from api.db.tables.workspace import Workspace
from api.errors import NotFoundError
from api.pipelines.columns import write_snapshot
from api.pipelines.service import Located, lock
from api.runs.presentation import RunObject, present
from api.runs.start import Situation, already_running, refusal

_ONE_LIVE: Final = "uq_runs_live"


async def start(
    sessions: Sessions,
    found: Located,
    *,
    incremental: bool | None,
    scheduled_for: datetime | None = None,
    redrives: int | None = None,
) -> int:
    """Start a run of a pipeline, or say why not; workers take it from there (RUN-10 to RUN-13)."""
    async with sessions.begin() as session:
        row = await lock(session, found.row.workspace_id, found.row.id)
        refused = refusal(await _situation(session, found, row), incremental=incremental)
        if refused is not None:
            raise refused
        run = await _insert(
            session,
            found,
            row,
            incremental=incremental,
            scheduled_for=scheduled_for,
            redrives=redrives,
        )
        await ring(session)
    return run.id


async def read(session: AsyncSession, workspace_id: int, run_id: int) -> RunObject:
    """Give a run of a workspace (RUN-101)."""
    row = await session.scalar(
        select(Run)
        .join(Pipeline, Pipeline.id == Run.pipeline_id)
        .where(Run.id == run_id, Pipeline.workspace_id == workspace_id)
    )
    if row is None:
        raise NotFoundError(f"the run {run_id} does not exist")
    return present(row)


async def read_all(session: AsyncSession, workspace_id: int) -> list[RunObject]:
    """Give all runs of a workspace, the latest first (RUN-100)."""
    rows = await session.scalars(
        select(Run)
        .join(Pipeline, Pipeline.id == Run.pipeline_id)
        .where(Pipeline.workspace_id == workspace_id)
        .order_by(Run.created_at.desc(), Run.id)
    )
    return [present(row) for row in rows]


async def _situation(session: AsyncSession, found: Located, row: Pipeline) -> Situation:
    found_now = await session.execute(
        select(
            Workspace.warehouse_mode,
            exists().where(Run.pipeline_id == row.id, Run.ended_at.is_(None)),
        ).where(Workspace.id == row.workspace_id)
    )
    mode, live = found_now.one()
    return Situation(
        kind=found.kind,
        enabled=row.enabled,
        has_update_time=bool(row.updated_at_column),
        live=live,
        warehouse_mode=mode,
    )


async def _insert(
    session: AsyncSession,
    found: Located,
    row: Pipeline,
    *,
    incremental: bool | None,
    scheduled_for: datetime | None,
    redrives: int | None,
) -> Run:
    effective = row.incremental if incremental is None else incremental
    cursor = row.cursor if effective and redrives is None else None
    definition = write_snapshot(found.kind, row)

    def make(run_id: int) -> Run:
        return Run(
            id=run_id,
            pipeline_id=row.id,
            incremental=effective,
            scheduled_for=scheduled_for,
            pipeline_version=row.version,
            definition=definition,
            redrives=redrives,
            start_cursor=cursor,
            cursor=cursor,
            created_at=func.now(),
        )

    try:
        return await insert_with_id(session, make)
    except IntegrityError as error:
        # Every run is started as here, so this is for whoever starts them in another way.
        if violated_constraint(error) == _ONE_LIVE:
            raise already_running() from error
        raise
