"""Schedules over HTTP, with workers whose clocks a test moves (RUN-90 to RUN-93)."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from threading import Event

import pytest

from tests.api.runs.imports.service import Service
from tests.api.runs.imports.stored import Held
from tests.api.runs.imports.workspace import Workspace, lines, until

DAY = datetime(2026, 11, 20, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
_READINGS = 4
"""Of a clock by a worker that has nothing to do, until it has surely looked at a minute: once as it
waited, once to see the minute, once when all of it is done; and once by its housekeeping."""


class Clock:
    """Shows the end of a minute, the same one until a test lets it pass."""

    def __init__(self, minute: datetime) -> None:
        self._minute = minute
        self._readings = 0
        self._read = Event()

    def __call__(self) -> datetime:
        self._readings += 1
        # A worker waits for the next minute for ten milliseconds.
        return self._minute + timedelta(seconds=59, microseconds=990_000)

    def show(self, minute: datetime) -> None:
        """Let workers look at a minute, and wait until they have."""
        self._minute = minute
        seen = self._readings
        until(lambda: self._readings >= seen + _READINGS)


@contextmanager
def _working(service: Service, *clocks: Clock) -> Iterator[None]:
    if not clocks:
        yield
        return
    with service.working(now=clocks[0]), _working(service, *clocks[1:]):
        yield


class Scheduled:
    """A pipeline with a schedule, and when it fires."""

    def __init__(self, shop: Workspace, period: str = "1h", **changed: object) -> None:
        shop.put(lines("a,a@x.io,1"))
        self._shop = shop
        created: dict[str, object] = {"name": period, **changed}
        self.id = shop.create(**created)  # type: ignore[arg-type]
        self.set(period)
        self.start = int(shop.get(f"/v1/pipelines/{self.id}")["scheduleStart"])

    def set(self, period: str | None) -> None:
        self._shop.done("PUT", f"/v1/pipelines/{self.id}/schedule", {"period": period})

    def tick(self, number: int = 0, minutes: int = 60) -> datetime:
        """Give a minute of the day at which it fires."""
        return DAY + (self.start % minutes + number * minutes) * MINUTE

    def runs(self) -> int:
        found = self._shop.get("/v1/pipelines/runs")["runs"]
        return sum(each["pipeline"] == self.id for each in found)

    def wait_for_end(self, count: int) -> None:
        until(lambda: self.runs() == count)
        found = self._shop.get("/v1/pipelines/runs")["runs"]
        for each in found:
            self._shop.ended(each["id"])


def test_a_schedule_fires_at_its_minute_and_at_no_other(idle: Workspace, service: Service) -> None:
    """RUN-90, RUN-13: `scheduleStart` is the minute of the day, in UTC (DEC-45)."""
    pipeline = Scheduled(idle)
    clock = Clock(pipeline.tick() - 2 * MINUTE)
    with _working(service, clock):
        found = []
        for minute in (-1, 0, 1, 59, 60, 61):
            clock.show(pipeline.tick() + minute * MINUTE)
            found.append(pipeline.runs())
            for each in idle.get("/v1/pipelines/runs")["runs"]:
                idle.ended(each["id"])

    assert found == [0, 1, 1, 1, 2, 2]
    assert {each["passed"][5] for each in idle.get("/v1/pipelines/runs")["runs"]} == {1}


@pytest.mark.parametrize(
    ("period", "minutes"),
    [("15m", 15), ("3h", 180), ("24h", 1440)],
)
def test_a_schedule_fires_once_in_its_period(
    idle: Workspace, service: Service, period: str, minutes: int
) -> None:
    """RUN-90: also over midnight."""
    pipeline = Scheduled(idle, period)
    first = pipeline.tick(minutes=minutes)
    clock = Clock(first - MINUTE)
    with _working(service, clock):
        for minute in (first, first + (minutes - 1) * MINUTE, first + minutes * MINUTE):
            clock.show(minute)
            for each in idle.get("/v1/pipelines/runs")["runs"]:
                idle.ended(each["id"])

    assert pipeline.runs() == 2


def test_two_workers_fire_every_tick_once_whatever_their_clocks_show(
    idle: Workspace, service: Service
) -> None:
    """RUN-93: one is late, one is ahead, one is set back."""
    pipeline = Scheduled(idle, "5m")
    ticks = [pipeline.tick(number, 5) for number in range(4)]
    one, other = Clock(ticks[0] - MINUTE), Clock(ticks[0] - MINUTE)
    with _working(service, one, other):
        for number, tick in enumerate(ticks, 1):
            ahead, late = (one, other) if number % 2 else (other, one)
            ahead.show(tick)
            pipeline.wait_for_end(number)
            late.show(tick)
            late.show(tick - 3 * MINUTE)
            late.show(tick)

    assert pipeline.runs() == len(ticks)


def test_ticks_that_nobody_saw_are_lost_and_those_after_them_are_not(
    idle: Workspace, service: Service
) -> None:
    """RUN-92: all workers were down; one that comes back looks at the minute that it finds."""
    pipeline = Scheduled(idle, "5m")
    clock = Clock(pipeline.tick(0, 5))
    with _working(service, clock):
        clock.show(pipeline.tick(0, 5))
        pipeline.wait_for_end(1)
    again = Clock(pipeline.tick(3, 5) + MINUTE)
    with _working(service, again):
        again.show(pipeline.tick(3, 5) + 2 * MINUTE)
        missed = pipeline.runs()
        again.show(pipeline.tick(4, 5))
        pipeline.wait_for_end(2)

    assert (missed, pipeline.runs()) == (1, 2)


def test_a_worker_that_was_stuck_for_a_minute_looks_at_it_later(
    idle: Workspace, service: Service
) -> None:
    """A tick is not lost because a minute was skipped while somebody works."""
    pipeline = Scheduled(idle)
    clock = Clock(pipeline.tick() - MINUTE)
    with _working(service, clock):
        clock.show(pipeline.tick() - MINUTE)
        clock.show(pipeline.tick() + MINUTE)
        pipeline.wait_for_end(1)


def test_a_pipeline_that_is_disabled_at_its_tick_waits_for_the_next(
    idle: Workspace, service: Service
) -> None:
    """RUN-92, RUN-13: nothing is queued, and nothing made up for."""
    pipeline = Scheduled(idle, enabled=False)
    clock = Clock(pipeline.tick() - MINUTE)
    with _working(service, clock):
        clock.show(pipeline.tick())
        idle.done("PUT", f"/v1/pipelines/{pipeline.id}/status", {"enabled": True})
        clock.show(pipeline.tick() + MINUTE)
        found = pipeline.runs()
        clock.show(pipeline.tick(1))
        pipeline.wait_for_end(1)

    assert found == 0


@pytest.mark.parametrize("mode", ["Inspection", "Maintenance"])
def test_a_warehouse_in_another_mode_at_a_tick_waits_for_the_next(
    idle: Workspace, service: Service, mode: str
) -> None:
    """RUN-92."""
    pipeline = Scheduled(idle)
    clock = Clock(pipeline.tick() - MINUTE)
    idle.set_mode(mode)
    with _working(service, clock):
        clock.show(pipeline.tick())
        idle.set_mode("Normal")
        clock.show(pipeline.tick() + MINUTE)
        found = pipeline.runs()
        clock.show(pipeline.tick(1))
        pipeline.wait_for_end(1)

    assert found == 0


def test_a_run_that_is_live_at_a_tick_has_no_other_beside_it(
    idle: Workspace, service: Service
) -> None:
    """RUN-92, RUN-82."""
    held = Held.of("a,a@x.io,1")
    idle.files.put("members.csv", held)
    pipeline = Scheduled(idle, connection=idle.web())
    clock = Clock(pipeline.tick() - MINUTE)
    with _working(service, clock):
        clock.show(pipeline.tick())
        held.wait_until_reached()
        until(lambda: len(idle.rows()) == 1)
        clock.show(pipeline.tick(1))
        found = pipeline.runs()
        held.let_go()
        pipeline.wait_for_end(1)
        clock.show(pipeline.tick(1) + MINUTE)
        afterwards = pipeline.runs()
        clock.show(pipeline.tick(2))
        pipeline.wait_for_end(2)

    assert (found, afterwards) == (1, 1)


def test_a_period_that_is_changed_counts_from_the_next_minute(
    idle: Workspace, service: Service
) -> None:
    """PIPE-137: when the day begins stays, whatever the period is; without one nothing fires."""
    pipeline = Scheduled(idle, "24h")
    start = pipeline.start
    at_five = pipeline.tick(0, 5)
    if at_five == pipeline.tick(0, 1440):
        at_five += 5 * MINUTE
    clock = Clock(at_five - MINUTE)
    with _working(service, clock):
        clock.show(at_five)
        daily = pipeline.runs()
        pipeline.set("5m")
        clock.show(at_five + 5 * MINUTE)
        pipeline.wait_for_end(1)
        pipeline.set(None)
        clock.show(at_five + 10 * MINUTE)
        without = pipeline.runs()
        pipeline.set("5m")
        clock.show(at_five + 15 * MINUTE)
        pipeline.wait_for_end(2)

    assert (daily, without) == (0, 1)
    assert idle.get(f"/v1/pipelines/{pipeline.id}")["scheduleStart"] == start
