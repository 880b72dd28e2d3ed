"""A run as it goes, told as server-sent events until it has ended."""

import asyncio
import time
from collections.abc import AsyncIterator
from typing import Final

import msgspec

from api.db.session import Sessions
from api.db.tables.run import Run
from api.http.model import InstantText, Model, instant

EVERY_SECONDS: Final = 0.5
MOST_SECONDS: Final = 3_600.0
"""A stream ends then; who wants more asks again."""


class Progress(Model, frozen=True, kw_only=True):
    """How far a run has come."""

    state: str
    """`pending`, `running` or `ended`."""
    start_time: InstantText
    end_time: InstantText | None
    passed: list[int]
    failed: list[int]
    rate: float
    """Records received per second since the event before."""
    attempt: int
    error: str


async def follow(sessions: Sessions, run_id: int) -> AsyncIterator[bytes]:
    """Give an event whenever something has changed, and a last one when the run has ended."""
    begun = before_at = time.monotonic()
    before: Progress | None = None
    received = 0
    while time.monotonic() - begun < MOST_SECONDS:
        async with sessions() as session:
            row = await session.get(Run, run_id)
        if row is None:
            yield _event("deleted", {})
            return
        now, count = time.monotonic(), row.passed[0] + row.failed[0]
        rate = 0.0 if before is None else (count - received) / max(now - before_at, 1e-3)
        received, before_at = count, now
        found = _progress(row, round(rate, 1))
        if found != before:
            yield _event("progress", found)
        else:
            # A comment: whoever is between us and the client keeps the connection.
            yield b":\n\n"
        before = found
        if row.ended_at is not None:
            yield _event("end", found)
            return
        await asyncio.sleep(EVERY_SECONDS)


def _progress(row: Run, rate: float) -> Progress:
    state = "running" if row.lease_owner is not None else "pending"
    return Progress(
        state="ended" if row.ended_at is not None else state,
        start_time=instant(row.created_at),
        end_time=None if row.ended_at is None else instant(row.ended_at),
        passed=list(row.passed),
        failed=list(row.failed),
        rate=rate,
        attempt=row.attempt,
        error=row.error,
    )


def _event(name: str, data: object) -> bytes:
    return f"event: {name}\ndata: ".encode() + msgspec.json.encode(data) + b"\n\n"
