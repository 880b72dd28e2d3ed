"""Storages that hardly send: given up by what they sent while they were waited for."""

from collections.abc import Iterator

import pytest

from connectors.files import FileCode, FileError, Patience
from connectors.pace import Pace

PATIENCE = Patience(read_seconds=2.0, slowest_bytes_per_second=10)
"""Forty bytes in four seconds of waiting are enough."""


class _Storage:
    """Takes some seconds for each chunk, by a clock of its own."""

    def __init__(self, chunks: list[tuple[float, int]]) -> None:
        self._chunks: Iterator[tuple[float, int]] = iter(chunks)
        self.now = 0.0

    def seconds(self) -> float:
        return self.now

    def read(self) -> bytes:
        took, size = next(self._chunks)
        self.now += took
        return bytes(size)


def _paced(chunks: list[tuple[float, int]], *, between: float = 0.0) -> int:
    """Read all; gives how many bytes came."""
    storage = _Storage(chunks)
    pace = Pace(PATIENCE, storage.seconds)
    count = 0
    for _ in chunks:
        count += len(pace.timed(storage.read))
        storage.now += between
    return count


@pytest.mark.parametrize(
    "chunks",
    [
        [(1.0, 10)] * 20,
        # Nothing is decided before there was enough waiting to tell.
        [(0.9, 1)] * 4,
        [(3.9, 1), (0.2, 100)],
        # Nor at the end of a file, which came.
        [(0.9, 1)] * 4 + [(0.9, 0)],
    ],
)
def test_a_storage_that_sends_enough_is_read(chunks: list[tuple[float, int]]) -> None:
    assert _paced(chunks) == sum(size for _, size in chunks)


@pytest.mark.parametrize(
    ("chunks", "found"),
    [
        ([(1.0, 1)] * 20, "4 bytes in 4 seconds"),
        # What came quickly before is no excuse for ever.
        ([(1.0, 10**9)] * 4 + [(1.0, 1)] * 20, "4 bytes in 4 seconds"),
        ([(2.0, 19)] * 20, "38 bytes in 4 seconds"),
    ],
)
def test_a_storage_that_drips_is_given_up(chunks: list[tuple[float, int]], found: str) -> None:
    with pytest.raises(FileError) as refused:
        _paced(chunks)

    assert (refused.value.code, refused.value.retryable) == (FileCode.TIMEOUT, True)
    assert refused.value.message == (
        f"The storage sent {found} of waiting for it, expected at least 10 a second"
    )


def test_what_nobody_reads_is_no_fault_of_the_storage() -> None:
    assert _paced([(0.1, 1)] * 30, between=100.0) == 30
