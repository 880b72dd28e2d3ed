"""What went wrong in runs: messages, grouped and counted (RUN-104)."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Annotated, Final, final

from msgspec import Meta
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from api.db.tables.pipeline import Pipeline
from api.db.tables.run import Run
from api.db.tables.run_error import RunError
from api.errors import NotFoundError
from api.http.model import AnyId, Id, InstantText, Model, instant
from executor.steps import NAMES
from mapping_lang.types.errors import TypesError
from mapping_lang.types.text.parse import parse_datetime_iso

MAX_FIRST: Final = 9_999
MAX_LIMIT: Final = 100
_MINUTE: Final = timedelta(minutes=1)

StepName = StrEnum("StepName", [(name, name) for name in NAMES])  # type: ignore[misc]
StepName.__doc__ = "A step of a run."


class ErrorsQuery(Model, frozen=True, kw_only=True):
    """Which errors are asked for."""

    pipelines: Annotated[list[AnyId], Meta(min_length=1)]
    step: StepName | None = None
    first: Annotated[int, Meta(ge=0, le=MAX_FIRST)] = 0
    limit: Annotated[int, Meta(ge=1, le=MAX_LIMIT)] = MAX_LIMIT


class ErrorObject(Model, frozen=True, kw_only=True):
    """A message, and how many records it was about; zero is told of a run as a whole."""

    pipeline: Id
    step: StepName
    count: int
    message: str
    last_occurred: InstantText
    """To the minute."""


class ErrorList(Model, frozen=True, kw_only=True):
    """Errors, the newest first."""

    errors: list[ErrorObject]


@final
@dataclass(frozen=True, slots=True)
class Interval:
    """Whole minutes: the first is in it, the last is not."""

    start: datetime
    end: datetime

    @classmethod
    def read(cls, start: str, end: str) -> "Interval":
        """Read both ends; a path with others leads nowhere."""
        try:
            read = cls(_minute(parse_datetime_iso(start)), _minute(parse_datetime_iso(end)))
        except TypesError as error:
            raise NotFoundError(f"no such dates: {error}") from None
        if read.end < read.start:
            raise NotFoundError(f"no such dates: {start} is later than {end}")
        return read


async def read_errors(
    session: AsyncSession, workspace_id: int, interval: Interval, query: ErrorsQuery
) -> list[ErrorObject]:
    """Give the errors of pipelines of a workspace; pipelines that it does not have are ignored."""
    latest = func.max(RunError.occurred_at)
    wanted = (
        select(Run.pipeline_id, RunError.step, RunError.message, func.sum(RunError.count), latest)
        .join(Run, Run.id == RunError.run_id)
        .join(Pipeline, Pipeline.id == Run.pipeline_id)
        .where(
            Pipeline.workspace_id == workspace_id,
            Pipeline.id.in_(query.pipelines),
            RunError.occurred_at >= interval.start,
            RunError.occurred_at < interval.end,
        )
        .group_by(Run.pipeline_id, RunError.step, RunError.message, RunError.count == 0)
        .order_by(latest.desc(), Run.pipeline_id, RunError.message, RunError.step)
        .offset(query.first)
        .limit(query.limit)
    )
    if query.step is not None:
        wanted = wanted.where(RunError.step == NAMES.index(query.step.value))
    return [
        ErrorObject(
            pipeline=pipeline,
            step=StepName(NAMES[step]),
            count=int(count),
            message=message,
            last_occurred=instant(occurred),
        )
        for pipeline, step, message, count, occurred in await session.execute(wanted)
    ]


def _minute(moment: datetime) -> datetime:
    return moment.astimezone(UTC).replace(second=0, microsecond=0)
