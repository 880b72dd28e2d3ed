"""Functions as the service sees them: compiled and applied in guests, refused without walls."""

import contextlib
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final, TypeVar

import structlog

from mapping_lang.batch import Batch
from mapping_lang.diagnostics import Diagnostic
from mapping_lang.program import Purposes
from mapping_lang.types.values import Record
from runtime.acceptance.writers import writer_for
from runtime.contract import CapturedOutput, Timings
from runtime.deadline import Deadline
from runtime.errors import (
    BusyError,
    FunctionRefusedError,
    FunctionsUnavailableError,
    KilnRuntimeError,
)
from runtime.failures import diagnostic_of
from runtime.functions import Attestation, FunctionBatch, FunctionResult, FunctionTask
from runtime.limits import Limits
from runtime.outcomes import batch_of, records_of
from runtime.pool import GuestKey, Loan, Occupancy, Pool, Room
from runtime.presentation.records import Presentation, presentation_for
from runtime.refusals import Refusals
from runtime.sandbox.host import Guest, open_guest
from runtime.sandbox.interface import Function, Language
from runtime.sandbox.kills import KillWindow
from runtime.sandbox.runner import BatchResult, Records, Runner
from runtime.sandbox.zygote import Zygote
from runtime.walls import CANARY_LIMITS, Walls

_Result = TypeVar("_Result")

ATTEST_SECONDS: Final = 600.0
"""How often the canaries are let loose again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineSettings:
    """How an engine runs functions."""

    languages: frozenset[Language] = frozenset(Language)
    room: Room = field(default_factory=Room)
    canary_limits: Limits = CANARY_LIMITS

    attest_seconds: float = ATTEST_SECONDS
    allow_missing_walls: bool = False
    """Unsafe: functions run even where the walls do not hold."""

    language_policy: bool = True
    """False only where the operating system's walls are tested alone; no request reaches it."""


@dataclass(frozen=True, slots=True)
class _Ran:
    """What guests made of a batch, and how long that took."""

    done: BatchResult
    waiting_seconds: float
    ended: float

    def timings(self) -> Timings:
        return Timings(
            waiting=self.waiting_seconds,
            starting=self.done.timings.starting,
            executing=self.done.timings.executing,
            encoding=time.monotonic() - self.ended,
        )

    def captured(self) -> tuple[CapturedOutput, ...]:
        return tuple(CapturedOutput(log.position, log.text) for log in self.done.logs)


class GuestEngine:
    """Runs functions in guests, kept warm. Every method may be called from many threads."""

    def __init__(
        self, settings: EngineSettings, log: structlog.typing.FilteringBoundLogger | None = None
    ) -> None:
        self._settings = settings
        self._zygotes = {
            language: Zygote(language, start_seconds=settings.canary_limits.start_seconds)
            for language in settings.languages
        }
        self._pool = Pool(self._make_runner, settings.room)
        self._refusals = Refusals()
        self._walls = Walls(
            self._zygotes,
            canary_limits=settings.canary_limits,
            allow_missing=settings.allow_missing_walls,
            log=log,
        )

    def __enter__(self) -> "GuestEngine":
        self.start()
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def start(self) -> None:
        """Start the zygotes, and let the walls be attested from now on; nobody waits for that."""
        for zygote in self._zygotes.values():
            # The attestation says what is wrong with one that does not start.
            with contextlib.suppress(KilnRuntimeError):
                zygote.start()
        self._walls.watch(self._settings.attest_seconds)

    def attest_now(self) -> Attestation:
        """Let the canaries loose and wait for them."""
        return self._walls.attest()

    def attestation(self) -> Attestation:
        """Give the latest attestation, without waiting for a new one."""
        return self._walls.attestation()

    def occupancy(self) -> Occupancy:
        """Say how many guests there are."""
        return self._pool.occupancy()

    def compile(self, task: FunctionTask, limits: Limits) -> tuple[Diagnostic, ...]:
        """Load a function in a guest and give what is wrong with it; a span is in its source.

        The guest stays for the batches that may follow.
        """
        self._check(task, limits.start_seconds)
        key = _key(task, limits, captures_output=False)
        try:
            self._with_runner(task, key, limits.waiting_seconds, lambda loan: loan.runner.start())
        except FunctionRefusedError as error:
            return (diagnostic_of(error, task.function.source, task.function.language),)
        return ()

    def apply(
        self,
        task: FunctionTask,
        records: Sequence[Record],
        purposes: Purposes,
        limits: Limits,
        deadline: Deadline,
        *,
        capture_output: bool,
    ) -> FunctionResult:
        """Apply a function to records that are valid for its input schema.

        Raises errors of `runtime.errors` for what concerns the batch as a whole.
        """
        presented = _presentation_of(task).present(records)
        ran = self._run(task, presented, limits, deadline, capture_output=capture_output)
        accepted, rejections = records_of(task, ran.done, purposes)
        return FunctionResult(
            records=accepted,
            rejections=rejections,
            timings=ran.timings(),
            captured=ran.captured(),
        )

    def apply_batch(
        self,
        task: FunctionTask,
        batch: Batch,
        purposes: Purposes,
        limits: Limits,
        deadline: Deadline,
        *,
        capture_output: bool,
    ) -> FunctionBatch:
        """Apply a function to the records of a batch of its input schema, as `apply` does."""
        presented = _presentation_of(task).present_batch(batch)
        ran = self._run(task, presented, limits, deadline, capture_output=capture_output)
        accepted, rejections = batch_of(task, ran.done, purposes)
        return FunctionBatch(
            batch=accepted,
            rejections=rejections,
            timings=ran.timings(),
            captured=ran.captured(),
        )

    def _run(
        self,
        task: FunctionTask,
        presented: Records,
        limits: Limits,
        deadline: Deadline,
        *,
        capture_output: bool,
    ) -> "_Ran":
        self._check(task, min(limits.start_seconds, deadline.caller_remaining()))
        key = _key(task, limits, captures_output=capture_output)
        deadline.check()

        def run(loan: Loan) -> _Ran:
            done = loan.runner.run(presented, deadline.caller_remaining)
            return _Ran(done, loan.waited_seconds, time.monotonic())

        try:
            waiting_seconds = min(limits.waiting_seconds, deadline.caller_remaining())
            return self._with_runner(task, key, waiting_seconds, run)
        except BusyError:
            if deadline.caller_remaining() == 0:
                deadline.check()  # the caller did not wait as long as it might have
            raise

    def close(self) -> None:
        """End every guest."""
        self._walls.stop()
        self._pool.close()
        for zygote in self._zygotes.values():
            zygote.close()
        self._walls.join()

    def _with_runner(
        self, task: FunctionTask, key: GuestKey, seconds: float, use: Callable[[Loan], _Result]
    ) -> _Result:
        """Use a runner, unless the source was refused a moment ago."""
        self._refusals.check(task)
        try:
            with self._pool.lend(key, seconds) as loan:
                return use(loan)
        except FunctionRefusedError as error:
            self._refusals.note(task, error)
            raise

    def _check(self, task: FunctionTask, seconds: float) -> None:
        language = task.function.language
        if language not in self._zygotes:
            raise FunctionsUnavailableError(language.value)
        self._walls.check(language, seconds)

    def _make_runner(self, key: GuestKey, kills: KillWindow) -> Runner:
        function, limits = key.function, key.limits
        zygote = self._zygotes[function.language]

        def hire() -> Guest:
            return open_guest(
                zygote, limits, allow_missing_walls=self._settings.allow_missing_walls
            )

        presentation = presentation_for(
            key.in_schema, function.language, preserve_json=function.preserve_json
        )
        told = Function(
            source=function.source,
            record_output_bytes=limits.record_output_bytes,
            batch_output_bytes=limits.batch_output_bytes,
            log_bytes=limits.log_bytes,
            capture_logs=key.captures_output,
            language_policy=self._settings.language_policy,
            reader=presentation.reader,
            writer=writer_for(
                key.out_schema, function.language, preserve_json=function.preserve_json
            ),
        )
        return Runner(hire, told, limits, kills)


def _key(task: FunctionTask, limits: Limits, *, captures_output: bool) -> GuestKey:
    return GuestKey(
        tenant=task.tenant,
        version=task.version,
        function=task.function,
        in_schema=task.in_schema,
        out_schema=task.out_schema,
        limits=limits,
        captures_output=captures_output,
    )


def _presentation_of(task: FunctionTask) -> Presentation:
    function = task.function
    return presentation_for(task.in_schema, function.language, preserve_json=function.preserve_json)
