"""Guests and zygotes that somebody else kills lose no record, repeat none and are nobody's fault.

The guests that are to be killed get a source that never ends on one record, so that there is a
middle of the batch to kill them in, however fast or slow the machine is.
"""

import contextlib
import os
import signal
import threading
from collections.abc import Callable, Iterator

import msgspec
import pytest

from mapping_lang.diagnostics import FailureClass
from runtime.errors import GuestLostError
from runtime.limits import Limits
from runtime.sandbox.host import Guest
from runtime.sandbox.interface import Function, Language
from runtime.sandbox.runner import MAX_OUTSIDE_KILLS
from runtime.sandbox.zygote import Newborn, Zygote, wait_for_end
from tests.runtime.sandbox.batches import IDENTITY, records, rejected, values
from tests.runtime.sandbox.conftest import Open
from tests.runtime.serving import wait_until

COUNT, STUCK = 100, 50

NEVER_ENDING = {
    Language.PYTHON: f"""
def transform(record):
    while record['i'] == {STUCK}:
        pass
    return record
""",
    Language.JAVASCRIPT: f"""
function transform(record) {{
  while (record.i === {STUCK});
  return record;
}}
""",
}

Victim = Callable[[Guest], int | None]
Killing = Callable[[int, Victim], Callable[[Guest], None]]


@pytest.fixture
def killing(language: Language, monkeypatch: pytest.MonkeyPatch) -> Iterator[Killing]:
    """Gives what kills somebody while each of the first guests has its record in hand."""
    killers: list[threading.Thread] = []

    def kill(guest: Guest, victim: Victim) -> None:
        wait_until(lambda: guest.ended or guest._cursor() == STUCK, 60)  # noqa: SLF001 - as the host
        pid = victim(guest)
        if pid is not None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    def make(times: int, victim: Victim) -> Callable[[Guest], None]:
        left = iter(range(times))

        def hired(guest: Guest) -> None:
            if next(left, None) is None:
                return
            load = guest.load

            def load_another(function: Function, limits: Limits) -> None:
                load(msgspec.structs.replace(function, source=NEVER_ENDING[language]), limits)

            monkeypatch.setattr(guest, "load", load_another)
            killers.append(threading.Thread(target=kill, args=(guest, victim)))
            killers[-1].start()

        return hired

    yield make
    for killer in killers:
        killer.join()


def itself(guest: Guest) -> int:
    return guest.pid


EVERYTHING = [{"i": i} for i in range(COUNT)]


def test_a_guest_killed_in_the_middle_of_a_batch_loses_and_repeats_nothing(
    run_function: Open, language: Language, killing: Killing
) -> None:
    runner = run_function(language, IDENTITY[language], hired=killing(1, itself))
    result = runner.run(records(COUNT))
    assert (rejected(result), result.kills) == ({}, 1)
    assert values(result) == EVERYTHING


def test_guests_killed_again_and_again_lose_and_repeat_nothing(
    run_function: Open, language: Language, killing: Killing
) -> None:
    hired = killing(MAX_OUTSIDE_KILLS, itself)
    result = run_function(language, IDENTITY[language], hired=hired).run(records(COUNT))
    assert (rejected(result), result.kills) == ({}, MAX_OUTSIDE_KILLS)
    assert values(result) == EVERYTHING


def test_a_zygote_killed_in_the_middle_of_a_batch_loses_and_repeats_nothing(
    run_function: Open, zygote: Zygote, language: Language, killing: Killing
) -> None:
    zygote.start()
    first = zygote.pid
    runner = run_function(language, IDENTITY[language], hired=killing(1, lambda _: first))
    result = runner.run(records(COUNT))
    assert (rejected(result), result.kills) == ({}, 1)
    assert values(result) == EVERYTHING
    assert zygote.pid not in {None, first}


def test_a_zygote_that_dies_while_it_starts_a_guest_is_replaced(
    run_function: Open, zygote: Zygote, language: Language, monkeypatch: pytest.MonkeyPatch
) -> None:
    fork = zygote.fork
    killed: list[int] = []

    def forked(memory_bytes: int, *, allow_missing_walls: bool = False) -> Newborn:
        newborn = fork(memory_bytes, allow_missing_walls=allow_missing_walls)
        if not killed:
            assert zygote.pid is not None
            killed.append(zygote.pid)
            os.kill(zygote.pid, signal.SIGKILL)
            wait_for_end(newborn, 20)
        return newborn

    monkeypatch.setattr(zygote, "fork", forked)
    result = run_function(language, IDENTITY[language]).run(records(3))
    assert (len(killed), rejected(result)) == (1, {})
    assert values(result) == EVERYTHING[:3]


def test_whoever_keeps_killing_guests_stops_the_batch_without_blame(
    run_function: Open, language: Language, killing: Killing
) -> None:
    hired = killing(MAX_OUTSIDE_KILLS + 1, itself)
    with pytest.raises(GuestLostError) as caught:
        run_function(language, IDENTITY[language], hired=hired).run(records(COUNT))
    assert caught.value.failure_class is FailureClass.PLATFORM
    assert caught.value.retryable
