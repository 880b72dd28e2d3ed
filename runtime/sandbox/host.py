"""Outside the wall: one guest, asked with bounds, watched with a clock, ended with SIGKILL."""

import itertools
import math
import mmap
import os
import select
import signal
import struct
import time
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, TypeVar

import msgspec

from runtime.errors import (
    FunctionRefusedError,
    GuestLostError,
    GuestUnavailableError,
    KilnRuntimeError,
    WallsMissingError,
)
from runtime.limits import Limits
from runtime.sandbox.frames import (
    Channel,
    ChannelClosedError,
    FrameContentError,
    FrameError,
    Kind,
)
from runtime.sandbox.fullness import LOOK_SECONDS, Fullness
from runtime.sandbox.interface import (
    CURSOR_READING,
    MAX_MESSAGE_CHARS,
    ExitCode,
    FailureCode,
    Finding,
    Function,
    Outcomes,
    Refusal,
    Walls,
)
from runtime.sandbox.requests import Answer
from runtime.sandbox.zygote import Newborn, Zygote, end, wait_for_end

MAX_NOTE_BYTES: Final = 64 * 1024
"""The longest answer that is not the results of a batch."""

FAILURE_BYTES: Final = 3 * 6 * MAX_MESSAGE_CHARS + 100
"""The longest failure of a record: three texts, every character escaped, and numbers."""

READ_BYTES_PER_SECOND: Final = 4 << 20
"""What any machine reads of a batch, far slower than measured: time that is no record's."""

LOOKS_PER_LIMIT: Final = 8
"""How often the cursor is read in the time of one record: a record gets at most 1/8 more."""

CRASH_SHARE: Final = 0.5
"""A guest that crashes having filled this share of its memory is taken to have run out of it."""

BREAK_SECONDS: Final = 0.5
"""How long a guest that broke its channel may take to die before its death is our doing."""

_Expected = TypeVar("_Expected")
_CURSOR: Final = struct.Struct("=i")

# Made once: to make one takes as long as to decode an answer.
_FINDING: Final = msgspec.json.Decoder(Finding)
_OUTCOMES: Final = msgspec.json.Decoder(Outcomes)
_REFUSAL: Final = msgspec.json.Decoder(Refusal)
_WALLS: Final = msgspec.json.Decoder(Walls)

_GUEST_CODES: Final = frozenset(
    {FailureCode.EXCEPTION, FailureCode.RESULT, FailureCode.OUTPUT, FailureCode.MEMORY}
)


class Cause(StrEnum):
    """Why a guest is gone."""

    RECORD_TIME = "RECORD_TIME"  # no progress within the time of a record
    BATCH_TIME = "BATCH_TIME"
    CALLER = "CALLER"  # nobody waits for the batch any more
    MEMORY = "MEMORY"
    EXIT = "EXIT"  # it ended itself
    SIGNAL = "SIGNAL"  # it crashed
    OUTSIDE = "OUTSIDE"  # somebody else killed it, or its zygote
    PROTOCOL = "PROTOCOL"  # it said what no guest says


@dataclass(frozen=True, slots=True, kw_only=True)
class Death:
    """How a guest ended, and which record it had in hand, as far as it can be known."""

    cause: Cause
    cursor: int
    detail: str


class GuestDiedError(KilnRuntimeError):
    """A guest ended while it was asked something."""

    def __init__(self, death: Death) -> None:
        super().__init__(f"{death.cause.value}: {death.detail}")
        self.death = death


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """A validated answer: one outcome for each record; what the results hold is not looked at."""

    outcomes: Outcomes
    objects: list[bytes]
    """The results of `outcomes.objects`, as JSON."""
    rows: bytes
    """The results of the records that are in no list of the outcomes, a line for each."""
    num_rows: int


class _GivenUpError(Exception):
    """Nobody waits any longer for this guest."""

    def __init__(self, cause: Cause, message: str) -> None:
        super().__init__(message)
        self.cause = cause


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How long a guest may take to answer."""

    total: float
    between: float
    """Without progress before the first record and after the last."""

    record: float = 0.0
    """Without progress on one of `records`."""

    records: int = 0

    def at(self, cursor: int) -> float:
        return self.record if 0 <= cursor < self.records else self.between


def nobody_waits_less() -> float:
    """Stand for a caller who waits for ever."""
    return math.inf


def never_full() -> bool:
    """Stand for a memory that is not looked at."""
    return False


class Watch:
    """Waits for a guest as long as the clock, its cursor, its memory and the caller allow."""

    def __init__(
        self,
        cursor: Callable[[], int],
        patience: Patience,
        caller_seconds: Callable[[], float] = nobody_waits_less,
        is_full: Callable[[], bool] = never_full,
    ) -> None:
        self._is_full = is_full
        self._cursor = cursor
        self._patience = patience
        self._caller_seconds = caller_seconds
        self._seen = cursor()
        self._since = time.monotonic()
        self._deadline = self._since + patience.total

    def __call__(self, descriptor: int, events: int) -> None:
        poll = select.poll()
        poll.register(descriptor, events)
        while True:
            now = time.monotonic()
            if now >= self._deadline:
                raise _GivenUpError(Cause.BATCH_TIME, f"{self._patience.total:g} s passed")
            caller_seconds = self._caller_seconds()
            if caller_seconds <= 0:
                raise _GivenUpError(Cause.CALLER, "the caller stopped waiting")
            cursor = self._cursor()
            # Only forward: a guest that moves it to and fro makes no progress.
            if cursor > self._seen:
                self._seen, self._since = cursor, now
            allowed = self._patience.at(cursor)
            if now - self._since >= allowed:
                raise _GivenUpError(Cause.RECORD_TIME, f"{allowed:g} s passed")
            # The next look may find a record in hand, which has less time.
            shortest = min(allowed, self._patience.record or allowed)
            looking = min(shortest / LOOKS_PER_LIMIT, LOOK_SECONDS)
            until = min(looking, self._deadline - now, caller_seconds)
            if poll.poll(max(1.0, until * 1000)):
                return
            if self._is_full():
                raise _GivenUpError(Cause.MEMORY, "its memory stayed full")


class Guest:
    """One guest process. Not for two threads at a time."""

    def __init__(self, zygote: Zygote, newborn: Newborn, memory_bytes: int) -> None:
        self._memory_bytes = memory_bytes
        self.pid = newborn.pid
        self.walls = Walls()
        self._zygote = zygote
        self._newborn = newborn
        self._channel = Channel(newborn.channel)
        self._page = mmap.mmap(newborn.page, mmap.PAGESIZE)
        os.close(newborn.page)
        self._ended = False

    def __enter__(self) -> "Guest":
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    @property
    def ended(self) -> bool:
        return self._ended

    def load(self, function: Function, limits: Limits) -> None:
        """Hand in the source; raises `FunctionRefusedError` or `GuestDiedError`."""
        kind, payload = self._ask(
            Kind.LOAD,
            msgspec.json.encode(function),
            {Kind.LOADED, Kind.REFUSED},
            MAX_NOTE_BYTES,
            Patience(total=limits.load_seconds, between=limits.load_seconds),
        )
        if kind is Kind.REFUSED:
            refusal = self._decode(payload, _REFUSAL)
            self.close()
            raise FunctionRefusedError(
                refusal.kind,
                refusal.message[: 2 * MAX_MESSAGE_CHARS],
                line=max(0, refusal.line),
                column=max(0, refusal.column),
                hint=refusal.hint[:MAX_MESSAGE_CHARS],
            )

    def run(
        self,
        batch: bytes,
        records: int,
        limits: Limits,
        seconds: float,
        caller_seconds: Callable[[], float] = nobody_waits_less,
    ) -> Reply:
        """Apply the function to a number of records within `seconds`; raises `GuestDiedError`.

        `caller_seconds` tells how long somebody still waits for it.
        """
        allowed = (
            limits.batch_output_bytes
            + records * FAILURE_BYTES
            + 2 * limits.log_bytes * 6  # escaped
            + MAX_NOTE_BYTES
        )
        patience = Patience(
            total=seconds,
            between=limits.record_seconds + len(batch) / READ_BYTES_PER_SECOND,
            record=limits.record_seconds,
            records=records,
        )
        _, payload = self._ask(
            Kind.BATCH, batch, {Kind.OUTCOMES}, allowed, patience, caller_seconds
        )
        lines = payload.count(b"\n")
        head = payload.find(b"\n") + 1
        outcomes = self._decode(memoryview(payload)[:head], _OUTCOMES)
        objects = len(outcomes.objects)
        num_rows = lines - 1 - objects
        if payload[-1:] != b"\n" or not _is_whole(outcomes, num_rows, records):
            raise self._died(FrameContentError("outcomes that are not one per record"))
        *texts, rows = bytes(memoryview(payload)[head:]).split(b"\n", objects)
        return Reply(outcomes=outcomes, objects=texts, rows=rows, num_rows=num_rows)

    def probe(self, name: str, seconds: float) -> Finding:
        """Let a canary loose inside."""
        patience = Patience(total=seconds, between=seconds)
        _, payload = self._ask(Kind.PROBE, name.encode(), {Kind.PROBED}, MAX_NOTE_BYTES, patience)
        return self._decode(payload, _FINDING)

    def wait_until_ready(self, seconds: float, *, allow_missing_walls: bool) -> None:
        watch = Watch(self._cursor, Patience(total=seconds, between=seconds))
        try:
            kind, payload = self._channel.receive({Kind.READY, Kind.REFUSED}, MAX_NOTE_BYTES, watch)
        except _GivenUpError as error:
            self.close()
            raise GuestUnavailableError(f"a guest was not ready within {seconds:g} s") from error
        except FrameError as error:
            death = self._died(error).death
            raise GuestLostError(f"a guest did not become ready: {death.detail}") from error
        if kind is Kind.REFUSED:
            refusal = self._decode(payload, _REFUSAL)
            self.close()
            raise GuestLostError(f"a guest did not become ready: {refusal.message}")
        self.walls = self._decode(payload, _WALLS)
        missing = self.walls.missing()
        if missing and not allow_missing_walls:
            self.close()
            raise WallsMissingError(missing)

    def close(self) -> Answer | None:
        """End the guest and tell how it ended; none if nobody knows it."""
        if self._ended:
            return None
        self._ended = True
        gone = end(self._newborn)
        # Its zygote would wait for one that stays, and every guest after it.
        ending = self._zygote.reap(self._newborn) if gone else None
        self._channel.close()
        os.close(self._newborn.handle)
        self._page.close()
        return ending

    def _cursor(self) -> int:
        found: int = _CURSOR.unpack_from(self._page)[0]
        return found

    def _ask(
        self,
        kind: Kind,
        payload: bytes,
        due: set[Kind],
        max_bytes: int,
        patience: Patience,
        caller_seconds: Callable[[], float] = nobody_waits_less,
    ) -> tuple[Kind, bytearray]:
        _CURSOR.pack_into(self._page, 0, CURSOR_READING)
        watch = Watch(self._cursor, patience, caller_seconds, Fullness(self.pid).look)
        try:
            self._channel.send(kind, payload, watch)
            return self._channel.receive(due, max_bytes, watch)
        except (FrameError, _GivenUpError) as error:
            raise self._died(error) from error
        except BaseException:
            # Whoever was interrupted here would take this answer for that of the next question.
            self.close()
            raise

    def _decode(
        self,
        payload: bytes | bytearray | memoryview,
        decoder: "msgspec.json.Decoder[_Expected]",
    ) -> _Expected:
        try:
            return decoder.decode(payload)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
            raise self._died(FrameContentError(str(error))) from error

    def _died(self, error: FrameError | _GivenUpError) -> GuestDiedError:
        cursor = self._cursor()
        died = wait_for_end(self._newborn, BREAK_SECONDS) if _is_end(error) else False
        ending = self.close()
        match error:
            case _GivenUpError(cause=cause):
                death = Death(cause=cause, cursor=cursor, detail=str(error))
            case _ if died:
                cause, detail = explain(ending, self._memory_bytes)
                death = Death(cause=cause, cursor=cursor, detail=detail)
            case _:
                death = Death(cause=Cause.PROTOCOL, cursor=cursor, detail=str(error))
        return GuestDiedError(death)


def open_guest(zygote: Zygote, limits: Limits, *, allow_missing_walls: bool = False) -> Guest:
    """Fork a guest and wait until it is locked."""
    newborn = zygote.fork(limits.memory_bytes, allow_missing_walls=allow_missing_walls)
    guest = Guest(zygote, newborn, limits.memory_bytes)
    try:
        guest.wait_until_ready(limits.start_seconds, allow_missing_walls=allow_missing_walls)
    except BaseException:
        guest.close()
        raise
    return guest


def explain(ending: Answer | None, memory_bytes: int) -> tuple[Cause, str]:
    """Say what is known of an end."""
    if ending is None:
        return Cause.OUTSIDE, "its zygote ended"
    status = ending.status
    if os.WIFSIGNALED(status):
        number = os.WTERMSIG(status)
        # Nothing inside can send these; whoever did was not the function.
        if number in {signal.SIGKILL, signal.SIGTERM, signal.SIGHUP, signal.SIGINT}:
            return Cause.OUTSIDE, f"signal {number}"
        # V8 traps when an allocation fails; its libraries abort, or use what they did not get. Its
        # size tells.
        if number != signal.SIGSYS and ending.grown_bytes >= memory_bytes * CRASH_SHARE:
            return Cause.MEMORY, "no memory is left"
        return Cause.SIGNAL, f"signal {number}"
    code = os.WEXITSTATUS(status)
    if code == ExitCode.NO_MEMORY:
        return Cause.MEMORY, "no memory is left"
    return Cause.EXIT, f"exit code {code}"


def _is_end(error: FrameError | _GivenUpError) -> bool:
    return isinstance(error, ChannelClosedError)


def _is_whole(outcomes: Outcomes, rows: int, records: int) -> bool:
    if not (outcomes.failures or outcomes.objects or outcomes.logs):
        return rows == records
    positions = [failure.position for failure in outcomes.failures]
    taken = sorted(positions + outcomes.objects)
    return (
        len(taken) + rows == records
        and rows >= 0
        and all(one < other for one, other in itertools.pairwise(taken))
        and positions == sorted(positions)
        and outcomes.objects == sorted(outcomes.objects)
        and all(0 <= position < records for position in taken)
        and all(failure.code in _GUEST_CODES for failure in outcomes.failures)
        and all(
            max(map(len, (failure.message, failure.hint, failure.path))) <= 2 * MAX_MESSAGE_CHARS
            for failure in outcomes.failures
        )
        and all(0 <= log.position < records for log in outcomes.logs)
    )
