"""`python -m bench blame`: what four bad records among a thousand cost, with the default limits.

One never ends, one fills its memory, one brings the engine down and one returns too much. The other
996 must have their results, and each of the four its own rejection.
"""

import argparse
import statistics
import time
from typing import Final

from mapping_lang.diagnostics import Code
from mapping_lang.types.kinds import IntType, ObjectType, Property, Schema, StringType
from mapping_lang.types.schema import Purpose
from mapping_lang.types.values import Record
from runtime.contract import Function
from runtime.deadline import Deadline
from runtime.engine import EngineSettings, GuestEngine
from runtime.functions import FunctionResult, FunctionTask
from runtime.limits import Limits
from runtime.sandbox.interface import Language

COUNT: Final = 1_000
ENDLESS, BOMB, CRASH, OVERSIZED = 100, 300, 500, 700
BAR_SECONDS: Final = 5.0
ROUNDS: Final = 3

SCHEMA: Final[Schema] = ObjectType((Property("i", IntType(32)), Property("x", StringType())))

# Bringing CPython down takes native code: the policy of the language is off, the walls stand.
SOURCES: Final = {
    Language.PYTHON: f"""
import ctypes
def transform(record):
    match record['i']:
        case {ENDLESS}:
            while True:
                pass
        case {BOMB}:
            kept = []
            while True:
                kept.append(bytearray(1 << 20))
        case {CRASH}:
            ctypes.string_at(0)
        case {OVERSIZED}:
            return {{'i': record['i'], 'x': 'x' * (2 << 20)}}
    return record
""",
    Language.JAVASCRIPT: f"""
function transform(record) {{
  switch (record.i) {{
    case {ENDLESS}: for (;;);
    case {BOMB}: {{ const kept = []; for (;;) kept.push(new Array(1e5).fill(record.i)); }}
    case {CRASH}: return {{i: record.i, x: 'a'.repeat(2 ** 28).split('').join('')}};
    case {OVERSIZED}: return {{i: record.i, x: 'x'.repeat(2 << 20)}};
    default: return record;
  }}
}}
""",
}

EXPECTED: Final = {
    ENDLESS: {Code.FUNCTION_TIME},
    # A machine under load may not fill the memory within the time of a record.
    BOMB: {Code.FUNCTION_MEMORY, Code.FUNCTION_TIME},
    # V8 brings itself down for want of memory, and for nothing else that is known.
    CRASH: {Code.FUNCTION_CRASH, Code.FUNCTION_MEMORY},
    OVERSIZED: {Code.FUNCTION_OUTPUT},
}


def run(arguments: list[str]) -> int:
    """Print the seconds of both languages; gives 1 if a record has another outcome than its own."""
    parser = argparse.ArgumentParser(prog="python -m bench blame", description=__doc__)
    parser.parse_args(arguments)
    right = True
    with GuestEngine(EngineSettings(language_policy=False)) as engine:
        print(engine.attest_now().summary)
        for language in Language:
            right &= _measure(engine, language)
    return 0 if right else 1


def _measure(engine: GuestEngine, language: Language) -> bool:
    records: list[Record] = [{"i": i, "x": "x"} for i in range(COUNT)]
    seconds: list[float] = []
    results: list[FunctionResult] = []
    for number in range(ROUNDS):
        # Of another tenant each time: no guest is warm.
        task = _task(language, f"tenant {number}")
        limits = Limits()
        started = time.perf_counter()
        deadline = Deadline(None, limits.batch_seconds)
        results.append(
            engine.apply(task, records, Purpose.IMPORT, limits, deadline, capture_output=False)
        )
        seconds.append(time.perf_counter() - started)
    right = all(_is_right(each, records) for each in results)
    found = results[-1]
    codes = ", ".join(f"{each.position} {each.code.name}" for each in found.rejections)
    print(
        f"{language.value}: {len(found.records)} results, {len(found.rejections)} rejections"
        f" ({codes}) in {statistics.median(seconds):.2f} s, at most {max(seconds):.2f} s"
        f" (bar {BAR_SECONDS:g})" + ("" if right else ", NOT the outcomes that are due")
    )
    return right


def _is_right(found: FunctionResult, records: list[Record]) -> bool:
    return found.records == [each for each in records if each["i"] not in EXPECTED] and [
        (each.position, each.code in EXPECTED.get(each.position, ())) for each in found.rejections
    ] == [(position, True) for position in EXPECTED]


def _task(language: Language, tenant: str) -> FunctionTask:
    function = Function(
        language=language, source=SOURCES[language], in_paths=("i", "x"), out_paths=("i", "x")
    )
    return FunctionTask(
        tenant=tenant, version="1", function=function, in_schema=SCHEMA, out_schema=SCHEMA
    )
