"""Remembers what a function cost lately, and pauses it when that is too much."""

from collections import deque
from typing import Final

from runtime.errors import FunctionPausedError

WINDOW_SECONDS: Final = 60.0


class KillWindow:
    """The guests that one function cost in the last minute, by whatever clock is passed."""

    def __init__(self, minute_kills: int) -> None:
        self._minute_kills = minute_kills
        self._moments: deque[float] = deque(maxlen=minute_kills)

    def note(self, now: float) -> None:
        """Count a guest that the function cost."""
        self._moments.append(now)

    def check(self, now: float) -> None:
        """Refuse a function that spent its kills; the oldest of them says until when."""
        if len(self._moments) < self._minute_kills:
            return
        left = self._moments[0] + WINDOW_SECONDS - now
        if left > 0:
            raise FunctionPausedError(self._minute_kills, left)
