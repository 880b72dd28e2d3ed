"""An event loop that runs now and then, and does not take the time between for its own."""

import asyncio
from typing import final


@final
class StandingLoop(asyncio.SelectorEventLoop):
    """An event loop whose clock stands still while nobody runs it.

    What a storage was asked for may be waited for in parts, and between them a warehouse may take
    its time: none of the storage's limits is about that.
    """

    _stood_seconds = 0.0
    _stopped_at: float | None = None

    def time(self) -> float:
        now = super().time() if self._stopped_at is None else self._stopped_at
        return now - self._stood_seconds

    def run_forever(self) -> None:
        if self._stopped_at is not None:
            self._stood_seconds += super().time() - self._stopped_at
            self._stopped_at = None
        try:
            super().run_forever()
        finally:
            self._stopped_at = super().time()
