"""Gathering what a batch is made of, from a stream that may be slow."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import final

from connectors.files import ByteStream


@final
@dataclass(frozen=True, slots=True)
class Gathered:
    """Bytes that follow each other, and whether the stream ends with them."""

    data: bytes
    is_end: bool


def gather(
    stream: ByteStream,
    held: bytes,
    size: int,
    *,
    least: int,
    seconds: float,
    clock_seconds: Callable[[], float] = time.monotonic,
) -> Gathered:
    """Read until so many bytes are held; fewer at the end, or if others do not come in time.

    The least is waited for however long it takes: before it there is nothing that could wait.
    """
    parts, have, is_end = [held], len(held), False
    until = clock_seconds() + seconds
    while have < size and not is_end:
        if have >= least:
            left = until - clock_seconds()
            if left <= 0 or not stream.ready(size - have, left):
                break
        part = stream.read(size - have)
        parts.append(part)
        have += len(part)
        is_end = not part
    return Gathered(b"".join(parts), is_end)
