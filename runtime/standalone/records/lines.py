"""The lines of a text that comes in chunks, in bounded memory."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from runtime.standalone.records.interface import PAUSE, Pause

MAX_RECORD_BYTES: Final = 4 * 2**20
"""Longest text of one record, in any format; the results of one may have a quarter of it."""


@dataclass(frozen=True, slots=True)
class Line:
    """A line without its line feed; `content` is none if it is too long to be read."""

    number: int
    content: bytes | None


def lines(
    chunks: Iterable[bytes], *, pausing: bool, max_bytes: int = MAX_RECORD_BYTES
) -> Iterator[Line | Pause]:
    """Divide a text into lines; with `pausing`, tell after each chunk that the next may be far."""
    rest = b""
    number = 0
    too_long = False
    for chunk in chunks:
        *ended, rest = (rest + chunk).split(b"\n")
        for content in ended:
            number += 1
            yield Line(number, None if too_long or len(content) > max_bytes else content)
            too_long = False
        if len(rest) > max_bytes:
            rest, too_long = b"", True
        if pausing:
            yield PAUSE
    if rest or too_long:
        yield Line(number + 1, None if too_long else rest)
