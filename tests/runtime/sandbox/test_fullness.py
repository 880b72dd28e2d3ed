"""How a process whose memory stays full is told from one that only passes through."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from runtime.sandbox.fullness import FULL_CPU_SECONDS, Fullness

# Fills its memory to less than a page before the limit, if it has one, and does as it is told.
FILLING = """
import mmap, resource, sys, time
if sys.argv[1] == "limited":
    resource.setrlimit(resource.RLIMIT_DATA, (1 << 28, 1 << 28))
kept = []
size = 1 << 24
while size >= mmap.PAGESIZE and len(kept) < 40:
    try:
        kept.append(mmap.mmap(-1, size, flags=mmap.MAP_PRIVATE))
    except OSError:
        size >>= 1
print(flush=True)
while order := sys.stdin.read(1):
    if order == "f":
        kept.clear()
    until = time.process_time() + float(sys.argv[2])
    while time.process_time() < until:
        pass
    print(flush=True)
"""
SPENT_SECONDS = FULL_CPU_SECONDS + 0.1
"""The kernel counts in hundredths."""


class Process:
    """A process that fills its memory, and spends some time of its own with each order."""

    def __init__(self, process: "subprocess.Popen[bytes]") -> None:
        self._process = process
        self.fullness = Fullness(process.pid)
        self._wait()

    def keep_on(self) -> None:
        self._order(b"k")

    def free(self) -> None:
        self._order(b"f")

    def _order(self, order: bytes) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(order)
        self._process.stdin.flush()
        self._wait()

    def _wait(self) -> None:
        assert self._process.stdout is not None
        assert self._process.stdout.readline() == b"\n"


@contextmanager
def filled(limited: str) -> Iterator[Process]:
    with subprocess.Popen(
        [sys.executable, "-c", FILLING, limited, str(SPENT_SECONDS)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as process:
        try:
            yield Process(process)
        finally:
            process.kill()


def test_a_process_is_full_when_it_stays_so_for_a_time_of_its_own() -> None:
    with filled("limited") as process:
        assert not process.fullness.look()
        process.keep_on()
        assert process.fullness.look()
        process.free()
        assert not process.fullness.look()


def test_a_process_that_has_had_no_time_is_not_full_however_often_it_is_looked_at() -> None:
    with filled("limited") as process:
        assert not any(process.fullness.look() for _ in range(1_000))


def test_what_a_process_spent_before_it_was_full_does_not_count() -> None:
    with filled("limited") as process:
        process.keep_on()
        assert not process.fullness.look()


def test_a_process_without_limit_is_never_full() -> None:
    with filled("unlimited") as process:
        assert not process.fullness.look()
        process.keep_on()
        assert not process.fullness.look()


@pytest.mark.parametrize("pid", [2**30, -1])
def test_a_process_that_is_not_there_is_not_full(pid: int) -> None:
    fullness = Fullness(pid)
    assert not any(fullness.look() for _ in range(10))
