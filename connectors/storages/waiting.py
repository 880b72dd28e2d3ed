"""How long storages are waited for, and how often they are asked again."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import TypeVar

from connectors.files import FileCode, FileError, Patience
from mapping_lang.diagnostics import quote

_Result = TypeVar("_Result")


async def within(seconds: float, waited: Awaitable[_Result], shown: str, doing: str) -> _Result:
    """Wait for a storage, but no longer than that."""
    try:
        async with asyncio.timeout(seconds):
            return await waited
    except TimeoutError:
        raise too_late(shown, seconds, doing) from None


def too_late(shown: str, seconds: float, doing: str) -> FileError:
    """Give up waiting."""
    return FileError(
        FileCode.TIMEOUT, f"{quote(shown)}: the storage did not {doing} within {seconds:g} seconds"
    )


async def again(attempt: Callable[[], Awaitable[_Result]], patience: Patience) -> _Result:
    """Do what changes nothing some more times, as long as it can help."""
    for pause in patience.pauses:
        try:
            return await attempt()
        except FileError as error:
            if not error.retryable:
                raise
            await asyncio.sleep(pause)
    return await attempt()


async def watched(
    write: Callable[[AsyncIterator[bytes]], Awaitable[None]],
    chunks: AsyncIterator[bytes],
    shown: str,
    patience: Patience,
) -> None:
    """Write a file, and give up if the storage stops taking its bytes (FILE-7)."""
    loop = asyncio.get_running_loop()
    limit = asyncio.timeout(None)

    async def handed() -> AsyncIterator[bytes]:
        async for chunk in chunks:
            # From here on it is the storage that is waited for, and before it was not.
            limit.reschedule(loop.time() + patience.write_seconds)
            yield chunk
            limit.reschedule(None)
        limit.reschedule(loop.time() + patience.finish_seconds)

    try:
        async with limit:
            limit.reschedule(loop.time() + patience.finish_seconds)
            await write(handed())
    except TimeoutError:
        raise too_late(shown, patience.write_seconds, "take any more of the file") from None
