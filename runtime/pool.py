"""Warm guests: each of one function of one tenant, with one batch at a time.

Starting a guest takes tens of milliseconds, a batch of a warm one less than one. So guests stay
after their batch, the most recently used while there is room. Whoever finds none free and no room
for another waits, by a clock of its own: a matter of capacity, never of the function.
"""

import os
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, TypeAlias

from mapping_lang.types.kinds import Schema
from runtime.contract import Function
from runtime.errors import BusyError, GuestUnavailableError, UnavailableError
from runtime.limits import MIB, Limits
from runtime.sandbox.interface import Language
from runtime.sandbox.kills import KillWindow
from runtime.sandbox.runner import Runner

NEW_GUEST_BYTES: Final = 4 * MIB
"""What a guest costs before it has done anything (measured: 3 to 4 MiB that are its own)."""

WEIGH_BATCHES: Final = 8
"""To weigh a guest takes a tenth of what a small batch does; its own limit bounds what it hides."""

MAX_WINDOWS: Final = 4_096
"""Functions whose kills are remembered."""

_PAGE_BYTES: Final = os.sysconf("SC_PAGE_SIZE")
_STATM_BYTES: Final = 256


@dataclass(frozen=True, slots=True, kw_only=True)
class GuestKey:
    """What a guest is for; it is never lent for anything else."""

    tenant: str
    version: str
    function: Function
    in_schema: Schema
    out_schema: Schema
    limits: Limits
    captures_output: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """What all guests together may take."""

    guests: int = 64
    """Most guests at a time, idle ones included."""

    memory_bytes: int = 1024 * MIB
    """Idle guests are ended, the least recently used first, when all together hold more."""

    guest_batches: int = 1_000
    """A guest is replaced after so many batches: what a function leaves behind ends with it."""


@dataclass(slots=True, eq=False)
class _Place:
    """One runner, idle or lent, and what is known of its guest."""

    key: GuestKey
    runner: Runner
    batches: int = 0
    guest_pid: int = 0
    first_bytes: int = 0
    held_bytes: int = NEW_GUEST_BYTES


@dataclass(frozen=True, slots=True)
class Loan:
    """A runner for one batch, and how long it was waited for."""

    runner: Runner
    waited_seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Occupancy:
    """What the pool holds now."""

    idle: int
    lent: int
    waiting: int
    memory_bytes: int


MakeRunner: TypeAlias = Callable[[GuestKey, KillWindow], Runner]


class Lending:
    """The time for which a runner is lent; a class, since a generator costs as much as the rest."""

    __slots__ = ("_key", "_place", "_pool", "_seconds")

    def __init__(self, pool: "Pool", key: GuestKey, seconds: float) -> None:
        self._pool = pool
        self._key = key
        self._seconds = seconds
        self._place: _Place | None = None

    def __enter__(self) -> Loan:
        asked = time.monotonic()
        self._place = place = self._pool.take(self._key, self._seconds)
        return Loan(place.runner, time.monotonic() - asked)

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if self._place is not None:
            lacks_room = kind is not None and issubclass(kind, GuestUnavailableError)
            self._pool.give_back(self._place, lacks_room=lacks_room)


class Pool:
    """Lends runners to many threads."""

    def __init__(self, make: MakeRunner, room: Room) -> None:
        self._make = make
        self._room = room
        self._changed = threading.Condition()
        self._idle: OrderedDict[_Place, None] = OrderedDict()
        self._lent: set[_Place] = set()
        self._waiting = 0
        self._closed = False
        self._windows: OrderedDict[tuple[str, Language, str], KillWindow] = OrderedDict()

    def lend(self, key: GuestKey, seconds: float) -> "Lending":
        """Lend a runner of a key for one batch, or raise `BusyError` after `seconds`."""
        return Lending(self, key, seconds)

    def take(self, key: GuestKey, seconds: float) -> _Place:
        """Take a place out; whoever does gives it back."""
        return self._take(key, time.monotonic() + seconds, seconds)

    def give_back(self, place: _Place, *, lacks_room: bool) -> None:
        """Take a place in again; `lacks_room` says that the machine had none for another guest."""
        try:
            if lacks_room:
                # It has less than we thought: what is idle makes some for the next.
                self._end(self._all_idle())
        finally:
            self._give_back(place)

    def occupancy(self) -> Occupancy:
        with self._changed:
            return Occupancy(
                idle=len(self._idle),
                lent=len(self._lent),
                waiting=self._waiting,
                memory_bytes=self._memory(),
            )

    def close(self, seconds: float = 0.0) -> bool:
        """Lend no more, wait for what is lent and end all guests; false if some did not return."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        self._end(self._all_idle())
        with self._changed:
            return self._changed.wait_for(lambda: not self._lent, seconds)

    def _take(self, key: GuestKey, deadline: float, seconds: float) -> _Place:
        evicted: list[_Place] = []
        with self._changed:
            self._waiting += 1
            try:
                while True:
                    if self._closed:
                        raise UnavailableError("the runtime is draining")
                    place = self._idle_of(key)
                    if place is not None:
                        break
                    if len(self._idle) + len(self._lent) < self._room.guests:
                        place = _Place(key, self._make(key, self._window(key)))
                        break
                    if self._idle:
                        evicted.append(self._idle.popitem(last=False)[0])
                        continue
                    left = deadline - time.monotonic()
                    if left <= 0 or not self._changed.wait(left):
                        raise BusyError(
                            f"no guest was free within {seconds:g} s:"
                            f" {self._room.guests} are working"
                        )
            finally:
                self._waiting -= 1
            self._lent.add(place)
        self._end(evicted)
        return place

    def _give_back(self, place: _Place) -> None:
        place.batches += 1
        guest = place.runner.guest
        if guest is not None and not guest.ended and _is_weighed(place.batches):
            _weigh(place, guest.pid)
        worn = place.batches >= self._room.guest_batches
        dead = guest is None or guest.ended
        ended: list[_Place] = []
        with self._changed:
            self._lent.discard(place)
            if worn or dead or self._closed:
                ended.append(place)
            else:
                self._idle[place] = None
            while self._idle and self._memory() > self._room.memory_bytes:
                ended.append(self._idle.popitem(last=False)[0])
            # All, since not everyone waits for the same.
            self._changed.notify_all()
        self._end(ended)

    def _idle_of(self, key: GuestKey) -> _Place | None:
        # The warmest one: it is the most likely to stay.
        version = key.version
        for place in reversed(self._idle):
            # Versions first: to compare whole keys takes several times as long, and most differ.
            if place.key.version == version and place.key == key:
                del self._idle[place]
                return place
        return None

    def _window(self, key: GuestKey) -> KillWindow:
        """Give what remembers the kills of a function, whatever limits it is called with."""
        owner = (key.tenant, key.function.language, key.function.source)
        window = self._windows.pop(owner, None) or KillWindow(key.limits.minute_kills)
        self._windows[owner] = window
        if len(self._windows) > MAX_WINDOWS:
            self._windows.popitem(last=False)
        return window

    def _memory(self) -> int:
        return sum(place.held_bytes for places in (self._idle, self._lent) for place in places)

    def _all_idle(self) -> list[_Place]:
        with self._changed:
            places = list(self._idle)
            self._idle.clear()
            return places

    def _end(self, places: list[_Place]) -> None:
        # Never under the lock: to kill a guest and reap it takes milliseconds.
        for place in places:
            place.runner.close()


def _is_weighed(batches: int) -> bool:
    """Say if a guest is weighed after so many batches: it grows at first, and slowly later."""
    return batches < WEIGH_BATCHES or batches % WEIGH_BATCHES == 0


def _weigh(place: _Place, pid: int) -> None:
    """Estimate what a guest holds of its own: what it has grown by since its first batch."""
    resident = _resident_bytes(pid)
    if place.guest_pid != pid:
        place.guest_pid, place.first_bytes = pid, resident
    place.held_bytes = NEW_GUEST_BYTES + max(0, resident - place.first_bytes)


def _resident_bytes(pid: int) -> int:
    try:
        # Three times as fast as a file object.
        descriptor = os.open(f"/proc/{pid}/statm", os.O_RDONLY | os.O_CLOEXEC)
        try:
            return int(os.read(descriptor, _STATM_BYTES).split()[1]) * _PAGE_BYTES
        finally:
            os.close(descriptor)
    except (OSError, ValueError, IndexError):
        return 0
