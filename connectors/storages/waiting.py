"""How long storages are waited for, and how often they are asked again."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Final, TypeVar

from connectors.files import FileCode, FileError
from mapping_lang.diagnostics import quote

CONNECT_SECONDS: Final = 5.0
"""To connect, to agree on how to encrypt, and to be answered (FILE-3, CONN-13)."""

READ_SECONDS: Final = 30.0
"""For the next bytes of a file that is being read."""

WRITE_SECONDS: Final = 10.0
"""For a storage to take the next bytes (FILE-7)."""

FINISH_SECONDS: Final = 60.0
"""For a storage to say that it has all of a file."""

_PAUSES: Final = (0.2, 1.0)
"""Before each time that something is tried again."""

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


async def again(attempt: Callable[[], Awaitable[_Result]]) -> _Result:
    """Do what changes nothing up to three times, as long as it can help."""
    for pause in _PAUSES:
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
) -> None:
    """Write a file, and give up if the storage stops taking its bytes (FILE-7)."""
    loop = asyncio.get_running_loop()
    limit = asyncio.timeout(None)

    async def handed() -> AsyncIterator[bytes]:
        async for chunk in chunks:
            # From here on it is the storage that is waited for, and before it was not.
            limit.reschedule(loop.time() + WRITE_SECONDS)
            yield chunk
            limit.reschedule(None)
        limit.reschedule(loop.time() + FINISH_SECONDS)

    try:
        async with limit:
            limit.reschedule(loop.time() + FINISH_SECONDS)
            await write(handed())
    except TimeoutError:
        raise too_late(shown, WRITE_SECONDS, "take any more of the file") from None
