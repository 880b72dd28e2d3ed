"""How this process keeps and clears up its memory: not in the middle of every batch.

By default glibc asks the kernel for each buffer of a megabyte anew and gives it back at once, and
the kernel clears every page again: a third of the time of a batch of 10,000 records as columns.
By default, too, Python looks for cycles dozens of times among the records of such a batch, which
have none: 40 % of its time as JSON. Both measured.
"""

import ctypes
import gc
from typing import Final

KEPT_BYTES: Final = 128 * 2**20
"""What stays with the process while it is free."""

MAX_FROM_HEAP_BYTES: Final = 32 * 2**20
"""Larger buffers still come from the kernel one by one: the most that glibc takes."""

NEW_OBJECTS: Final = 200_000
"""How many more containers there are before Python looks for cycles: more than a usual batch."""

_M_TRIM_THRESHOLD: Final = -1  # names and numbers of malloc.h
_M_MMAP_THRESHOLD: Final = -3


def keep_freed_memory() -> bool:
    """Keep freed memory for the next batch; tells if the system's allocator understands that."""
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (OSError, AttributeError):
        return False  # another allocator, which has habits of its own
    return bool(
        mallopt(_M_MMAP_THRESHOLD, MAX_FROM_HEAP_BYTES) and mallopt(_M_TRIM_THRESHOLD, KEPT_BYTES)
    )


def look_for_cycles_rarely() -> None:
    """Leave what was made at the start out of every search for cycles, and search less often."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(NEW_OBJECTS, 20, 20)
