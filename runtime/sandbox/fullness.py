"""Outside the wall: tells when a guest's memory stayed full.

V8 at its limit does not end at once: it asks the kernel again for each object that it moves, and
may spend the whole time of a record on that. Then its memory is what is wrong, not its time.
"""

import os
import re
from pathlib import Path
from typing import Final

EDGE_BYTES: Final = 1 << 20
"""A process is full when less than this is left: V8 asks for a quarter of it at a time."""

LOOK_SECONDS: Final = 0.1
FULL_LOOKS: Final = 3
"""Looks in a row that must find it full: whoever is only passing through is not meant."""

_DATA_FIELD: Final = 5  # of statm, in pages; includes the stack
_PAGE_BYTES: Final = os.sysconf("SC_PAGE_SIZE") if hasattr(os, "sysconf") else 4096
_LIMIT: Final = re.compile(r"^Max data size +(\d+) ", re.MULTILINE)


class Fullness:
    """Looks at one process, every time that it is asked."""

    def __init__(self, pid: int) -> None:
        self._folder = Path(f"/proc/{pid}")
        self._limit_bytes = 0
        self._full_looks = 0

    def look(self) -> bool:
        """Look once more; true when the last looks all found it full."""
        self._full_looks = self._full_looks + 1 if self._is_full() else 0
        return self._full_looks >= FULL_LOOKS

    def _is_full(self) -> bool:
        try:
            if not self._limit_bytes:
                self._limit_bytes = _data_limit((self._folder / "limits").read_text())
            data = int((self._folder / "statm").read_text().split()[_DATA_FIELD]) * _PAGE_BYTES
        except (OSError, IndexError, ValueError):
            return False  # it is gone, or this system does not show it
        return 0 < self._limit_bytes <= data + EDGE_BYTES


def _data_limit(limits: str) -> int:
    """Read the limit from what the kernel shows; zero while there is none."""
    found = _LIMIT.search(limits)
    return int(found[1]) if found else 0
