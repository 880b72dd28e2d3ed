"""Work that is done while what came before it is still being used, and in its order."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from typing import TypeVar

_Item = TypeVar("_Item")
_Result = TypeVar("_Result")


async def ahead(
    source: AsyncIterator[_Item], work: Callable[[_Item], Awaitable[_Result]], width: int
) -> AsyncGenerator[_Result, None]:
    """Give what `work` makes of every item, in order; at most `width` are begun and not given.

    An error is raised where its item would have been given: what came before it is not lost.
    """
    room = asyncio.Semaphore(width)
    in_hand: asyncio.Queue[asyncio.Future[_Result] | None] = asyncio.Queue()
    started: set[asyncio.Future[_Result]] = set()

    async def begin(item: _Item) -> _Result:
        return await work(item)

    async def fill() -> None:
        try:
            async for item in source:
                await room.acquire()
                future = asyncio.ensure_future(begin(item))
                started.add(future)
                in_hand.put_nowait(future)
        except asyncio.CancelledError:
            raise
        except BaseException as error:  # noqa: BLE001 - it is raised where it belongs
            failed: asyncio.Future[_Result] = asyncio.get_running_loop().create_future()
            failed.set_exception(error)
            started.add(failed)
            in_hand.put_nowait(failed)
        else:
            in_hand.put_nowait(None)

    filling = asyncio.create_task(fill())
    try:
        while (future := await in_hand.get()) is not None:
            result = await future
            started.discard(future)
            room.release()
            yield result
    finally:
        filling.cancel()
        for each in started:
            each.cancel()
        await asyncio.gather(filling, *started, return_exceptions=True)
