"""Which guest serves which batch, how many there are, and what happens when there are too many."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from mapping_lang.diagnostics import Code, FailureClass
from mapping_lang.types.kinds import IntType
from mapping_lang.types.schema import Purpose
from runtime.engine import EngineSettings, GuestEngine
from runtime.errors import (
    BatchStoppedError,
    BusyError,
    DeadlineError,
    FunctionPausedError,
    FunctionRefusedError,
    UnavailableError,
    WallsMissingError,
)
from runtime.functions import FunctionTask
from runtime.pool import GuestKey, Room
from runtime.sandbox.interface import Language
from runtime.sandbox.kills import KillWindow
from runtime.sandbox.runner import Runner
from tests.runtime.engines import LIMITS, apply, object_of, opened, task_of

JS, INT = Language.JAVASCRIPT, IntType(32)


@pytest.fixture(scope="module")
def engine() -> Iterator[GuestEngine]:
    made = opened()
    yield made
    made.close()


LOOP = "const transform = (r) => { if (r.i < 0) for (;;); return r; };"


def looping(tenant: str = "tests", source: str = LOOP) -> FunctionTask:
    return task_of(JS, source, object_of(i=INT), object_of(i=INT), tenant=tenant)


def test_a_warm_guest_serves_batch_after_batch(engine: GuestEngine) -> None:
    counting = "let n = 0; const transform = () => ({i: n++});"
    task = looping("warm", counting)
    found = [apply(engine, task, [{}]).records[0]["i"] for _ in range(3)]
    assert found == [0, 1, 2]


def test_no_guest_is_shared_by_tenants_versions_or_limits(engine: GuestEngine) -> None:
    task = looping("a", "let n = 0; const transform = () => ({i: n++});")
    others = [task, replace(task, tenant="b"), replace(task, version="2")]
    found = [apply(engine, each, [{}]).records[0]["i"] for each in others]
    found.append(
        apply(engine, task, [{}], limits=replace(LIMITS, record_seconds=4)).records[0]["i"]
    )
    assert found == [0, 0, 0, 0]


def test_the_least_recently_used_guest_makes_room() -> None:
    engine = opened(Room(guests=2))
    try:
        sources = {
            name: f"let n = 0; const transform = () => ({{i: n++}}); // {name}" for name in "abc"
        }
        tasks = {name: looping("lru", source) for name, source in sources.items()}
        used = "abacacb"
        found = [apply(engine, tasks[name], [{}]).records[0]["i"] for name in used]
        assert found == [0, 0, 1, 0, 2, 1, 0]
        assert engine.occupancy().idle == 2
    finally:
        engine.close()


def test_guests_are_ended_when_they_hold_too_much_or_served_long() -> None:
    engine = opened(Room(guests=4, memory_bytes=1, guest_batches=2))
    try:
        apply(engine, looping(), [{"i": 1}])
        assert engine.occupancy().idle == 0
    finally:
        engine.close()
    engine = opened(Room(guests=4, guest_batches=2))
    try:
        task = looping("worn", "let n = 0; const transform = () => ({i: n++});")
        assert [apply(engine, task, [{}]).records[0]["i"] for _ in range(3)] == [0, 1, 0]
    finally:
        engine.close()


def test_waiting_for_a_guest_is_a_matter_of_capacity() -> None:
    engine = opened(Room(guests=1))
    slow = replace(LIMITS, record_seconds=2.0)
    try:
        with ThreadPoolExecutor(1) as others:
            busy = others.submit(apply, engine, looping(), [{"i": -1}], Purpose.IMPORT, slow)
            while not engine.occupancy().lent:
                time.sleep(0.01)
            with pytest.raises(BusyError) as caught:
                apply(engine, looping("b"), [{"i": 1}], limits=replace(LIMITS, waiting_seconds=0.2))
            assert caught.value.failure_class.value == "capacity"
            [rejection] = busy.result().rejections
            assert rejection.code is Code.FUNCTION_TIME
        done = apply(engine, looping("b"), [{"i": 1}])
        assert (done.records, done.timings.waiting < 1) == ([{"i": 1}], True)
    finally:
        engine.close()


def test_a_batch_that_costs_too_many_guests_is_stopped() -> None:
    engine = opened()
    try:
        limits = replace(LIMITS, record_seconds=0.2, batch_kills=2, minute_kills=4)
        with pytest.raises(BatchStoppedError) as caught:
            apply(engine, looping(), [{"i": -1}] * 5, limits=limits)
        assert caught.value.limit == "batch_kills"
        # One more within the minute, whatever the limits, and the function is paused.
        apply(engine, looping(), [{"i": -1}], limits=replace(limits, batch_kills=9))
        with pytest.raises(FunctionPausedError):
            apply(engine, looping(), [{"i": 1}], limits=limits)
        assert apply(engine, looping("other"), [{"i": 1}], limits=limits).records == [{"i": 1}]
    finally:
        engine.close()


def test_a_batch_ends_when_its_caller_stops_waiting_and_nobody_is_blamed() -> None:
    engine = opened()
    try:
        limits = replace(LIMITS, minute_kills=1)
        with pytest.raises(DeadlineError) as caught:
            apply(engine, looping(), [{"i": -1}], limits=limits, caller_seconds=0.5)
        assert (caught.value.failure_class, caught.value.retryable) == (FailureClass.CAPACITY, True)
        assert engine.occupancy().lent == 0
        # It was no kill of the function's.
        assert apply(engine, looping(), [{"i": 1}], limits=limits).records == [{"i": 1}]
    finally:
        engine.close()


def test_a_broken_source_costs_a_guest_only_once(engine: GuestEngine) -> None:
    hired: list[GuestKey] = []
    make = engine._make_runner  # noqa: SLF001 - counts the guests that are asked for

    def counted(key: GuestKey, kills: KillWindow) -> Runner:
        hired.append(key)
        return make(key, kills)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(engine._pool, "_make", counted)  # noqa: SLF001 - as above
        for source, times in (
            ("function transform(r) {;", 1),
            ("throw new Error('now and then'); function transform() {}", 3),
        ):
            hired.clear()
            for _ in range(2):
                with pytest.raises(FunctionRefusedError):
                    apply(engine, looping("broken", source), [{"i": 1}])
            [diagnostic] = engine.compile(looping("broken", source), LIMITS)
            assert (len(hired), diagnostic.found) == (times, source)


def test_a_closed_engine_lends_no_guests() -> None:
    engine = opened()
    engine.close()
    with pytest.raises(UnavailableError):
        apply(engine, looping(), [{"i": 1}])


def test_without_attested_walls_no_function_runs() -> None:
    engine = GuestEngine(EngineSettings())
    with pytest.raises(WallsMissingError):
        apply(engine, looping(), [{"i": 1}])
    assert not engine.attestation().passed
    engine.close()
