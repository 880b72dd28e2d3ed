"""Starting runs at the ticks of schedules, once for all workers (RUN-90 to RUN-93)."""

from datetime import datetime
from typing import Final

import structlog
from sqlalchemy import and_, literal, select
from sqlalchemy.exc import IntegrityError, SQLAlchemyError

from api.db.insertion import violated_constraint
from api.db.session import Sessions
from api.db.tables.connection import Connection
from api.db.tables.organization import Organization
from api.db.tables.pipeline import Pipeline
from api.db.tables.run import Run
from api.db.tables.workspace import Workspace
from api.errors import ApiError
from api.pipelines.service import locate
from api.runs.schedule import minute_of_day
from api.runs.service import start
from connectors.registry import Catalogue

_ONE_TICK: Final = "uq_runs_pipeline_id_scheduled_for"

_log: Final = structlog.get_logger("api.runs.schedule")


async def fire(sessions: Sessions, catalogue: Catalogue, tick: datetime) -> int:
    """Start what is due at a minute; gives how many runs that were.

    However many workers do this for the same minute, a pipeline gets one run of it: what a tick
    starts is unique by pipeline and minute.
    """
    started = 0
    for workspace_id, pipeline_id in await _due(sessions, tick):
        try:
            found = await locate(sessions, catalogue, workspace_id, pipeline_id)
            await start(sessions, found, incremental=None, scheduled_for=tick)
        except IntegrityError as error:
            if violated_constraint(error) != _ONE_TICK:
                raise
        except (ApiError, SQLAlchemyError) as error:
            # Disabled, running, in another mode, deleted: the tick is skipped (RUN-92).
            _log.info("tick skipped", pipeline=pipeline_id, reason=str(error))
        else:
            started += 1
    return started


async def _due(sessions: Sessions, tick: datetime) -> list[tuple[int, int]]:
    minute = literal(minute_of_day(tick))
    taken = select(Run.id).where(Run.pipeline_id == Pipeline.id, Run.scheduled_for == tick)
    async with sessions() as session:
        rows = await session.execute(
            select(Pipeline.workspace_id, Pipeline.id)
            .join(Connection, Connection.id == Pipeline.connection_id)
            .join(Workspace, Workspace.id == Pipeline.workspace_id)
            .join(Organization, Organization.id == Workspace.organization_id)
            .where(
                and_(
                    Pipeline.enabled,
                    Pipeline.schedule_period.is_not(None),
                    Organization.enabled,
                    ~Workspace.deleting,
                    minute % Pipeline.schedule_period
                    == Connection.schedule_start % Pipeline.schedule_period,
                    ~taken.exists(),
                )
            )
            .order_by(Pipeline.id)
        )
        return [(workspace_id, pipeline_id) for workspace_id, pipeline_id in rows]
