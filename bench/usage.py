"""What an installation and the PostgreSQL servers of a benchmark take, by the kind of process."""

import os
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from types import TracebackType
from typing import Final, Self, TypeVar

from bench.footprint import children

SAMPLE_SECONDS: Final = 0.25
"""Between two looks at the memory; to look takes milliseconds, and the kernel stops who grows."""

_Found = TypeVar("_Found")

_TICKS: Final = os.sysconf("SC_CLK_TCK")
_PROC: Final = Path("/proc")
_PEAK_RESET: Final = "5"
"""What `clear_refs` is told to forget the greatest size."""


class Kind(StrEnum):
    """Who takes something."""

    SERVICE = "service"
    """The API and the worker, which are one process of `kiln serve`."""
    RUNTIME = "runtime"
    GUESTS = "guests"
    """With the zygotes that they come from."""
    POSTGRESQL = "PostgreSQL"


OURS: Final = (Kind.SERVICE, Kind.RUNTIME, Kind.GUESTS)


@dataclass(frozen=True, slots=True)
class Taken:
    """What the processes of each kind have taken over some time."""

    cpu_seconds: dict[Kind, float]
    peak_bytes: dict[Kind, int]
    """At one moment or another; what processes share is divided among them."""
    peak_total_bytes: int
    """Of ours, at one moment."""

    def our_cpu_seconds(self) -> float:
        return sum(self.cpu_seconds[kind] for kind in OURS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Family:
    """The processes of one installation, found anew at each look: guests come and go."""

    service: int
    servers: tuple[Path, ...]
    """Where its embedded PostgreSQL servers are."""

    def members(self) -> Iterator[tuple[int, Kind]]:
        """List what lives."""
        yield self.service, Kind.SERVICE
        for child in children(self.service):
            if _name(child) != "postgres":
                yield child, Kind.RUNTIME
                yield from ((each, Kind.GUESTS) for each in _below(child))
        for directory in self.servers:
            postmaster = _postmaster(directory)
            if postmaster is not None:
                yield postmaster, Kind.POSTGRESQL
                yield from ((each, Kind.POSTGRESQL) for each in _below(postmaster))

    def cpu_seconds(self) -> dict[Kind, float]:
        """Add up the time of those that live, and of the children that they have seen end."""
        found = dict.fromkeys(Kind, 0.0)
        for pid, kind in self.members():
            found[kind] += _cpu_seconds(pid)
        return found


@dataclass(slots=True)
class Watch:
    """Looks at a family as long as a block, in a thread of its own."""

    family: Family
    _before: dict[Kind, float] = field(init=False)
    _peaks: dict[Kind, int] = field(default_factory=lambda: dict.fromkeys(Kind, 0))
    _peak_total: int = 0
    _ended: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread = field(init=False)

    def __enter__(self) -> Self:
        for pid, kind in self.family.members():
            if kind in OURS:
                _forget_peak(pid)
        self._before = self.family.cpu_seconds()
        self._thread = threading.Thread(target=self._watch)
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._ended.set()
        self._thread.join()

    def taken(self) -> Taken:
        """Give what was taken since the block began."""
        after = self.family.cpu_seconds()
        peaks = dict(self._peaks)
        for pid, kind in self.family.members():
            if kind in {Kind.SERVICE, Kind.RUNTIME}:
                # The kernel knows better than looks from time to time.
                shared = _bytes(pid, "VmRSS") - _shared_out(pid)
                peaks[kind] = max(peaks[kind], _bytes(pid, "VmHWM") - shared)
        return Taken(
            cpu_seconds={kind: after[kind] - self._before[kind] for kind in Kind},
            peak_bytes=peaks,
            peak_total_bytes=self._peak_total,
        )

    def _watch(self) -> None:
        while True:
            found = dict.fromkeys(Kind, 0)
            for pid, kind in self.family.members():
                if kind in OURS:
                    found[kind] += _shared_out(pid)
            for kind in Kind:
                self._peaks[kind] = max(self._peaks[kind], found[kind])
            self._peak_total = max(self._peak_total, sum(found.values()))
            if self._ended.wait(SAMPLE_SECONDS):
                return


def _below(pid: int) -> Iterator[int]:
    for child in children(pid):
        yield child
        yield from _below(child)


def _postmaster(directory: Path) -> int | None:
    """Find a server by what it leaves in its directory of data."""
    file = next(directory.glob("*/postmaster.pid"), None)
    return None if file is None else _read(file, lambda text: int(text.split()[0]), None)


def _name(pid: int) -> str:
    return _read(_PROC / str(pid) / "comm", str.strip, "")


def _cpu_seconds(pid: int) -> float:
    def ticks(text: str) -> int:
        return sum(int(part) for part in text.rpartition(") ")[2].split()[11:15])

    return _read(_PROC / str(pid) / "stat", ticks, 0) / _TICKS


def _shared_out(pid: int) -> int:
    """Give the memory of a process, of what it shares its part."""
    return _read(_PROC / str(pid) / "smaps_rollup", lambda text: _kib(text, "Pss"), 0)


def _bytes(pid: int, name: str) -> int:
    return _read(_PROC / str(pid) / "status", lambda text: _kib(text, name), 0)


def _kib(text: str, name: str) -> int:
    for line in text.splitlines():
        if line.startswith(f"{name}:"):
            return int(line.split()[1]) << 10
    return 0


def _forget_peak(pid: int) -> None:
    try:
        (_PROC / str(pid) / "clear_refs").write_text(_PEAK_RESET)
    except OSError:
        return  # not ours to reset: the peak is that of its life then


def _read(path: Path, meaning: Callable[[str], _Found], otherwise: _Found) -> _Found:
    """Read a file of a process, which may have ended meanwhile."""
    try:
        return meaning(path.read_text())
    except (OSError, ValueError, IndexError):
        return otherwise
