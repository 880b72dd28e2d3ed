"""How long a call may still take: until the caller stops waiting or a limit of ours is reached."""

import math
import time
from collections.abc import Callable

from runtime.errors import BatchStoppedError, DeadlineError


def never_gone() -> bool:
    """Stand for a caller who never leaves."""
    return False


class Deadline:
    """The end of a call.

    `caller_seconds` is what the caller still waits; none is for ever. `is_gone` tells of one who
    left before that.
    """

    __slots__ = ("_caller_end", "_clock", "_is_gone", "_limit_end", "_limit_seconds")

    def __init__(
        self,
        caller_seconds: float | None,
        batch_seconds: float,
        clock: Callable[[], float] = time.monotonic,
        is_gone: Callable[[], bool] = never_gone,
    ) -> None:
        now = clock()
        self._clock = clock
        self._is_gone = is_gone
        self._limit_seconds = batch_seconds
        self._caller_end = math.inf if caller_seconds is None else now + caller_seconds
        self._limit_end = now + batch_seconds

    def remaining(self) -> float:
        """Give the seconds that are left, never less than zero."""
        return max(0.0, min(self._caller_end, self._limit_end) - self._clock())

    def caller_remaining(self) -> float:
        """Give the seconds that the caller still waits, whatever our own limit is."""
        return 0.0 if self._is_gone() else max(0.0, self._caller_end - self._clock())

    def check(self) -> None:
        """Raise what the end of the time means, once it has come."""
        if self.caller_remaining() == 0:
            raise DeadlineError("the caller stopped waiting while the batch was transformed")
        if self._clock() >= self._limit_end:
            raise BatchStoppedError(
                "batch_seconds", f"the batch took longer than {self._limit_seconds:g} s"
            )
