"""What is known of the walls around functions: attested at the start, and again every so often."""

import threading
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import structlog

from runtime.errors import KilnRuntimeError, UnavailableError, WallsMissingError
from runtime.functions import Attestation
from runtime.limits import Limits
from runtime.sandbox.attest import attest
from runtime.sandbox.interface import Language
from runtime.sandbox.zygote import Zygote

AGAIN_SECONDS: Final = 15.0
"""How soon the canaries are let loose again where they met no answer, or got through."""

END_SECONDS: Final = 10.0
"""What a round of canaries may take to notice that its zygotes are gone."""

CANARY_LIMITS: Final = Limits(
    record_seconds=30, batch_seconds=120, load_seconds=60, start_seconds=60
)
"""Patient, since a slow machine is no escape: only endless canaries meet the clock in earnest."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What the canaries of one language found."""

    holds: bool
    said: str


class Walls:
    """Lets canaries loose in guests of each language, and remembers what became of them."""

    def __init__(
        self,
        zygotes: Mapping[Language, Zygote],
        *,
        canary_limits: Limits = CANARY_LIMITS,
        allow_missing: bool = False,
        log: structlog.typing.FilteringBoundLogger | None = None,
    ) -> None:
        self._zygotes = zygotes
        self._limits = canary_limits
        self._allow_missing = allow_missing
        self._log = structlog.get_logger("runtime.walls") if log is None else log
        self._verdicts: dict[Language, Verdict] = {}
        self._stop = threading.Event()
        self._watcher: threading.Thread | None = None
        # Cleared only while somebody is about to know more.
        self._known = threading.Event()
        self._known.set()

    def watch(self, seconds: float) -> None:
        """Attest in a thread of its own: now, and again every so many seconds."""
        self._known.clear()
        self._watcher = threading.Thread(
            target=self._watch, args=(seconds,), name="attestation", daemon=True
        )
        self._watcher.start()

    def attest(self) -> Attestation:
        """Let the canaries loose; where one gets through, functions are refused."""
        for language in sorted(self._zygotes):
            if self._stop.is_set():
                break
            self._note(language, self._verdict(language))
        self._known.set()
        return self.attestation()

    def attestation(self) -> Attestation:
        """Give what is known, without waiting."""
        verdicts = self._verdicts
        said = [
            f"{language.value}: " + (verdicts[language].said if language in verdicts else "unknown")
            for language in sorted(self._zygotes)
        ]
        held = {language for language, verdict in verdicts.items() if verdict.holds}
        return Attestation(
            passed=held == set(self._zygotes),
            summary="; ".join(said),
            allowed=frozenset(self._zygotes if self._allow_missing else held),
        )

    def check(self, language: Language, seconds: float) -> None:
        """Refuse functions of a language whose walls do not hold; waits for the first round."""
        if not self._known.is_set() and not self._known.wait(seconds):
            raise UnavailableError("the walls around functions are still being attested")
        if self._stop.is_set():
            raise UnavailableError("the runtime is draining")
        verdict = self._verdicts.get(language)
        if not self._allow_missing and (verdict is None or not verdict.holds):
            raise WallsMissingError((f"walls that hold ({self.attestation().summary})",))

    def stop(self) -> None:
        """Attest no more; a round under way ends with its zygotes."""
        self._stop.set()
        self._known.set()

    def join(self) -> None:
        """Wait for the end of a round whose zygotes are gone."""
        if self._watcher is not None:
            self._watcher.join(END_SECONDS)

    def _watch(self, seconds: float) -> None:
        while not self._stop.is_set():
            passed = self.attest().passed
            self._stop.wait(seconds if passed else min(seconds, AGAIN_SECONDS))

    def _verdict(self, language: Language) -> Verdict:
        try:
            found = attest(
                self._zygotes[language], self._limits, allow_missing_walls=self._allow_missing
            )
        except KilnRuntimeError as error:
            # A machine without room proves nothing: what was found before still stands.
            known = self._verdicts.get(language)
            return (
                known
                if known is not None and error.retryable
                else Verdict(holds=False, said=str(error))
            )
        if found.holds:
            return Verdict(holds=True, said=f"{len(found.attempts)} attempts, all stopped")
        missing = [f"no {wall}" for wall in found.walls.missing()]
        escaped = [f"{attempt.name} ({attempt.detail})" for attempt in found.escaped]
        return Verdict(
            holds=False,
            said=f"{len(found.attempts)} attempts, escaped: {', '.join((*missing, *escaped))}",
        )

    def _note(self, language: Language, verdict: Verdict) -> None:
        if self._stop.is_set() or self._verdicts.get(language) == verdict:
            return
        # Not in place: many threads read it.
        self._verdicts = self._verdicts | {language: verdict}
        if verdict.holds:
            self._log.info("walls attested", language=language.value, found=verdict.said)
        else:
            self._log.error(
                "walls do not hold",
                language=language.value,
                found=verdict.said,
                functions="run all the same" if self._allow_missing else "refused",
            )
