"""What is gathered from a stream that is slow, by a clock of its own."""

from typing import BinaryIO

import pytest

from connectors.gather import Gathered, gather


class _Slow:
    """Gives chunks, each after some seconds."""

    local: BinaryIO | None = None

    def __init__(self, *chunks: tuple[float, bytes]) -> None:
        self._chunks = list(chunks)
        self.now = 50.0

    def seconds(self) -> float:
        return self.now

    def ready(self, size: int, seconds: float, /) -> bool:
        assert seconds > 0
        takes, chunk = self._chunks[0] if self._chunks else (0.0, b"")
        waited = min(takes, seconds)
        self.now += waited
        if self._chunks:
            self._chunks[0] = (takes - waited, chunk)
        return waited == takes

    def read(self, size: int, /) -> bytes:
        takes, chunk = self._chunks.pop(0) if self._chunks else (0.0, b"")
        self.now += takes
        if len(chunk) > size:
            self._chunks.insert(0, (0.0, chunk[size:]))
        return chunk[:size]


@pytest.mark.parametrize(
    ("chunks", "held", "expected"),
    [
        # What comes in time is waited for, and no more than is wanted.
        ([(1.0, b"ab"), (1.0, b"cdefghijkl")], b"", Gathered(b"abcdefgh", is_end=False)),
        ([(0.0, b"ab"), (9.0, b"cd")], b"", Gathered(b"ab", is_end=False)),
        ([(2.0, b"a"), (2.0, b"b"), (2.0, b"c")], b"", Gathered(b"ab", is_end=False)),
        # The least is waited for however long it takes.
        ([(99.0, b"ab"), (0.1, b"c")], b"", Gathered(b"ab", is_end=False)),
        ([(99.0, b"c")], b"ab", Gathered(b"ab", is_end=False)),
        # The end comes in time, or it is not known yet.
        ([(1.0, b"ab")], b"", Gathered(b"ab", is_end=True)),
        ([], b"", Gathered(b"", is_end=True)),
        ([], b"held, and enough", Gathered(b"held, and enough", is_end=False)),
    ],
)
def test_what_is_held_waits_for_the_rest_no_longer_than_said(
    chunks: list[tuple[float, bytes]], held: bytes, expected: Gathered
) -> None:
    stream = _Slow(*chunks)
    found = gather(stream, held, 8, least=1, seconds=5.0, clock_seconds=stream.seconds)
    assert found == expected


def test_nothing_is_lost_between_two_times() -> None:
    stream = _Slow((0.0, b"a"), (7.0, b"b"), (7.0, b"c"), (0.0, b"d"))
    held, given, is_end = b"", [], False
    while not is_end:
        found = gather(stream, held, 8, least=1, seconds=5.0, clock_seconds=stream.seconds)
        given.append(found.data)
        held, is_end = found.data, found.is_end
    # Two gave up, each while the next chunk was on its way.
    assert given == [b"a", b"ab", b"abcd"]
    assert stream.now == 50.0 + 14.0
