"""How long a call may still take: until the caller stops waiting or a limit of ours is reached."""

import time
from collections.abc import Callable

from runtime.errors import BatchStoppedError, DeadlineError


class Deadline:
    """The end of a call. `caller_seconds` is what the caller still waits; none is for ever."""

    __slots__ = ("_caller_end", "_clock", "_limit_end", "_limit_seconds")

    def __init__(
        self,
        caller_seconds: float | None,
        batch_seconds: float,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        now = clock()
        self._clock = clock
        self._limit_seconds = batch_seconds
        self._caller_end = None if caller_seconds is None else now + caller_seconds
        self._limit_end = now + batch_seconds

    def remaining(self) -> float:
        """Give the seconds that are left, never less than zero."""
        end = (
            self._limit_end if self._caller_end is None else min(self._caller_end, self._limit_end)
        )
        return max(0.0, end - self._clock())

    def check(self) -> None:
        """Raise what the end of the time means, once it has come."""
        now = self._clock()
        if self._caller_end is not None and now >= self._caller_end:
            raise DeadlineError("the caller's deadline passed while the batch was transformed")
        if now >= self._limit_end:
            raise BatchStoppedError(
                "batch_seconds", f"the batch took longer than {self._limit_seconds:g} s"
            )
