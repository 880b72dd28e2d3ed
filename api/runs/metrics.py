"""What passed and failed, over time (RUN-105)."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, Final, final

from msgspec import Meta
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from api.db.tables.run import STEPS
from api.db.tables.run_metric import RunMetric
from api.errors import BadRequestError, NotFoundError
from api.http.model import AnyId, InstantText, Model, instant

MAX_DAYS: Final = 400

_UNITS: Final = {
    # How long a slot is, and how many of them can be asked for.
    "minutes": (timedelta(minutes=1), 60),
    "hours": (timedelta(hours=1), 48),
    "days": (timedelta(days=1), 30),
}


class MetricsQuery(Model, frozen=True, kw_only=True):
    """Whose metrics are asked for: of exactly one kind."""

    workspaces: Annotated[list[AnyId], Meta(min_length=1)] | None = None
    connections: Annotated[list[AnyId], Meta(min_length=1)] | None = None
    pipelines: Annotated[list[AnyId], Meta(min_length=1)] | None = None


class MetricsObject(Model, frozen=True, kw_only=True):
    """Counters by slot and step: what passed and what failed, from the first slot on."""

    start: InstantText
    end: InstantText
    passed: list[list[int]]
    failed: list[list[int]]


@final
@dataclass(frozen=True, slots=True)
class Slots:
    """Slots of one length that follow each other."""

    start: datetime
    length: timedelta
    count: int

    @property
    def end(self) -> datetime:
        return self.start + self.length * self.count


def latest_slots(unit: str, number: str, now: datetime) -> Slots:
    """Give the last slots of a unit, the current one included; other paths lead nowhere."""
    if unit not in _UNITS:
        raise NotFoundError(f"there are no {unit} of metrics")
    length, most = _UNITS[unit]
    if not (number.isascii() and number.isdecimal()) or not 1 <= int(number) <= most:
        raise NotFoundError(f"found {number} {unit}, expected a number from 1 to {most}")
    seconds = length.total_seconds()
    current = datetime.fromtimestamp(now.timestamp() // seconds * seconds, now.tzinfo)
    return Slots(current - length * (int(number) - 1), length, int(number))


def slots_between(start: datetime, end: datetime) -> Slots:
    """Give the days of an interval."""
    day = timedelta(days=1)
    first = start.replace(hour=0, minute=0)
    count = -((first - end) // day)
    if not 1 <= count <= MAX_DAYS:
        raise NotFoundError(f"the dates are {count} days, expected 1 to {MAX_DAYS}")
    return Slots(first, day, count)


async def read_metrics(
    session: AsyncSession, workspace_id: int, slots: Slots, query: MetricsQuery
) -> MetricsObject:
    """Add up what is kept, slot by slot.

    What is kept in larger slots than those that are asked for counts at its beginning.
    """
    given = [each for each in (query.workspaces, query.connections, query.pipelines) if each]
    if len(given) != 1:
        raise BadRequestError(
            f"found {len(given)} of `workspaces`, `connections` and `pipelines`, expected one"
        )
    wanted = select(RunMetric.slot_start, RunMetric.passed, RunMetric.failed).where(
        RunMetric.workspace_id == workspace_id,
        RunMetric.slot_start >= slots.start,
        RunMetric.slot_start < slots.end,
    )
    for column, ids in (
        (RunMetric.workspace_id, query.workspaces),
        (RunMetric.connection_id, query.connections),
        (RunMetric.pipeline_id, query.pipelines),
    ):
        if ids is not None:
            wanted = wanted.where(column.in_(ids))
    passed = [[0] * STEPS for _ in range(slots.count)]
    failed = [[0] * STEPS for _ in range(slots.count)]
    for start, some_passed, some_failed in await session.execute(wanted):
        slot = (start - slots.start) // slots.length
        _add(passed[slot], some_passed)
        _add(failed[slot], some_failed)
    return MetricsObject(
        start=instant(slots.start), end=instant(slots.end), passed=passed, failed=failed
    )


def _add(counts: list[int], more: Iterable[int]) -> None:
    for step, count in enumerate(more):
        counts[step] += count
