"""Canaries: a locked guest tries to get out, and every attempt must be stopped.

Some are native calls that a guest makes past its language; the others are functions, run as any
user's function is. If one gets through, functions must be refused.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

from runtime.errors import FunctionRefusedError
from runtime.limits import Limits
from runtime.sandbox.host import Guest, GuestDiedError, open_guest
from runtime.sandbox.interface import FailureCode, Finding, Function, Language, Walls
from runtime.sandbox.probes import PROBES
from runtime.sandbox.runner import Objects, Runner
from runtime.sandbox.zygote import Zygote

LOOP_SECONDS: Final = 0.3
"""What an endless canary gets before it must be dead."""

PROBE_SECONDS: Final = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Canary:
    """A function that must fail in one of some ways, or see only what is said."""

    name: str
    sources: Mapping[Language, str]
    stopped_by: frozenset[FailureCode] = frozenset()
    sees: bytes | None = None

    endless: bool = False
    """It gets little time, since it is there to meet the clock."""

    language_policy: bool = False
    """True where the policy is tried; the walls behind it must hold without."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """What one canary tried, and how it ended."""

    name: str
    stopped: bool
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Attestation:
    """What the walls of one language are worth on this machine."""

    language: Language
    walls: Walls
    attempts: tuple[Attempt, ...]

    @property
    def escaped(self) -> tuple[Attempt, ...]:
        return tuple(each for each in self.attempts if not each.stopped)

    @property
    def holds(self) -> bool:
        """Tell whether functions may run."""
        return not self.escaped and not self.walls.missing()


_MEMORY: Final = frozenset(
    # A machine that swaps may not fill the memory in time: nothing got out all the same.
    {FailureCode.MEMORY, FailureCode.CRASH, FailureCode.EXCEPTION, FailureCode.TIME}
)

FUNCTION_CANARIES: Final = (
    Canary(
        name="loop for ever",
        sources={
            Language.PYTHON: "def transform(record):\n    while True:\n        pass\n",
            Language.JAVASCRIPT: "function transform(record) { for (;;); }",
        },
        stopped_by=frozenset({FailureCode.TIME}),
        endless=True,
    ),
    Canary(
        name="loop between records",
        sources={
            Language.JAVASCRIPT: "const again = () => { Promise.resolve().then(again); };"
            " function transform(record) { again(); return {}; }"
        },
        stopped_by=frozenset({FailureCode.TIME}),
        endless=True,
    ),
    Canary(
        name="allocate without end",
        sources={
            Language.PYTHON: "def transform(record):\n    kept = []\n    while True:\n"
            "        kept.append(bytearray(1 << 22))\n",
            # Outside of the heap, where V8's own limit does not reach.
            Language.JAVASCRIPT: "function transform(record) { const kept = [];"
            " for (;;) kept.push(new Uint8Array(1 << 22).fill(1)); }",
        },
        stopped_by=_MEMORY,
    ),
    Canary(
        name="recurse without end",
        sources={
            Language.PYTHON: "def transform(record):\n    return transform(record)\n",
            Language.JAVASCRIPT: "function transform(record) { return transform(record) + 1; }",
        },
        stopped_by=frozenset({FailureCode.EXCEPTION}),
    ),
    Canary(
        name="return too much",
        sources={
            Language.PYTHON: "def transform(record):\n    return {'x': 'x' * (2 << 20)}\n",
            Language.JAVASCRIPT: "const transform = () => ({x: 'x'.repeat(2 << 20)});",
        },
        stopped_by=frozenset({FailureCode.OUTPUT}),
    ),
    Canary(
        name="print too much",
        sources={
            Language.PYTHON: "def transform(record):\n    for _ in range(2000):\n"
            "        print('x' * 1000)\n    return {}\n",
            Language.JAVASCRIPT: "function transform(record) { for (let i = 0; i < 2000; i++)"
            " console.log('x'.repeat(1000)); return {}; }",
        },
        sees=b"{}",
    ),
    Canary(
        name="know the machine's zone",
        sources={
            Language.PYTHON: "import time\ndef transform(record):\n"
            "    return {'minutes': -time.localtime().tm_gmtoff // 60}\n",
            Language.JAVASCRIPT: "const transform = () =>"
            " ({minutes: new Date().getTimezoneOffset()});",
        },
        sees=b'{"minutes":0}',
    ),
    Canary(
        name="open a file",
        sources={
            Language.PYTHON: "def transform(record):\n    return open('/etc/passwd').read()\n",
        },
        stopped_by=frozenset({FailureCode.EXCEPTION}),
    ),
    Canary(
        name="reach what was removed",
        sources={
            Language.PYTHON: "def transform(record):\n    name = '__class__'\n"
            "    return {'x': str(getattr((), name).__subclasses__())}\n",
            Language.JAVASCRIPT: "function transform(record) { return eval('({})'); }",
        },
        stopped_by=frozenset({FailureCode.EXCEPTION}),
        language_policy=True,
    ),
)


def attest(zygote: Zygote, limits: Limits, *, allow_missing_walls: bool = False) -> Attestation:
    """Let every canary loose in guests of one language."""
    hunted = replace(limits, record_seconds=min(limits.record_seconds, LOOP_SECONDS))
    with open_guest(zygote, limits, allow_missing_walls=allow_missing_walls) as guest:
        walls = guest.walls
        attempts = [_native(guest, name) for name in PROBES if not guest.ended]

    def opened() -> Guest:
        return open_guest(zygote, limits, allow_missing_walls=allow_missing_walls)

    for canary in FUNCTION_CANARIES:
        if source := canary.sources.get(zygote.language):
            function = Function(
                source=source,
                record_output_bytes=min(limits.record_output_bytes, 1 << 20),
                batch_output_bytes=limits.batch_output_bytes,
                log_bytes=limits.log_bytes,
                capture_logs=True,
                language_policy=canary.language_policy,
            )
            # A slow machine is no escape: only the endless ones meet the clock in earnest.
            patience = hunted if canary.endless else limits
            with Runner(opened, function, patience) as runner:
                attempts.append(_function(runner, canary, limits.log_bytes))
    return Attestation(language=zygote.language, walls=walls, attempts=tuple(attempts))


def _native(guest: Guest, name: str) -> Attempt:
    try:
        finding = guest.probe(name, PROBE_SECONDS)
    except GuestDiedError as error:
        finding = Finding(stopped=False, detail=f"the guest ended: {error}")
    return Attempt(name=name, stopped=finding.stopped, detail=finding.detail)


def _function(runner: Runner, canary: Canary, log_bytes: int) -> Attempt:
    try:
        result = runner.run(Objects([b"{}"]))
    except FunctionRefusedError as error:
        # The policy may see it coming.
        stopped = canary.language_policy and error.kind == "refused"
        return Attempt(name=canary.name, stopped=stopped, detail=f"{error.kind}: {error}")
    for failure in result.failures:
        stopped = failure.code in canary.stopped_by
        return Attempt(
            name=canary.name, stopped=stopped, detail=f"{failure.code.value}: {failure.message}"
        )
    seen = result.objects.get(0, b"")
    printed = sum(len(log.text.encode()) for log in result.logs)
    return Attempt(
        name=canary.name,
        stopped=seen == canary.sees and printed <= log_bytes,
        detail=f"saw {seen.decode(errors='replace')[:100]}, printed {printed} bytes",
    )
