"""How fast a storage sends a file: one that drips would never be given up by its waits alone."""

import time
from collections.abc import Callable
from typing import final

from connectors.files import FileCode, FileError, Patience


@final
class Pace:
    """Counts what came while it was waited for, and gives up a storage that hardly sends."""

    def __init__(self, patience: Patience, seconds: Callable[[], float] = time.monotonic) -> None:
        self._patience = patience
        self._seconds = seconds
        self._waited_seconds = 0.0
        self._bytes = 0

    def waited(self, wait: Callable[[], bool]) -> bool:
        """Wait for something to read, and count the time."""
        begun = self._seconds()
        is_there = wait()
        self._waited_seconds += self._seconds() - begun
        return is_there

    def timed(self, read: Callable[[], bytes]) -> bytes:
        """Read, and count it; time in which nobody reads is none that a storage takes."""
        begun = self._seconds()
        chunk = read()
        self._waited_seconds += self._seconds() - begun
        self._bytes += len(chunk)
        if chunk and self._waited_seconds >= self._patience.slow_seconds:
            least = self._waited_seconds * self._patience.slowest_bytes_per_second
            if self._bytes < least:
                raise FileError(
                    FileCode.TIMEOUT,
                    f"The storage sent {self._bytes:,} bytes in {self._waited_seconds:.0f} seconds"
                    " of waiting for it, expected at least"
                    f" {self._patience.slowest_bytes_per_second:,} a second",
                )
            self._waited_seconds, self._bytes = 0.0, 0
        return chunk
