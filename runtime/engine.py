"""Functions as the service sees them: compiled and applied in guests, refused without walls."""

import threading
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final

from mapping_lang.batch import Rejection
from mapping_lang.diagnostics import Diagnostic
from mapping_lang.program import Purposes
from mapping_lang.types.errors import ValueRefusedError
from mapping_lang.types.schema import Purpose
from mapping_lang.types.values import Record
from runtime.acceptance.accept import accept_results
from runtime.contract import CapturedOutput, Timings
from runtime.deadline import Deadline
from runtime.errors import FunctionRefusedError, KilnRuntimeError, WallsMissingError
from runtime.failures import diagnostic_of, rejection_of_failure, rejection_of_result
from runtime.functions import Attestation, FunctionResult, FunctionTask
from runtime.limits import Limits
from runtime.pool import GuestKey, Occupancy, Pool, Room
from runtime.presentation.records import presentation_for
from runtime.sandbox.attest import attest
from runtime.sandbox.host import Guest, open_guest
from runtime.sandbox.interface import Function, Language
from runtime.sandbox.kills import KillWindow
from runtime.sandbox.runner import BatchResult, Runner
from runtime.sandbox.zygote import Zygote

ATTEST_SECONDS: Final = 600.0
"""How often the canaries are let loose again."""

CANARY_LIMITS: Final = Limits(
    record_seconds=30, batch_seconds=120, load_seconds=60, start_seconds=60
)
"""Patient, since a slow machine is no escape: only endless canaries meet the clock in earnest."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineSettings:
    """How an engine runs functions."""

    languages: frozenset[Language] = frozenset(Language)
    room: Room = field(default_factory=Room)
    canary_limits: Limits = CANARY_LIMITS

    attest_seconds: float = ATTEST_SECONDS
    allow_missing_walls: bool = False
    """Unsafe: functions run even where the operating system offers no filter."""


class GuestEngine:
    """Runs functions in guests, kept warm. Every method may be called from many threads."""

    def __init__(self, settings: EngineSettings) -> None:
        self._settings = settings
        self._zygotes = {language: Zygote(language) for language in settings.languages}
        self._pool = Pool(self._make_runner, settings.room)
        self._attestation = Attestation(passed=False, summary="the walls are not attested yet")
        self._stop = threading.Event()
        self._watcher: threading.Thread | None = None

    def __enter__(self) -> "GuestEngine":
        self.start()
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def start(self) -> None:
        """Start the zygotes and attest the walls, then again every so often."""
        self.attest_now()
        self._watcher = threading.Thread(target=self._watch, name="attestation", daemon=True)
        self._watcher.start()

    def attest_now(self) -> Attestation:
        """Let the canaries loose; where one gets through, functions are refused."""
        said: list[str] = []
        passed = True
        for language, zygote in sorted(self._zygotes.items()):
            try:
                found = attest(
                    zygote,
                    self._settings.canary_limits,
                    allow_missing_walls=self._settings.allow_missing_walls,
                )
            except KilnRuntimeError as error:
                passed = False
                said.append(f"{language.value}: {error}")
                continue
            escaped = [f"{attempt.name} ({attempt.detail})" for attempt in found.escaped]
            passed = passed and not escaped
            said.append(
                f"{language.value}: {len(found.attempts)} attempts, "
                + (f"escaped: {', '.join(escaped)}" if escaped else "all stopped")
            )
        self._attestation = Attestation(passed=passed, summary="; ".join(said))
        return self._attestation

    def attestation(self) -> Attestation:
        """Give the latest attestation, without waiting for a new one."""
        return self._attestation

    def languages(self) -> frozenset[Language]:
        """Say which languages it runs."""
        return self._settings.languages

    def occupancy(self) -> Occupancy:
        """Say how many guests there are."""
        return self._pool.occupancy()

    def compile(self, task: FunctionTask, limits: Limits) -> tuple[Diagnostic, ...]:
        """Load a function in a guest and give what is wrong with it; a span is in its source.

        The guest stays for the batches that may follow.
        """
        self._check()
        key = _key(task, limits, captures_output=False)
        try:
            with self._pool.lend(key, limits.waiting_seconds) as loan:
                loan.runner.start()
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
        self._check()
        begun = time.monotonic()
        function = task.function
        presentation = presentation_for(
            task.in_schema, function.language, preserve_json=function.preserve_json
        )
        texts = presentation.write(records)
        key = _key(task, limits, captures_output=capture_output)
        written = time.monotonic()
        deadline.check()
        with self._pool.lend(key, min(limits.waiting_seconds, deadline.remaining())) as loan:
            done = loan.runner.run(texts)
        ran = time.monotonic()
        accepted, rejections = _outcomes(task, done, purposes)
        return FunctionResult(
            records=accepted,
            rejections=rejections,
            timings=Timings(
                waiting=loan.waited_seconds,
                starting=done.timings.starting,
                executing=done.timings.executing,
                encoding=written - begun + time.monotonic() - ran,
            ),
            captured=tuple(CapturedOutput(log.position, log.text) for log in done.logs),
        )

    def close(self) -> None:
        """End every guest."""
        self._stop.set()
        self._pool.close()
        for zygote in self._zygotes.values():
            zygote.close()

    def _check(self) -> None:
        if not self._attestation.passed:
            raise WallsMissingError((f"walls that hold ({self._attestation.summary})",))

    def _watch(self) -> None:
        while not self._stop.wait(self._settings.attest_seconds):
            self.attest_now()

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
            presentation=presentation.guest_part,
        )
        return Runner(hire, told, limits, kills)


def _key(task: FunctionTask, limits: Limits, *, captures_output: bool) -> GuestKey:
    return GuestKey(
        tenant=task.tenant,
        version=task.version,
        function=task.function,
        in_schema=task.in_schema,
        limits=limits,
        captures_output=captures_output,
    )


def _outcomes(
    task: FunctionTask, done: BatchResult, purposes: Purposes
) -> tuple[list[Record], list[Rejection]]:
    """Give the records that are valid for the output schema, and why the others are not."""
    function = task.function
    positions = [place for place, result in enumerate(done.results) if result is not None]
    accepted = accept_results(
        [result for result in done.results if result is not None],
        _purposes_of(positions, purposes),
        task.out_schema,
        function.language,
        preserve_json=function.preserve_json,
    )
    records: list[Record] = []
    rejections = [rejection_of_failure(failure, function.language) for failure in done.failures]
    for position, outcome in zip(positions, accepted, strict=True):
        if isinstance(outcome, ValueRefusedError):
            rejections.append(rejection_of_result(position, outcome, function.language))
        else:
            records.append(outcome)
    rejections.sort(key=lambda rejection: rejection.position)
    return records, rejections


def _purposes_of(positions: Iterable[int], purposes: Purposes) -> Purposes:
    if isinstance(purposes, Purpose):
        return purposes
    return [purposes[position] for position in positions]
