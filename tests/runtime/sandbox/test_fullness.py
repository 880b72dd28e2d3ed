"""How a process whose memory stays full is told from one that only passes through."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from runtime.sandbox.fullness import FULL_LOOKS, Fullness

# Fills its memory to less than a page before the limit, if it has one, and waits.
FILLING = """
import mmap, resource, sys
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
sys.stdin.read(1)
kept.clear()
print(flush=True)
sys.stdin.read(1)
"""


@contextmanager
def filled(limited: str) -> Iterator["subprocess.Popen[bytes]"]:
    with subprocess.Popen(
        [sys.executable, "-c", FILLING, limited], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        process.stdout.readline()
        try:
            yield process
        finally:
            process.kill()


def test_a_process_is_full_when_it_stays_so() -> None:
    with filled("limited") as process:
        assert process.stdin is not None
        assert process.stdout is not None
        fullness = Fullness(process.pid)
        assert [fullness.look() for _ in range(FULL_LOOKS + 1)] == [
            *[False] * (FULL_LOOKS - 1),
            True,
            True,
        ]
        process.stdin.write(b"x")
        process.stdin.flush()
        process.stdout.readline()
        assert not fullness.look()


def test_one_full_look_is_not_enough() -> None:
    with filled("limited") as process:
        assert not any(Fullness(process.pid).look() for _ in range(2 * FULL_LOOKS))


def test_a_process_without_limit_is_never_full() -> None:
    with filled("unlimited") as process:
        fullness = Fullness(process.pid)
        assert not any(fullness.look() for _ in range(2 * FULL_LOOKS))


@pytest.mark.parametrize("pid", [2**30, -1])
def test_a_process_that_is_not_there_is_not_full(pid: int) -> None:
    fullness = Fullness(pid)
    assert not any(fullness.look() for _ in range(2 * FULL_LOOKS))
