"""Runs again whenever a file was saved, until somebody has seen enough."""

import os
import time
from collections.abc import Callable, Sequence
from pathlib import Path as File
from typing import Final, TypeAlias

LOOK_SECONDS: Final = 0.2
"""How often files are looked at: saved to seen, a person takes it for at once."""

Stamp: TypeAlias = tuple[int, int, int] | None
"""What changes when a file is saved, in place or by another that takes its name."""


def stamp(file: File) -> Stamp:
    """Give what tells this state of a file from others; none if it is not there."""
    try:
        found = os.stat(file)  # noqa: PTH116 - of what a link leads to
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino


class Watch:
    """Some files, and their state when somebody last looked."""

    def __init__(self, files: Sequence[File], wait: Callable[[float], None] = time.sleep) -> None:
        self._files = tuple(files)
        self._wait = wait
        self._seen = self._stamps()

    def has_changed(self) -> bool:
        """Tell if a file is no longer as it was."""
        return self._stamps() != self._seen

    def wait(self) -> list[File]:
        """Wait until files changed and have come to rest; gives those that did."""
        while (found := self._stamps()) == self._seen:
            self._wait(LOOK_SECONDS)
        while True:
            # Whoever saves may still be writing.
            self._wait(LOOK_SECONDS)
            now = self._stamps()
            if now == found:
                break
            found = now
        changed = [
            file
            for file, before, after in zip(self._files, self._seen, found, strict=True)
            if before != after
        ]
        self._seen = found
        return changed

    def _stamps(self) -> tuple[Stamp, ...]:
        return tuple(map(stamp, self._files))
