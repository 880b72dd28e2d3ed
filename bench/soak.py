"""`python -m bench soak`: two hundred functions of twenty tenants, at random, for minutes.

Most behave; some raise, never end, fill their memory or bring their engine down. The server has a
budget of memory for a tenth of the functions. Exits with 1 if a record has another outcome than its
own, or if memory, processes, descriptors or temporary files grow.
"""

import argparse
import asyncio
import contextlib
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

from bench.footprint import Footprint, children, leaks, left_files, look
from mapping_lang.batch import Batch
from mapping_lang.diagnostics import Code
from mapping_lang.types.kinds import IntType, ObjectType, Property, Schema, StringType
from mapping_lang.types.schema import Purpose
from mapping_lang.types.values import Record
from runtime.client import Client, ClientOptions, Job, connect
from runtime.contract import Function, Transformation, Transformed
from runtime.errors import FunctionPausedError, KilnRuntimeError
from runtime.limits import MIB, Limits
from runtime.sandbox.interface import Language

FUNCTIONS: Final = 200
TENANTS: Final = 20
GUESTS: Final = 24
GUESTS_BYTES: Final = 256 * MIB
CALLERS: Final = 4
MOST_GUESTS: Final = GUESTS + 1 + CALLERS
"""One is of the canaries, and some end and begin while they are counted."""

MEMORY_BYTES: Final = 48 * MIB
HOSTILE_SHARE: Final = 0.02
"""Of the calls: each costs a guest, and seconds of a core if there are many."""

LOOK_SECONDS: Final = 1.0
READY_SECONDS: Final = 120.0
ATTEST_SECONDS: Final = 20
"""How often canaries are let loose meanwhile: they must not leak either."""

BATCHES: Final = (1, 3, 20, 100)
END_SECONDS: Final = 30.0

SCHEMA: Final[Schema] = ObjectType((Property("i", IntType(32)), Property("text", StringType())))
# A machine under load is slow: only what is endless may meet the clock.
LIMITS: Final = Limits(
    record_seconds=20,
    batch_seconds=60,
    load_seconds=20,
    memory_bytes=MEMORY_BYTES,
    waiting_seconds=20,
)
ENDLESS_SECONDS: Final = 0.5

_BEHAVED: Final = {
    Language.PYTHON: """
def transform(record):
    # {number}
    return {{'i': record['i'] + {number}, 'text': record['text'][::-1] * 3}}
""",
    Language.JAVASCRIPT: """
function transform(record) {{
  // {number}
  return {{i: record.i + {number}, text: [...record.text].reverse().join('').repeat(3)}};
}}
""",
}
_HOSTILE: Final = {
    Language.PYTHON: (
        ("raise ValueError({number})", {Code.FUNCTION_EXCEPTION}),
        ("while True: pass", {Code.FUNCTION_TIME}),
        (
            "kept = []\n    while True: kept.append(bytearray(1 << 20))",
            {Code.FUNCTION_MEMORY},
        ),
        ("return {{'i': 1, 'text': 'x' * (3 << 20)}}", {Code.FUNCTION_OUTPUT}),
    ),
    Language.JAVASCRIPT: (
        ("throw new Error({number});", {Code.FUNCTION_EXCEPTION}),
        ("for (;;);", {Code.FUNCTION_TIME}),
        (
            "const kept = []; for (;;) kept.push(new Array(1e5).fill({number}));",
            {Code.FUNCTION_MEMORY, Code.FUNCTION_CRASH},
        ),
        ("'a'.repeat(2 ** 28).split('');", {Code.FUNCTION_CRASH, Code.FUNCTION_MEMORY}),
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Called:
    """One of the functions, and what becomes of each record that it is given."""

    number: int
    job: Job
    codes: frozenset[Code] = frozenset()
    """Why every record is rejected; none if none is."""


@dataclass(slots=True)
class Story:
    """What happened so far."""

    waits: list[float] = field(default_factory=list)
    calls: Counter[str] = field(default_factory=Counter)
    records: int = 0
    wrong: list[str] = field(default_factory=list)
    looks: list[Footprint] = field(default_factory=list)


def run(arguments: list[str]) -> int:
    """Soak a server and print what it held; gives 1 if something was wrong or grew."""
    parser = argparse.ArgumentParser(prog="python -m bench soak", description=__doc__)
    parser.add_argument("--seconds", type=float, default=120.0, help="how long (120)")
    parser.add_argument("--seed", type=int, default=20)
    options = parser.parse_args(arguments)
    story = Story()
    with _serving() as (address, server):
        asyncio.run(_soak(address, server.pid, options.seconds, options.seed, story))
        zygotes = children(server.pid)
        family = [server.pid, *zygotes, *(guest for each in zygotes for guest in children(each))]
        server.terminate()
        status = server.wait(END_SECONDS)
        wrong = list(story.wrong)
        if status:
            wrong.append(f"the server ended with {status}")
        if alive := _still_alive(family):
            wrong.append(f"processes outlived the server: {alive}")
        wrong += [f"{file} was left" for file in left_files(family)]
        wrong += [f"{file} was left" for file in _left_beside(address)]
    wrong += leaks(story.looks, most_guests=MOST_GUESTS, guests_bytes=GUESTS_BYTES)
    _print(story, options.seconds)
    for each in wrong[:20]:
        print(f"WRONG: {each}")
    return 1 if wrong else 0


@contextlib.contextmanager
def _serving() -> Iterator[tuple[str, "subprocess.Popen[bytes]"]]:
    with tempfile.TemporaryDirectory(prefix="kiln-soak-") as folder:
        address = f"unix:{folder}/s"
        command = [sys.executable, "-m", "runtime.cli", "serve", "--listen", address]
        command += ["--log-level", "error", "--attest-seconds", str(ATTEST_SECONDS)]
        command += ["--guests", str(GUESTS), "--guests-memory-bytes", str(GUESTS_BYTES)]
        for limit in ("record_seconds", "batch_seconds", "load_seconds", "waiting_seconds"):
            command += [f"--limit-{limit.replace('_', '-')}", str(getattr(LIMITS, limit))]
        with subprocess.Popen(command) as server:  # noqa: S603 - our own command
            try:
                yield address, server
            finally:
                server.kill()


async def _soak(address: str, pid: int, seconds: float, seed: int, story: Story) -> None:
    options = ClientOptions(in_flight=CALLERS, timeout_seconds=60)
    async with await connect(address, options=options) as client:
        await _until_ready(client)
        until = time.monotonic() + seconds
        chance = random.Random(seed)
        behaved, hostile = _functions()
        callers = [
            asyncio.create_task(
                _call(client, behaved, hostile, random.Random(chance.random()), until, story)
            )
            for _ in range(CALLERS)
        ]
        while time.monotonic() < until:
            story.looks.append(await asyncio.to_thread(look, pid))
            await asyncio.sleep(min(LOOK_SECONDS, seconds / 40))
        await asyncio.gather(*callers)


async def _until_ready(client: Client) -> None:
    deadline = time.monotonic() + READY_SECONDS
    while True:
        try:
            if (await client.health()).languages == frozenset(Language):
                return
        except KilnRuntimeError:
            pass
        if time.monotonic() > deadline:
            raise AssertionError("the server serves no functions")
        await asyncio.sleep(0.1)


def _functions() -> tuple[list[Called], list[Called]]:
    behaved, hostile = [], []
    for number in range(FUNCTIONS):
        language = list(Language)[number % 2]
        kinds = _HOSTILE[language]
        if number // 2 < len(kinds):
            body, codes = kinds[number // 2]
            text = body.format(number=number)
            source = (
                f"def transform(record):\n    {text}\n"
                if language is Language.PYTHON
                else f"function transform(record) {{ {text} return {{}}; }}"
            )
            hostile.append(_called(number, language, source, frozenset(codes)))
        else:
            source = _BEHAVED[language].format(number=number)
            behaved.append(_called(number, language, source))
    return behaved, hostile


def _called(
    number: int, language: Language, source: str, codes: frozenset[Code] = frozenset()
) -> Called:
    function = Function(
        language=language, source=source, in_paths=("i", "text"), out_paths=("i", "text")
    )
    job = Job(
        transformation=Transformation.of(SCHEMA, SCHEMA, function),
        tenant=f"tenant {number % TENANTS}",
        function_version="1",
        limits=replace(LIMITS, record_seconds=ENDLESS_SECONDS)
        if Code.FUNCTION_TIME in codes
        else LIMITS,
    )
    return Called(number=number, job=job, codes=codes)


async def _call(
    client: Client,
    behaved: list[Called],
    hostile: list[Called],
    chance: random.Random,
    until: float,
    story: Story,
) -> None:
    while time.monotonic() < until:
        called = chance.choice(hostile if chance.random() < HOSTILE_SHARE else behaved)
        count = 1 if called.codes else chance.choice(BATCHES)
        records: list[Record] = [{"i": i, "text": f"é{chance.random()}"} for i in range(count)]
        try:
            found = await client.transform(
                called.job, Batch.from_records(SCHEMA, records), Purpose.IMPORT
            )
        except FunctionPausedError:
            story.calls["paused"] += 1
            if not called.codes:
                story.wrong.append(f"function {called.number} was paused for nothing")
            continue
        except KilnRuntimeError as error:
            story.wrong.append(f"function {called.number}: {error!r}")
            continue
        story.calls["hostile" if called.codes else "behaved"] += 1
        story.records += count
        story.waits.append(found.timings.waiting)
        story.wrong += _objections(called, records, found)


def _objections(called: Called, records: list[Record], found: Transformed[Batch]) -> list[str]:
    if called.codes:
        codes = {each.code for each in found.rejections}
        if len(found.rejections) == len(records) and codes <= called.codes:
            return []
        return [f"function {called.number} was to be rejected: {found.rejections[:3]}"]
    expected = [
        {"i": i + called.number, "text": str(record["text"])[::-1] * 3}
        for i, record in enumerate(records)
    ]
    if found.rejections or found.content.to_records() != expected:
        return [f"function {called.number} gave something else: {found.rejections[:3]}"]
    return []


def _left_beside(address: str) -> list[Path]:
    return list(Path(address.removeprefix("unix:")).parent.iterdir())


def _still_alive(pids: list[int]) -> list[int]:
    """Wait a little: the system ends the family of a process after it."""
    deadline = time.monotonic() + END_SECONDS
    while alive := [pid for pid in pids if Path(f"/proc/{pid}").exists()]:
        if time.monotonic() > deadline:
            return alive
        time.sleep(0.05)
    return []


def _print(story: Story, seconds: float) -> None:
    calls = ", ".join(f"{count:,} {name}" for name, count in sorted(story.calls.items()))
    print(
        f"{FUNCTIONS} functions of {TENANTS} tenants, {GUESTS} guests in {GUESTS_BYTES >> 20} MiB,"
        f" {seconds:g} s on {os.cpu_count()} cores: {calls}; {story.records:,} records"
    )
    if len(story.waits) > 1:
        hundredths = statistics.quantiles(story.waits, n=100)
        print(
            f"waiting for a guest: median {hundredths[49] * 1000:.2f} ms,"
            f" p99 {hundredths[98] * 1000:.2f} ms, longest {max(story.waits) * 1000:.2f} ms"
        )
    print(
        f"{'':12}{'server':>10}{'zygotes':>10}{'guests':>10}{'all':>10} MiB{'guests':>10}{'files':>8}"
    )
    for share in range(0, 101, 20):
        each = story.looks[min(len(story.looks) - 1, len(story.looks) * share // 100)]
        sizes = (each.server_bytes, each.zygotes_bytes, each.guests_bytes, each.total_bytes)
        figures = "".join(f"{size / MIB:10.1f}" for size in sizes)
        print(f"at {share:3} %    {figures}    {each.guests:10}{each.server_descriptors:8}")
