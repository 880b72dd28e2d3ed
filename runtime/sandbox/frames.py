"""Length-prefixed frames between host and guest; whatever else arrives is refused by name."""

import os
import select
import socket
import struct
from collections.abc import Callable, Collection
from enum import IntEnum
from typing import Final, TypeAlias

from runtime.errors import KilnRuntimeError

PREFIX: Final = struct.Struct("<IB")
"""The length of the payload in bytes, and the kind."""

MAX_READ_BYTES: Final = 1 << 20
"""What one call of the operating system is asked for."""

FIRST_BYTES: Final = 1 << 15
"""What is read of a frame before its length is known: all of one with a hundred results."""


class Kind(IntEnum):
    """What a frame says. The first of a pair goes in, the other comes out."""

    READY = 1  # the guest is locked: Walls
    LOAD = 2  # Function
    LOADED = 3
    REFUSED = 4  # Refusal
    BATCH = 5  # records, as the function's reader takes them
    OUTCOMES = 6  # Outcomes on one line, then a result on each
    PROBE = 7  # the name of a canary
    PROBED = 8  # Finding


class FrameError(KilnRuntimeError):
    """Bytes that are no frame, or not the one that was due."""


class ChannelClosedError(FrameError):
    """The other side is gone: nothing follows, not even the rest of a frame."""

    def __init__(self, missing_bytes: int) -> None:
        super().__init__(
            f"the channel ended {missing_bytes:,} bytes before the end of a frame"
            if missing_bytes
            else "the channel ended"
        )
        self.missing_bytes = missing_bytes


class FrameTooLongError(FrameError):
    """A length beyond what the reader allows."""

    def __init__(self, found: int, allowed: int) -> None:
        super().__init__(f"a frame of {found:,} bytes, allowed are at most {allowed:,}")
        self.found = found
        self.allowed = allowed


class FrameKindError(FrameError):
    """A kind that does not exist, or that is not due now."""

    def __init__(self, found: int, expected: Collection[Kind]) -> None:
        names = " or ".join(kind.name for kind in expected)
        super().__init__(f"a frame of kind {found}, expected {names}")
        self.found = found


class FrameContentError(FrameError):
    """A payload that does not hold what its kind promises."""


class FrameUnfinishedError(FrameError):
    """Bytes after the answer that was due: nobody asked for them."""


def write_frame(descriptor: int, kind: Kind, *parts: bytes) -> None:
    """Write from inside: blocking, since a guest has nothing else to do.

    The parts go out together: whoever waits for them would be woken for each.
    """
    prefix = PREFIX.pack(sum(map(len, parts)), kind)
    write_all(descriptor, b"".join((prefix, *parts)))


def write_all(descriptor: int, data: bytes) -> None:
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(descriptor, rest[:MAX_READ_BYTES]) :]


def read_frame(descriptor: int, expected: Collection[Kind], max_bytes: int) -> tuple[Kind, bytes]:
    """Read from inside: blocking, for the same reason. The host sends one frame at a time."""
    first = os.read(descriptor, FIRST_BYTES)
    while len(first) < PREFIX.size:
        more = os.read(descriptor, FIRST_BYTES)
        if not more and first:
            raise ChannelClosedError(PREFIX.size - len(first))
        if not more:
            raise ChannelClosedError(0)
        first += more
    length, kind = check_prefix(first[: PREFIX.size], expected, max_bytes)
    rest = PREFIX.size + length - len(first)
    if rest < 0:
        raise FrameUnfinishedError(f"bytes follow the frame {kind.name}")
    payload = first[PREFIX.size :]
    return kind, payload + read_exactly(descriptor, rest) if rest else payload


def read_exactly(descriptor: int, length: int) -> bytes:
    data = bytearray(length)
    rest = memoryview(data)
    while rest:
        count = os.readv(descriptor, [rest[:MAX_READ_BYTES]])
        if count == 0:
            raise ChannelClosedError(len(rest))
        rest = rest[count:]
    rest.release()
    return bytes(data)


def check_prefix(
    prefix: bytes | bytearray, expected: Collection[Kind], max_bytes: int
) -> tuple[int, Kind]:
    length, found = PREFIX.unpack(prefix)
    if found not in expected:
        raise FrameKindError(found, expected)
    kind = Kind(found)
    if length > max_bytes:
        raise FrameTooLongError(length, max_bytes)
    return length, kind


Wait: TypeAlias = Callable[[int, int], None]
"""Returns when a descriptor is ready for the `select.poll` events; raises to give up."""


class Channel:
    """The host's end: it never waits without somebody who watches the time."""

    __slots__ = ("_end", "_first")

    def __init__(self, end: socket.socket) -> None:
        end.settimeout(0)
        self._end = end
        self._first = bytearray(FIRST_BYTES)

    def fileno(self) -> int:
        return self._end.fileno()

    def send(self, kind: Kind, payload: bytes, wait: Wait) -> None:
        # Together: a guest that is woken by the prefix alone only waits again.
        rest = memoryview(PREFIX.pack(len(payload), kind) + payload)
        while rest:
            try:
                rest = rest[self._end.send(rest[:MAX_READ_BYTES], socket.MSG_NOSIGNAL) :]
            except BlockingIOError:
                wait(self._end.fileno(), select.POLLOUT)
            except OSError as error:
                raise ChannelClosedError(len(rest)) from error

    def receive(
        self, expected: Collection[Kind], max_bytes: int, wait: Wait
    ) -> tuple[Kind, bytearray]:
        """Read the answer that is due; the guest owes nothing more until it is asked again."""
        # A usual answer is read in one go, and what that left room for is known to be all.
        first = memoryview(self._first)
        found = 0
        while found < PREFIX.size:
            missing = PREFIX.size - found if found else 0
            found += self._read(first[found:], missing, wait)
        length, kind = check_prefix(self._first[: PREFIX.size], expected, max_bytes)
        payload = bytearray(length)
        have = min(found - PREFIX.size, length)
        payload[:have] = first[PREFIX.size : PREFIX.size + have]
        rest = PREFIX.size + length - found
        if rest > 0:
            self._read_all(memoryview(payload)[have:], wait)
        if rest < 0 or ((rest > 0 or found == len(first)) and self._has_more()):
            raise FrameUnfinishedError(f"bytes follow the frame {kind.name}")
        return kind, payload

    def _read_all(self, rest: memoryview, wait: Wait) -> None:
        while rest:
            rest = rest[self._read(rest[:MAX_READ_BYTES], len(rest), wait) :]

    def _read(self, room: memoryview, missing_bytes: int, wait: Wait) -> int:
        while True:
            try:
                count = self._end.recv_into(room)
            except BlockingIOError:
                wait(self._end.fileno(), select.POLLIN)
                continue
            except OSError as error:
                raise ChannelClosedError(missing_bytes) from error
            if count == 0:
                raise ChannelClosedError(missing_bytes)
            return count

    def _has_more(self) -> bool:
        try:
            return bool(self._end.recv(1))
        except BlockingIOError:
            return False
        except OSError as error:
            raise ChannelClosedError(0) from error

    def close(self) -> None:
        self._end.close()
