import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime.standalone.records.interface import PAUSE, Pause
from runtime.standalone.records.lines import Line, lines


def contents(chunks: list[bytes], max_bytes: int = 100) -> list[bytes | None]:
    found: list[bytes | None] = []
    for number, line in enumerate(lines(chunks, pausing=False, max_bytes=max_bytes), 1):
        assert isinstance(line, Line)
        assert line.number == number
        found.append(line.content)
    return found


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (b"", []),
        (b"a", [b"a"]),
        (b"a\n", [b"a"]),
        (b"a\n\nb", [b"a", b"", b"b"]),
        (b"a\r\nb\r\n", [b"a\r", b"b\r"]),
        (b"\n", [b""]),
    ],
)
def test_a_text_is_divided_at_line_feeds(text: bytes, expected: list[bytes]) -> None:
    assert contents([text]) == expected


@given(st.lists(st.binary(max_size=12), max_size=6))
def test_where_chunks_end_makes_no_difference(chunks: list[bytes]) -> None:
    assert contents(chunks) == contents([b"".join(chunks)])


@pytest.mark.parametrize("size", [1, 2, 3, 7, 100])
def test_a_line_that_is_too_long_costs_itself_alone(size: int) -> None:
    text = b"ok\n" + b"x" * 11 + b"\nfine\n" + b"y" * 30
    chunks = [text[start : start + size] for start in range(0, len(text), size)]
    assert contents(chunks, max_bytes=10) == [b"ok", None, b"fine", None]


def test_memory_is_bounded_while_a_line_does_not_end() -> None:
    chunks = (b"x" * 10_000 for _ in range(1_000))
    tracemalloc.start()
    found = list(lines(chunks, pausing=False, max_bytes=50_000))
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert found == [Line(1, None)]
    assert most < 500_000


def test_a_pause_follows_each_chunk_of_what_comes_bit_by_bit() -> None:
    found: list[Line | Pause] = list(lines([b"a\nb", b"c\n"], pausing=True))
    assert found == [Line(1, b"a"), PAUSE, Line(2, b"bc"), PAUSE]
