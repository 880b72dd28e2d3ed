"""A thread that reads one file, with an event loop on which it waits for a storage."""

import asyncio
from collections.abc import AsyncIterator, Callable, Collection, Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import (
    AbstractAsyncContextManager,
    ExitStack,
    asynccontextmanager,
    contextmanager,
)
from typing import Any, BinaryIO, Final, TypeVar, final

from connectors.files import (
    ByteStream,
    FileCode,
    FileError,
    Patience,
    StoredFile,
)
from connectors.pace import Pace
from connectors.standing_loop import StandingLoop

CLOSE_SECONDS: Final = 5.0
"""How long a storage has to let go of a file."""

_Result = TypeVar("_Result")


@final
class ReadingThread:
    """Does one thing after the other, in the order in which they are submitted."""

    def __init__(self) -> None:
        self._executor = ThreadPoolExecutor(1, thread_name_prefix="reading")
        self._runner = asyncio.Runner(loop_factory=StandingLoop)
        self._begun: set[asyncio.Task[Any]] = set()
        self._waiting: tuple[asyncio.AbstractEventLoop, asyncio.Task[Any]] | None = None
        self._is_stopped = False
        self.resources = ExitStack()
        """What the thread has open, and closes at its end."""

    def submit(self, work: Callable[[], _Result]) -> "asyncio.Future[_Result]":
        """Have something done; nobody has to wait for it."""

        def guarded() -> _Result:
            try:
                return work()
            except asyncio.CancelledError:
                raise FileError(FileCode.STORAGE, "The file is not read any further") from None

        future = asyncio.get_running_loop().run_in_executor(self._executor, guarded)
        # Without it, an error of what nobody waits for is written to the log.
        future.add_done_callback(lambda done: done.cancelled() or done.exception())
        return future

    def wait_for(self, coroutine: Coroutine[Any, Any, _Result]) -> _Result:
        """In the thread: wait for a storage, unless it is to stop."""

        async def waiting() -> _Result:
            task = asyncio.current_task()
            if task is None or self._is_stopped:
                coroutine.close()
                raise asyncio.CancelledError
            self._waiting = asyncio.get_running_loop(), task
            return await coroutine

        return self._runner.run(waiting())

    def begin(self, coroutine: Coroutine[Any, Any, _Result]) -> "asyncio.Task[_Result]":
        """In the thread: ask a storage for something, to be waited for later, bit by bit."""
        if self._is_stopped:
            coroutine.close()
            raise asyncio.CancelledError
        task = self._runner.get_loop().create_task(coroutine)
        self._begun.add(task)
        task.add_done_callback(self._begun.discard)
        return task

    def wait_some(self, task: "asyncio.Task[Any]", seconds: float) -> bool:
        """In the thread: wait for what was begun, but no longer than that; tells if it is done."""
        if not task.done():
            self.wait_for(_wait(task, seconds))
        return task.done()

    @contextmanager
    def entered(self, resource: AbstractAsyncContextManager[_Result]) -> Iterator[_Result]:
        """In the thread: hold something of a storage open."""
        value = self.wait_for(resource.__aenter__())
        try:
            yield value
        finally:
            # Also when the thread is to stop, but not for ever.
            self._runner.run(_close(resource))

    def stream(self, stored: StoredFile, patience: Patience) -> ByteStream:
        """In the thread: read a file of a storage as if nothing had to be waited for."""
        return _Stream(self, stored, Pace(patience))

    async def close(self) -> None:
        """End the wait for a storage, close what is open and end the thread."""
        self._is_stopped = True
        if self._waiting is not None:
            loop, task = self._waiting
            loop.call_soon_threadsafe(task.cancel)
        closed = self.submit(self._close)
        self._executor.shutdown(wait=False)
        # Whoever is cancelled meanwhile does not wait, and the thread ends all the same.
        await asyncio.shield(closed)

    def _close(self) -> None:
        try:
            self._runner.run(_abandon(frozenset(self._begun)))
            self.resources.close()
        finally:
            self._runner.close()


@asynccontextmanager
async def reading_thread() -> AsyncIterator[ReadingThread]:
    """Start a thread, and end it."""
    thread = ReadingThread()
    try:
        yield thread
    finally:
        await thread.close()


async def _wait(task: "asyncio.Task[Any]", seconds: float) -> None:
    await asyncio.wait((task,), timeout=seconds)


async def _abandon(tasks: Collection["asyncio.Task[Any]"]) -> None:
    """End what was begun: nothing can be closed that still reads."""
    for task in tasks:
        task.cancel()
    if tasks:
        await asyncio.wait(tasks, timeout=CLOSE_SECONDS)
    for task in tasks:
        if task.done() and not task.cancelled():
            task.exception()


async def _close(resource: AbstractAsyncContextManager[Any]) -> None:
    try:
        async with asyncio.timeout(CLOSE_SECONDS):
            await resource.__aexit__(None, None, None)
    except TimeoutError:
        pass  # the runner ends what it still does


@final
class _Stream:
    """The bytes of a file of a storage."""

    def __init__(self, thread: ReadingThread, stored: StoredFile, pace: Pace) -> None:
        self._thread = thread
        self._stored = stored
        self._pace = pace
        self._begun: asyncio.Task[bytes] | None = None
        self._rest = memoryview(b"")
        """What was begun to be read, and is more than was asked for then."""

    @property
    def local(self) -> BinaryIO | None:
        return self._stored.local

    def ready(self, size: int, seconds: float, /) -> bool:
        if self._rest or self.local is not None:
            return True  # a disk sends at once
        if self._begun is None:
            self._begun = self._thread.begin(self._stored.read(size))
        begun = self._begun
        return self._pace.waited(lambda: self._thread.wait_some(begun, seconds))

    def read(self, size: int, /) -> bytes:
        if not self._rest:
            self._rest = memoryview(self._pace.timed(lambda: self._next(size)))
        taken = bytes(self._rest[:size])
        self._rest = self._rest[size:]
        return taken

    def _next(self, size: int) -> bytes:
        begun, self._begun = self._begun, None
        if begun is None:
            return self._thread.wait_for(self._stored.read(size))
        return begun.result() if begun.done() else self._thread.wait_for(_result(begun))


async def _result(task: "asyncio.Task[bytes]") -> bytes:
    return await task
