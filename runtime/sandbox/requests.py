"""What the host asks of a zygote, and what it is told."""

from typing import Final

import msgspec

MAX_MESSAGE_BYTES: Final = 4096


class Request(msgspec.Struct, frozen=True):
    """A new guest, or how one ended."""

    fork_memory_bytes: int = 0
    allow_missing_walls: bool = False
    reap: int = 0


class Answer(msgspec.Struct, frozen=True):
    """`error` is empty if the request was met; the descriptors of a new guest come along."""

    pid: int = 0
    error: str = ""
    status: int = 0
    grown_bytes: int = 0
    """How much larger an ended guest once was than its zygote."""
