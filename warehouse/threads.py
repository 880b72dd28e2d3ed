"""Drivers that block, each session in a thread of its own."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Protocol, TypeVar

T = TypeVar("T")


class Blocking(Protocol):
    """A session of a driver that blocks."""

    thread: ThreadPoolExecutor
    """Its own: in a common pool those who wait for a lock could take the place of who has it."""

    def cancel(self) -> None:
        """Stop the statement that runs in the thread, and refuse those after it."""

    def close(self) -> None:
        """End the session; a transaction that is not committed is undone."""


S = TypeVar("S", bound=Blocking)


async def connected(connect: Callable[[], S]) -> S:
    """Begin a session; if nobody waits for it any more, it ends as soon as it has begun."""
    future = asyncio.get_running_loop().run_in_executor(None, connect)
    try:
        return await asyncio.shield(future)
    except asyncio.CancelledError:
        await asyncio.wait({future})
        if not future.cancelled() and future.exception() is None:
            await ended(future.result())
        raise


async def apart(session: S, work: Callable[[S], T]) -> T:
    """Do what blocks in the thread of a session; if nobody waits any more, it is stopped first."""
    future = asyncio.get_running_loop().run_in_executor(session.thread, work, session)
    try:
        return await asyncio.shield(future)
    except asyncio.CancelledError:
        session.cancel()
        await asyncio.wait({future})
        if not future.cancelled():
            future.exception()
        raise


async def ended(session: Blocking) -> None:
    """End a session and its thread."""
    await asyncio.get_running_loop().run_in_executor(session.thread, session.close)
    session.thread.shutdown(wait=False)
