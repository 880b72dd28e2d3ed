"""Carries batches of one function through guests; each failure is charged to its own record.

A guest that dies takes the results of its batch with it. The cursor names the record that it had
in hand: this one is rejected, and the others go to a fresh guest, so that each record ends up with
exactly one outcome (DEC-33). Where the cursor names nobody (an engine that hangs between two
records), the piece is repeated one record at a time.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Final, Protocol, assert_never

from runtime.errors import (
    BatchStoppedError,
    DeadlineError,
    FunctionRefusedError,
    GuestLostError,
)
from runtime.limits import Limits
from runtime.sandbox.host import Cause, Death, Guest, GuestDiedError, Reply, nobody_waits_less
from runtime.sandbox.interface import Failure, FailureCode, Function, RawLog
from runtime.sandbox.kills import KillWindow

MAX_OUTSIDE_KILLS: Final = 3
"""How often a batch is repeated because somebody else killed its guest."""


class Records(Protocol):
    """The records of a batch as their guest reads them, whole or in pieces."""

    def __len__(self) -> int:
        """Count the records."""

    def piece(self, start: int, stop: int) -> bytes:
        """Write the records from `start` until before `stop`."""


@dataclass(frozen=True, slots=True)
class Objects:
    """Records as JSON objects, for guests that are given no reader of anything else."""

    texts: Sequence[bytes]

    def __len__(self) -> int:
        return len(self.texts)

    def piece(self, start: int, stop: int) -> bytes:
        return b"[%b]" % b",".join(self.texts[start:stop])


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """Some records of a batch, from `start` until before `stop`."""

    start: int
    stop: int
    one_by_one: bool = False

    def __len__(self) -> int:
        return self.stop - self.start


@dataclass(frozen=True, slots=True, kw_only=True)
class Timings:
    """Where the seconds of a batch went; `reading` and `applying` as the guests say."""

    starting: float = 0.0
    executing: float = 0.0
    reading: float = 0.0
    applying: float = 0.0


@dataclass(frozen=True, slots=True)
class Rows:
    """Results that are rows of values, a line of JSON for each of these positions."""

    positions: Sequence[int]
    lines: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchResult:
    """One outcome per record: an object, a row or a failure."""

    records: int
    objects: dict[int, bytes]
    """Results that are JSON objects, by position."""
    rows: tuple["Rows", ...]
    failures: tuple[Failure, ...]
    logs: tuple[RawLog, ...]
    kills: int
    timings: Timings


def after_death(
    piece: Piece, death: Death, *, is_fresh: bool
) -> tuple[int | None, tuple[Piece, ...]]:
    """Decide who is to blame for a death, and what is still to be done, in order.

    `is_fresh` says that nothing had run in the guest before the first record of the piece.
    """
    if death.cause is Cause.OUTSIDE:
        return None, (piece,)
    if death.cause is Cause.MEMORY and not is_fresh and len(piece) == 1:
        return None, (piece,)
    if len(piece) == 1:
        return piece.start, ()
    if not 0 <= death.cursor < len(piece):
        return None, (replace(piece, one_by_one=True),)
    culprit = piece.start + death.cursor
    before = replace(piece, stop=culprit)
    if death.cause is Cause.MEMORY and not (is_fresh and death.cursor == 0):
        # What may have been filled before is empty in the guest that comes next.
        again = replace(piece, start=culprit)
        return None, tuple(each for each in (again, before) if len(each))
    behind = replace(piece, start=culprit + 1)
    return culprit, tuple(each for each in (before, behind) if len(each))


def charge(position: int, death: Death, limits: Limits) -> Failure:
    """Write a death as the failure of a record."""
    match death.cause:
        case Cause.RECORD_TIME:
            code = FailureCode.TIME
            message = f"the function took longer than {limits.record_seconds:g} s on this record"
        case Cause.MEMORY:
            code = FailureCode.MEMORY
            message = f"the function needs more than {limits.memory_bytes:,} bytes of memory"
        case Cause.EXIT:
            code, message = FailureCode.CRASH, f"the function ended its process ({death.detail})"
        case Cause.SIGNAL:
            code = FailureCode.CRASH
            message = f"the function crashed its engine ({death.detail}), often for want of memory"
        case Cause.PROTOCOL:
            code, message = FailureCode.CRASH, f"the function broke its guest: {death.detail}"
        case Cause.OUTSIDE | Cause.BATCH_TIME | Cause.CALLER:
            raise ValueError(f"{death.cause} is no record's fault")
        case _:
            assert_never(death.cause)
    return Failure(position=position, code=code, message=message)


@dataclass(slots=True)
class _Batch:
    """What one batch has so far."""

    records: Records
    count: int
    whole: bytes
    deadline: float
    todo: list[Piece]
    objects: dict[int, bytes] = field(default_factory=dict)
    rows: list[Rows] = field(default_factory=list)
    failures: dict[int, Failure] = field(default_factory=dict)
    logs: dict[int, RawLog] = field(default_factory=dict)
    kills: int = 0
    outside_kills: int = 0
    suspects: set[int] = field(default_factory=set)
    """Records that are tried again, since their guest had no memory for them."""
    proven: int = 0
    """Suspects that turned out to be to blame: two guests each, for one mistake."""
    starting: float = 0.0
    executing: float = 0.0
    reading_micros: int = 0
    applying_micros: int = 0

    def steps(self) -> Iterator[Piece]:
        """Give the pieces to run, whole or record by record, until none is left."""
        while self.todo:
            piece = self.todo.pop()
            if not piece.one_by_one or len(piece) == 1:
                yield piece
                continue
            self.todo.append(replace(piece, start=piece.start + 1))
            yield Piece(start=piece.start, stop=piece.start + 1)

    def text(self, piece: Piece) -> bytes:
        if piece.stop - piece.start == self.count:
            return self.whole
        return self.records.piece(piece.start, piece.stop)

    def take(self, piece: Piece, reply: Reply) -> None:
        """Put the outcomes of a piece where they belong."""
        outcomes = reply.outcomes
        if reply.num_rows:
            positions: Sequence[int] = range(piece.start, piece.stop)
            if reply.num_rows < len(positions):
                others = {raw.position for raw in outcomes.failures}.union(outcomes.objects)
                positions = [each for each in positions if each - piece.start not in others]
            self.rows.append(Rows(positions, reply.rows))
        for position, text in zip(outcomes.objects, reply.objects, strict=True):
            self.objects[piece.start + position] = text
        for raw in outcomes.failures:
            position = piece.start + raw.position
            self.failures[position] = Failure(
                position=position,
                code=raw.code,
                message=raw.message,
                line=max(0, raw.line),
                column=max(0, raw.column),
                hint=raw.hint,
                path=raw.path,
            )
        for log in outcomes.logs:
            position = piece.start + log.position
            self.logs[position] = RawLog(position, log.text)
        reading, applying = outcomes.micros
        self.reading_micros += max(0, reading)
        self.applying_micros += max(0, applying)

    def result(self) -> BatchResult:
        return BatchResult(
            records=self.count,
            objects=self.objects,
            rows=tuple(self.rows),
            failures=tuple(self.failures[each] for each in sorted(self.failures)),
            logs=tuple(self.logs[each] for each in sorted(self.logs)),
            kills=self.kills,
            timings=Timings(
                starting=self.starting,
                executing=self.executing,
                reading=self.reading_micros / 1e6,
                applying=self.applying_micros / 1e6,
            ),
        )


class Runner:
    """One function with at most one living guest. Not for two threads at a time."""

    def __init__(
        self,
        open_guest: Callable[[], Guest],
        function: Function,
        limits: Limits,
        kills: KillWindow | None = None,
    ) -> None:
        limits.check_source(function.source)
        # Runners of one function share what it may cost.
        self._kills = KillWindow(limits.minute_kills) if kills is None else kills
        self._open_guest = open_guest
        self._function = function
        self._limits = limits
        self._guest: Guest | None = None
        self._has_run = False

    def __enter__(self) -> "Runner":
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    @property
    def guest(self) -> Guest | None:
        """The living guest, if there is one now."""
        return self._guest

    def start(self) -> Guest:
        """Have a guest with the function loaded; raises `FunctionRefusedError`."""
        if self._guest is None or self._guest.ended:
            self._guest = self._started()
            self._has_run = False
        return self._guest

    def _started(self) -> Guest:
        lost = 0
        while True:
            try:
                return self._opened()
            except GuestLostError:
                # Its zygote may have died, and has a successor for the next.
                lost += 1
                if lost > MAX_OUTSIDE_KILLS:
                    raise

    def _opened(self) -> Guest:
        self._kills.check(time.monotonic())
        guest = self._open_guest()
        try:
            guest.load(self._function, self._limits)
        except GuestDiedError as error:
            if error.death.cause is not Cause.OUTSIDE:
                self._kills.note(time.monotonic())
            raise _refused_by_death(error.death, self._limits) from error
        return guest

    def run(
        self,
        records: Records,
        caller_seconds: Callable[[], float] = nobody_waits_less,
    ) -> BatchResult:
        """Apply the function to records, each exactly once as far as results go.

        `caller_seconds` tells how long somebody still waits: after that nothing more is done.
        """
        count = len(records)
        whole = records.piece(0, count)
        self._limits.check_batch(count, len(whole))
        batch = _Batch(
            records,
            count,
            whole,
            time.monotonic() + self._limits.batch_seconds,
            [Piece(start=0, stop=count)] if count else [],
        )
        for piece in batch.steps():
            guest = self._guest
            is_fresh = guest is None or guest.ended or not self._has_run
            try:
                self._run_piece(batch, piece, caller_seconds)
            except GuestDiedError as error:
                self._guest = None
                self._settle(batch, piece, error.death, is_fresh=is_fresh)
        return batch.result()

    def close(self) -> None:
        if self._guest is not None:
            self._guest.close()
            self._guest = None

    def _run_piece(self, batch: _Batch, piece: Piece, caller_seconds: Callable[[], float]) -> None:
        started = time.monotonic()
        guest = self.start()
        running = time.monotonic()
        self._has_run = True
        try:
            reply = guest.run(
                batch.text(piece),
                len(piece),
                self._limits,
                max(0.0, batch.deadline - running),
                caller_seconds,
            )
        finally:
            batch.starting += running - started
            batch.executing += time.monotonic() - running
        batch.take(piece, reply)
        if reply.outcomes.spent:
            self.close()

    def _settle(self, batch: _Batch, piece: Piece, death: Death, *, is_fresh: bool) -> None:
        batch.kills += 1
        limits = self._limits
        if death.cause is Cause.CALLER:
            # Nobody's fault: the function had no chance to end.
            raise DeadlineError("the caller stopped waiting while the function ran")
        if death.cause is Cause.BATCH_TIME:
            self._kills.note(time.monotonic())
            message = f"the batch took longer than {limits.batch_seconds:g} s"
            raise BatchStoppedError("batch_seconds", message, _position(piece, death))
        culprit, rest = after_death(piece, death, is_fresh=is_fresh)
        batch.todo.extend(reversed(rest))
        if death.cause is Cause.OUTSIDE:
            batch.outside_kills += 1
            if batch.outside_kills > MAX_OUTSIDE_KILLS:
                raise GuestLostError(f"guests are killed from outside: {death.detail}")
            return
        if culprit in batch.suspects:
            batch.proven += 1
        else:
            self._kills.note(time.monotonic())
        if culprit is not None:
            batch.failures[culprit] = charge(culprit, death, limits)
        elif death.cause is Cause.MEMORY and not rest[0].one_by_one:
            batch.suspects.add(rest[0].start)
        if batch.kills - batch.outside_kills - batch.proven > limits.batch_kills:
            message = (
                f"{limits.batch_kills} guests had to be replaced in one batch, the last because"
                f" {charge(piece.start, death, limits).message}"
            )
            raise BatchStoppedError("batch_kills", message, culprit)


def _position(piece: Piece, death: Death) -> int | None:
    return piece.start + death.cursor if 0 <= death.cursor < len(piece) else None


def _refused_by_death(death: Death, limits: Limits) -> Exception:
    """Tell a source that kills its guest while it loads from a guest that was killed."""
    match death.cause:
        case Cause.OUTSIDE:
            return GuestLostError(f"a guest was killed from outside: {death.detail}")
        case Cause.CALLER:
            return DeadlineError("the caller stopped waiting while the function was loaded")
        case Cause.RECORD_TIME | Cause.BATCH_TIME:
            message = f"the top-level code took longer than {limits.load_seconds:g} s"
        case Cause.MEMORY:
            message = f"the top-level code needs more than {limits.memory_bytes:,} bytes of memory"
        case Cause.EXIT | Cause.SIGNAL | Cause.PROTOCOL:
            message = f"the top-level code ended its process: {death.detail}"
        case _:
            assert_never(death.cause)
    return FunctionRefusedError("limit", message)
