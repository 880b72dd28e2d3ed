"""Where the time of an import goes: how long each of its stages took, one beside the other."""

import time
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterator, Mapping
from contextlib import contextmanager
from enum import StrEnum
from typing import TypeVar, final

_Item = TypeVar("_Item")


class Stage(StrEnum):
    """What is done with a batch, or waited for; stages of several batches overlap."""

    READ = "read"
    """Waiting for the source."""
    SELECT = "select"
    TRANSFORM = "transform"
    """Until the runtime has answered."""
    PREPARE = "prepare"
    """Until a batch has the form in which it is stored, and was sent ahead."""
    AWAIT = "await"
    """With nothing to write: the stages before are slower than the warehouse."""
    WRITE = "write"
    """Until a batch is durable."""
    NOTE = "note"
    """In our own database."""
    PURGE = "purge"


@final
class Stages:
    """Adds up the seconds of the stages of one run."""

    def __init__(self, clock_seconds: Callable[[], float] = time.perf_counter) -> None:
        self._clock_seconds = clock_seconds
        self._seconds = dict.fromkeys(Stage, 0.0)

    @contextmanager
    def at(self, stage: Stage) -> Iterator[None]:
        """Count a block for a stage."""
        begun = self._clock_seconds()
        try:
            yield
        finally:
            self._seconds[stage] += self._clock_seconds() - begun

    async def between(
        self, items: AsyncIterator[_Item], stage: Stage
    ) -> AsyncGenerator[_Item, None]:
        """Give items on, and count for a stage how long they were waited for."""
        while True:
            with self.at(stage):
                try:
                    item = await anext(items)
                except StopAsyncIteration:
                    return
            yield item

    def seconds(self) -> Mapping[str, float]:
        """Give what was counted until now."""
        return {stage.value: seconds for stage, seconds in self._seconds.items()}
