"""What a server and everything under it hold of the machine, and whether it grows."""

import os
import statistics
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

GUEST_DESCRIPTORS: Final = 3
"""What the server holds of each guest: its channel, its page, and a handle of its process."""

SPARE_DESCRIPTORS: Final = 16
"""What may be open at one moment and not at another: connections, a file that is being read."""

GROWTH_SHARE: Final = 0.10
GROWTH_BYTES: Final = 16 << 20
"""A median that grows by more than a tenth and by more than this is no noise."""

_PAGE_BYTES: Final = os.sysconf("SC_PAGE_SIZE")


@dataclass(frozen=True, slots=True, kw_only=True)
class Footprint:
    """One look at a server, its zygotes and its guests."""

    server_bytes: int
    zygotes_bytes: int
    guests_bytes: int
    zygotes: int
    guests: int
    server_descriptors: int
    zygote_descriptors: int

    @property
    def total_bytes(self) -> int:
        return self.server_bytes + self.zygotes_bytes + self.guests_bytes


def children(pid: int) -> list[int]:
    try:
        tasks = list(Path(f"/proc/{pid}/task").iterdir())
        return [int(each) for task in tasks for each in (task / "children").read_text().split()]
    except (FileNotFoundError, ProcessLookupError):
        return []


def look(server: int) -> Footprint:
    """Measure a server and what runs under it."""
    zygotes = children(server)
    guests = [guest for zygote in zygotes for guest in children(zygote)]
    return Footprint(
        server_bytes=_bytes(server),
        zygotes_bytes=sum(map(_bytes, zygotes)),
        guests_bytes=sum(map(_bytes, guests)),
        zygotes=len(zygotes),
        guests=len(guests),
        server_descriptors=_descriptors(server),
        zygote_descriptors=sum(map(_descriptors, zygotes)),
    )


def _bytes(pid: int) -> int:
    """Give the memory of a process, what it shares divided by those who share it if we may know."""
    try:
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) << 10
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * _PAGE_BYTES
    except PermissionError:
        # A guest shows its maps to root alone: count what it shares as well.
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * _PAGE_BYTES
    except (FileNotFoundError, ProcessLookupError):
        return 0


def _descriptors(pid: int) -> int:
    try:
        return len(list(Path(f"/proc/{pid}/fd").iterdir()))
    except (FileNotFoundError, PermissionError, ProcessLookupError):
        return 0


def left_files(pids: Sequence[int]) -> list[Path]:
    """Give what zygotes left in the folder of temporary files."""
    folder = Path(tempfile.gettempdir())
    return [found for pid in pids for found in folder.glob(f"kiln-zygote-{pid}-*")]


def leaks(looks: Sequence[Footprint], *, most_guests: int, guests_bytes: int) -> list[str]:
    """Tell what grew over a run, from looks at equal distances; the first quarter warms up."""
    warm = looks[len(looks) // 4 :]
    early, late = warm[: len(warm) // 2], warm[len(warm) // 2 :]
    if not early or not late:
        return ["there were too few looks to tell anything"]
    found = [
        f"the memory of {name} grew from {before >> 20} to {after >> 20} MiB"
        for name, before, after in (
            ("the server", _middle(early, "server_bytes"), _middle(late, "server_bytes")),
            ("the zygotes", _middle(early, "zygotes_bytes"), _middle(late, "zygotes_bytes")),
            ("all processes", _middle(early, "total_bytes"), _middle(late, "total_bytes")),
        )
        if after > before * (1 + GROWTH_SHARE) and after - before > GROWTH_BYTES
    ]
    if (held := _middle(late, "guests_bytes")) > guests_bytes:
        found.append(f"guests hold {held >> 20} MiB, their budget is {guests_bytes >> 20} MiB")
    if (guests := max(each.guests for each in warm)) > most_guests:
        found.append(f"{guests} guests lived at a time, allowed are {most_guests}")
    if len({each.zygotes for each in warm}) > 1:
        found.append(f"zygotes came and went: {[each.zygotes for each in warm]}")
    before, after = (
        min(each.server_descriptors - GUEST_DESCRIPTORS * each.guests for each in part)
        for part in (early, late)
    )
    if after > before + SPARE_DESCRIPTORS:
        found.append(f"the server's descriptors grew from {before} to {after}, guests aside")
    before, after = (min(each.zygote_descriptors for each in part) for part in (early, late))
    if after > before:
        found.append(f"the zygotes' descriptors grew from {before} to {after}")
    return found


def _middle(looks: Sequence[Footprint], name: str) -> int:
    return int(statistics.median(getattr(each, name) for each in looks))
