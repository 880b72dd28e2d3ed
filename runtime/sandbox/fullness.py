"""Outside the wall: tells when a guest's memory stayed full.

V8 at its limit does not end at once: it asks the kernel again for each object that it moves, and
may spend the whole time of a record on that. Then its memory is what is wrong, not its time.

What counts is the guest's own time, not the clock's: one that a busy machine keeps waiting while
it is full has had no chance to fail, or to free anything.
"""

import os
import re
from pathlib import Path
from typing import Final

EDGE_BYTES: Final = 1 << 20
"""A process is full when less than this is left: V8 asks for a quarter of it at a time."""

LOOK_SECONDS: Final = 0.1
"""How often the host looks."""

FULL_CPU_SECONDS: Final = 0.3
"""What a guest must have spent being full: whoever is only passing through is not meant."""

_DATA_FIELD: Final = 5  # of statm, in pages; includes the stack
_CPU_FIELDS: Final = slice(11, 13)  # of stat, behind the name: in user mode, in the kernel
_PAGE_BYTES: Final = os.sysconf("SC_PAGE_SIZE") if hasattr(os, "sysconf") else 4096
_TICKS_PER_SECOND: Final = os.sysconf("SC_CLK_TCK") if hasattr(os, "sysconf") else 100
_LIMIT: Final = re.compile(r"^Max data size +(\d+) ", re.MULTILINE)


class Fullness:
    """Looks at one process, every time that it is asked."""

    def __init__(self, pid: int) -> None:
        # Most guests answer before anybody looks: nothing more is made until then.
        self._pid = pid
        self._limit_bytes = 0
        self._full_since: float | None = None

    def look(self) -> bool:
        """Look once more; true when it has been full for too much of its own time."""
        try:
            if not self._is_full():
                self._full_since = None
                return False
            now = self._cpu_seconds()
        except (OSError, IndexError, ValueError):
            return False  # it is gone, or this system does not show it
        if self._full_since is None:
            self._full_since = now
        return now - self._full_since >= FULL_CPU_SECONDS

    def _is_full(self) -> bool:
        if not self._limit_bytes:
            self._limit_bytes = _data_limit(self._read("limits"))
        pages = int(self._read("statm").split()[_DATA_FIELD])
        return 0 < self._limit_bytes <= pages * _PAGE_BYTES + EDGE_BYTES

    def _cpu_seconds(self) -> float:
        fields = self._read("stat").rpartition(")")[2].split()
        return sum(map(int, fields[_CPU_FIELDS])) / _TICKS_PER_SECOND

    def _read(self, name: str) -> str:
        return Path(f"/proc/{self._pid}/{name}").read_text()


def _data_limit(limits: str) -> int:
    """Read the limit from what the kernel shows; zero while there is none."""
    found = _LIMIT.search(limits)
    return int(found[1]) if found else 0
