"""`python -m bench functions`: functions in locked guests, against `node` and `python3`.

The work is what a batch takes: records, or columns of Arrow, to JSON, the guest, its results
checked and made values, or columns, of the output schema. The baselines are children that read JSON
lines and write JSON lines, with the same functions and nothing checked; records are written for
them with msgspec, and what they write is decoded as plain JSON. All on one core, by the CPU time of
all processes that take part.

It is also measured what remains if nothing is checked, limited or walled off, with the function in
a process of its own and, for Python, in this one, and what a Python function takes alone: the ratio
with two processes is what walls, limits, blame and checks begin with.
"""

import argparse
import os
import shutil
import statistics
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

import msgspec

from bench.customers import INPUT, OUTPUT
from bench.function_floor import floor_in_another_process, floor_of, function_in
from bench.processes import cpu_seconds
from bench.rows import input_rows
from mapping_lang.batch import Batch
from mapping_lang.types.schema import Purpose
from mapping_lang.types.values import Record
from runtime.contract import Function
from runtime.deadline import Deadline
from runtime.engine import EngineSettings, GuestEngine
from runtime.functions import FunctionBatch, FunctionResult, FunctionTask
from runtime.limits import Limits
from runtime.memory import keep_freed_memory, look_for_cycles_rarely
from runtime.sandbox.interface import Language

SIZES: Final = (100, 1_000)
SAMPLES: Final = 15
MIN_SAMPLE_SECONDS: Final = 0.15
UNWALLED: Final = (", alone", ", unchecked", ", unchecked, 2 processes")
BARS: Final = {Language.JAVASCRIPT: 2.0, Language.PYTHON: 3.0}
READY_BAR_MILLIS: Final = 25.0
CALL_BAR_MILLIS: Final = 2.0

JAVASCRIPT: Final = r"""
function transform(user) {
  return {
    email: user.email.trim().toLowerCase(),
    full_name: user.first_name + ' ' + user.last_name,
    first_name: user.first_name.replace(/(^|[^\p{L}\p{N}_'])(\p{L})/gu, (m, a, b) => a + b.toUpperCase()),
    birth_date: user.birth_date,
    signed_up_at: new Date(user.signup_ts),
    ltv: user.spend,
    visits: user.visits,
    newsletter: user.newsletter === 'true' || user.newsletter === 'yes',
    address: { city: user.address.city.toUpperCase(), country: user.country ?? 'US' },
    tier: user.country === 'US' ? 'domestic' : 'intl',
    phone: user.phone === null ? null : user.phone.substring(0, 10)
  };
}
"""

PYTHON: Final = """
import datetime
import decimal

def transform(user: dict) -> dict:
    moment = datetime.datetime.fromisoformat(user['signup_ts'].replace('Z', '+00:00'))
    return {
        'email': user['email'].strip().lower(),
        'full_name': user['first_name'] + ' ' + user['last_name'],
        'first_name': user['first_name'][:1].upper() + user['first_name'][1:],
        'birth_date': datetime.date.fromisoformat(user['birth_date']),
        'signed_up_at': moment.astimezone(datetime.timezone.utc).replace(tzinfo=None),
        'ltv': decimal.Decimal(user['spend']),
        'visits': user['visits'],
        'newsletter': user['newsletter'] in ('true', 'yes'),
        'address': {
            'city': user['address']['city'].upper(),
            'country': user['country'] if user['country'] is not None else 'US',
        },
        'tier': 'domestic' if user['country'] == 'US' else 'intl',
        'phone': None if user['phone'] is None else user['phone'][:10],
    }
"""

SOURCES: Final = {Language.JAVASCRIPT: JAVASCRIPT, Language.PYTHON: PYTHON}

# What anyone would write first: a line in, a line out.
_NODE: Final = (
    JAVASCRIPT
    + """
const lines = require('readline').createInterface({ input: process.stdin });
lines.on('line', (line) => {
  process.stdout.write(JSON.stringify(transform(JSON.parse(line))) + '\\n');
});
"""
)
_PYTHON3: Final = (
    PYTHON
    + """
import json
import sys

for line in sys.stdin:
    sys.stdout.write(json.dumps(transform(json.loads(line)), default=str) + '\\n')
    sys.stdout.flush()
"""
)
COMMANDS: Final = {
    Language.JAVASCRIPT: ("node", ["node", "-e", _NODE]),
    Language.PYTHON: ("python3", ["python3", "-c", _PYTHON3]),
}

CHUNK: Final = 100

_json: Final = msgspec.json.Encoder()
_line: Final = msgspec.json.Decoder(dict[str, Any])


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """Seconds of a batch here and there, and the median of their ratios."""

    seconds: float
    baseline_seconds: float
    ratio: float


def run(arguments: list[str]) -> int:
    """Print the figures of both languages."""
    parser = argparse.ArgumentParser(prog="python -m bench functions", description=__doc__)
    parser.parse_args(arguments)
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    limits = Limits()
    # As the server does: what follows is on behalf of both sides of a comparison.
    keep_freed_memory()
    engine = GuestEngine(EngineSettings())
    try:
        print(engine.attest_now().summary)
        look_for_cycles_rarely()
        print(
            f"{'one core, CPU of all processes':48}{'records/s':>12}{'baseline':>12}{'ratio':>8}{'bar':>6}"
        )
        for language in Language:
            _throughput(engine, language, limits)
        for language in Language:
            _latency(engine, language, limits)
    finally:
        engine.close()
    return 0


def _throughput(engine: GuestEngine, language: Language, limits: Limits) -> None:
    name, command = COMMANDS[language]
    installed = shutil.which(command[0]) is not None
    if not installed:
        print(f"{name} is not installed: there is nothing to compare with")
    for size in SIZES:
        records: list[Record] = list(input_rows(size))
        title = f"{language.value}, batches of {size:,}"
        if not installed:
            for way, work in _ways(engine, language, limits, records):
                print(f"{title + way:48}{size / _alone(work):12,.0f}")
            continue
        with _child(command, records) as baseline:
            for way, work in _ways(engine, language, limits, records):
                pair = _compare(work, baseline)
                bar = "" if way in UNWALLED else f"{BARS[language]:.1f}"
                print(
                    f"{title + way:48}{size / pair.seconds:12,.0f}"
                    f"{size / pair.baseline_seconds:12,.0f}{pair.ratio:8.2f}{bar:>6}  {name}",
                    flush=True,
                )


def _ways(
    engine: GuestEngine, language: Language, limits: Limits, records: list[Record]
) -> Iterator[tuple[str, Callable[[], object]]]:
    """Give the ways to apply a function to records."""
    task = _task(language, "throughput")
    batch = Batch.from_records(INPUT, records)
    done = _apply(engine, task, records, limits)
    if len(done.records) != len(records):
        raise AssertionError(f"{len(done.rejections)} records were rejected")
    if _apply_batch(engine, task, batch, limits).batch.to_records() != done.records:
        raise AssertionError("the ways that are compared disagree")
    yield "", lambda: _apply(engine, task, records, limits)
    yield ", columns", lambda: _apply_batch(engine, task, batch, limits)
    alone, unchecked, handed_over = UNWALLED
    if language is Language.PYTHON:
        transform = function_in(PYTHON)
        yield alone, lambda: list(map(transform, records))
        yield unchecked, floor_of(transform, records)
    with floor_in_another_process(language, SOURCES[language], records) as floor:
        # Datetimes differ: those of Python have no zone before they are checked.
        if [{**each, "signed_up_at": None} for each in floor()] != [
            {**each, "signed_up_at": None} for each in done.records
        ]:
            raise AssertionError("the floor does something else")
        yield handed_over, floor


def _latency(engine: GuestEngine, language: Language, limits: Limits) -> None:
    [record] = input_rows(1)
    ready: list[float] = []
    for number in range(20):
        started = time.perf_counter()
        mistakes = engine.compile(_task(language, f"ready {number}"), limits)
        ready.append(time.perf_counter() - started)
        if mistakes:
            raise AssertionError(mistakes)
    task = _task(language, "calls")
    _apply(engine, task, [record], limits)
    calls: list[float] = []
    for _ in range(300):
        started = time.perf_counter()
        _apply(engine, task, [record], limits)
        calls.append(time.perf_counter() - started)
    for title, seconds, bar in (
        ("guest ready", ready, READY_BAR_MILLIS),
        ("warm call of one record", calls, CALL_BAR_MILLIS),
    ):
        middle, most = statistics.median(seconds), statistics.quantiles(seconds, n=20)[-1]
        print(
            f"{language.value + ', ' + title:48}{middle * 1000:9.2f} ms, 95 % in"
            f" {most * 1000:.2f} ms (bar {bar:g})"
        )


def _task(language: Language, version: str) -> FunctionTask:
    function = Function(
        language=language,
        source=SOURCES[language],
        in_paths=tuple(item.name for item in INPUT.properties),
        out_paths=tuple(item.name for item in OUTPUT.properties),
    )
    return FunctionTask(
        tenant="bench", version=version, function=function, in_schema=INPUT, out_schema=OUTPUT
    )


def _apply(
    engine: GuestEngine, task: FunctionTask, records: list[Record], limits: Limits
) -> FunctionResult:
    deadline = Deadline(None, limits.batch_seconds)
    return engine.apply(task, records, Purpose.IMPORT, limits, deadline, capture_output=False)


def _apply_batch(
    engine: GuestEngine, task: FunctionTask, batch: Batch, limits: Limits
) -> FunctionBatch:
    deadline = Deadline(None, limits.batch_seconds)
    return engine.apply_batch(task, batch, Purpose.IMPORT, limits, deadline, capture_output=False)


@contextmanager
def _child(command: list[str], records: list[Record]) -> Iterator[Callable[[], object]]:
    """Give what sends a batch to a child and decodes its answers."""
    with subprocess.Popen(  # noqa: S603 - the commands are above
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as child:
        stdin, stdout = child.stdin, child.stdout
        if stdin is None or stdout is None:
            raise AssertionError("the child has no pipes")

        def batch() -> list[dict[str, Any]]:
            answers: list[dict[str, Any]] = []
            # Less at a time than what pipes hold, so that neither waits for the other.
            for start in range(0, len(records), CHUNK):
                part = records[start : start + CHUNK]
                stdin.write(_json.encode_lines(part))
                stdin.flush()
                answers += [_line.decode(stdout.readline()) for _ in part]
            return answers

        if len(batch()) != len(records):
            raise AssertionError("the child gave another number of records")
        yield batch
        stdin.close()
        child.wait(timeout=10)


def _compare(work: Callable[[], object], baseline: Callable[[], object]) -> Pair:
    """Measure both alternately, so that a slow moment of the machine hits both."""
    work_calls, baseline_calls = _calls(work), _calls(baseline)
    pairs = [(_sample(work, work_calls), _sample(baseline, baseline_calls)) for _ in range(SAMPLES)]
    return Pair(
        seconds=statistics.median(ours for ours, _ in pairs),
        baseline_seconds=statistics.median(theirs for _, theirs in pairs),
        ratio=statistics.median(theirs / ours for ours, theirs in pairs),
    )


def _alone(work: Callable[[], object]) -> float:
    calls = _calls(work)
    return statistics.median(_sample(work, calls) for _ in range(SAMPLES))


def _calls(function: Callable[[], object]) -> int:
    """Find how many calls a sample takes; the first ones also warm what compiles as it runs."""
    for _ in range(20):
        function()
    return max(1, int(MIN_SAMPLE_SECONDS / max(_sample(function, 5), 1e-6)))


def _sample(function: Callable[[], object], calls: int) -> float:
    started = cpu_seconds()
    for _ in range(calls):
        function()
    return (cpu_seconds() - started) / calls
