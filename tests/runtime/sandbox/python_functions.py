"""Python functions as a guest runs them, in this process: what they are given, what they give."""

import ctypes
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import msgspec

from runtime.limits import Limits
from runtime.sandbox.guest_python import Log, PythonFunction
from runtime.sandbox.interface import Function, Outcomes

ROOM_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class Answered:
    """What a function made of one batch."""

    outcomes: Outcomes
    lines: list[bytes]
    """The results: first the objects, then the rows."""
    cursor: int


def apply(
    transform: Callable[[Any], Any],
    batch: bytes,
    *,
    reader: str = "",
    writer: str = "",
    limits: Limits | None = None,
) -> Answered:
    limits = limits or Limits()
    cursor = memoryview((ctypes.c_int32 * 1)()).cast("B").cast("i")
    function = Function(
        source="",
        record_output_bytes=limits.record_output_bytes,
        batch_output_bytes=limits.batch_output_bytes,
        log_bytes=limits.log_bytes,
        reader=reader,
        writer=writer,
    )
    loaded = PythonFunction(function, transform, cursor, Log(0), ROOM_BYTES)
    head, *lines = b"".join(loaded.run(batch)).splitlines()
    return Answered(msgspec.json.decode(head, type=Outcomes), lines, cursor[0])


def given_to_a_function(batch: bytes, reader: str) -> list[Any]:
    """The records that a function is given."""
    given: list[Any] = []

    def transform(record: object) -> dict[str, object]:
        given.append(record)
        return {}

    apply(transform, batch, reader=reader)
    return given
