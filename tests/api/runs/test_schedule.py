"""Schedules: once per tick, in UTC, whoever looks, whatever the clock does (RUN-90 to RUN-93)."""

import asyncio
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select, update

from api.db.tables.connection import Connection
from api.db.tables.organization import Organization
from api.db.tables.pipeline import SCHEDULE_PERIODS
from api.db.tables.run import Run
from api.runs.schedule import (
    MINUTES_OF_A_DAY,
    due_minutes,
    fires,
    minute_of_day,
    seconds_to_next_minute,
)
from api.runs.scheduler import fire
from tests.api.runs.working import CATALOGUE, Workshop, lines

NOON = datetime(2026, 11, 21, 12, 0, 30, 500_000, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
START = 641
"""The minute of the day that the source of these tests has drawn: 10:41."""


def _clock(minute: int) -> str:
    return f"{minute // 60:02}:{minute % 60:02}"


@pytest.mark.parametrize(
    ("start", "period", "times"),
    [
        (15, 360, ["00:15", "06:15", "12:15", "18:15"]),
        (1000, 720, ["04:40", "16:40"]),
        (0, 1440, ["00:00"]),
    ],
)
def test_a_schedule_fires_at_its_times_of_the_day(
    start: int, period: int, times: list[str]
) -> None:
    """RUN-90."""
    found = [_clock(each) for each in range(MINUTES_OF_A_DAY) if fires(start, period, each)]
    assert found == times


@given(st.integers(0, MINUTES_OF_A_DAY - 1), st.sampled_from(SCHEDULE_PERIODS))
def test_every_period_divides_the_day(start: int, period: int) -> None:
    found = [each for each in range(MINUTES_OF_A_DAY) if fires(start, period, each)]
    assert len(found) == MINUTES_OF_A_DAY // period
    assert start in found


def test_the_minute_of_the_day_is_in_utc() -> None:
    """RUN-91, DEC-45."""
    rome = timezone(timedelta(hours=2))
    assert minute_of_day(datetime(2026, 7, 1, 1, 30, tzinfo=rome)) == 23 * 60 + 30


def test_each_minute_is_looked_at_once() -> None:
    this = NOON.replace(second=0, microsecond=0)

    assert list(due_minutes(None, NOON)) == [this]
    assert list(due_minutes(this, NOON)) == []
    assert list(due_minutes(this - MINUTE, NOON)) == [this]
    assert list(due_minutes(this - 2 * MINUTE, NOON)) == [this - MINUTE, this]


def test_a_clock_that_is_moved_makes_nothing_up() -> None:
    """RUN-92: ticks that nobody looked at are lost; those that were do not come again."""
    this = NOON.replace(second=0, microsecond=0)

    assert list(due_minutes(this - timedelta(hours=5), NOON)) == [this - MINUTE, this]
    assert list(due_minutes(this + timedelta(hours=5), NOON)) == []


def test_the_next_minute_is_never_far() -> None:
    assert seconds_to_next_minute(NOON) == 29.5
    assert seconds_to_next_minute(NOON.replace(second=0, microsecond=0)) == 60.0


async def _scheduled(shop: Workshop, period: str = "24h", **changed: object) -> int:
    pipeline_id = await shop.create(**changed)
    answer = await shop.ask("PUT", f"/v1/pipelines/{pipeline_id}/schedule", {"period": period})
    assert answer.status == 200, answer.json
    return pipeline_id


async def _runs(shop: Workshop) -> list[tuple[int, datetime | None]]:
    async with shop.database.sessions() as session:
        rows = await session.execute(select(Run.pipeline_id, Run.scheduled_for).order_by(Run.id))
        return [(pipeline_id, tick) for pipeline_id, tick in rows]


async def _set_start(shop: Workshop) -> None:
    async with shop.database.sessions.begin() as session:
        await session.execute(update(Connection).values(schedule_start=START))


async def test_a_tick_fires_once_however_many_workers_look(shop: Workshop) -> None:
    """RUN-93."""
    await _set_start(shop)
    pipeline_id = await _scheduled(shop)
    tick = datetime(2026, 11, 21, 10, 41, tzinfo=UTC)

    async def look() -> int:
        return await fire(shop.database.sessions, CATALOGUE, tick)

    assert sorted(await asyncio.gather(*(look() for _ in range(8)))) == [0] * 7 + [1]
    assert await _runs(shop) == [(pipeline_id, tick)]
    # A clock that was moved back comes to the same minute again, when the run may have ended.
    async with shop.database.sessions.begin() as session:
        await session.execute(update(Run).values(ended_at=tick, definition=None))
    assert await look() == 0
    assert await _runs(shop) == [(pipeline_id, tick)]


async def test_only_what_is_due_fires(shop: Workshop) -> None:
    await _set_start(shop)
    hourly = await _scheduled(shop, "1h", name="Hourly")
    await _scheduled(shop, "24h", name="Daily")
    await shop.create(name="Never")
    tick = datetime(2026, 11, 21, 9, 41, tzinfo=UTC)

    assert await fire(shop.database.sessions, CATALOGUE, tick) == 1
    assert await _runs(shop) == [(hourly, tick)]


async def test_ticks_of_what_cannot_run_are_skipped(shop: Workshop) -> None:
    """RUN-92: in silence, and not made up for."""
    await _set_start(shop)
    tick = datetime(2026, 11, 21, 10, 41, tzinfo=UTC)
    await _scheduled(shop, name="Disabled", enabled=False)
    running = await _scheduled(shop, name="Running")
    await shop.start(running)
    assert await fire(shop.database.sessions, CATALOGUE, tick) == 0

    other = await _scheduled(shop, name="Waiting")
    await shop.ask("PUT", "/v1/warehouse/mode", {"mode": "Inspection"})
    assert await fire(shop.database.sessions, CATALOGUE, tick) == 0
    await shop.ask("PUT", "/v1/warehouse/mode", {"mode": "Normal"})
    async with shop.database.sessions.begin() as session:
        await session.execute(update(Organization).values(enabled=False))
    assert await fire(shop.database.sessions, CATALOGUE, tick) == 0
    assert [each for each, _ in await _runs(shop)] == [running]
    assert other not in [each for each, _ in await _runs(shop)]


async def test_two_workers_with_moved_clocks_run_each_tick_once(shop: Workshop) -> None:
    """One is a second late, the other's clock jumps: each tick that was looked at fires once."""
    await _set_start(shop)
    shop.put("members.csv", lines("a,a@x.io,30"))
    pipeline_id = await _scheduled(shop, "5m")
    ticks = [datetime(2026, 11, 21, 10, minute, tzinfo=UTC) for minute in range(36, 52)]
    due = [tick for tick in ticks if tick.minute % 5 == START % 5]

    async def look(moments: list[datetime]) -> None:
        last: datetime | None = None
        for now in moments:
            for tick in due_minutes(last, now):
                await fire(shop.database.sessions, CATALOGUE, tick)
                async with shop.database.sessions.begin() as session:
                    await session.execute(
                        update(Run)
                        .where(Run.ended_at.is_(None))
                        .values(ended_at=tick, definition=None)
                    )
                last = tick

    late = [tick + timedelta(seconds=1) for tick in ticks]
    jumping = [*ticks[:8], *ticks[2:10], *ticks[6:]]
    await asyncio.gather(look(late), look(jumping))

    found = await _runs(shop)
    assert sorted(found) == [(pipeline_id, tick) for tick in due]
