"""Comparing two ways of doing one thing: alternately, in one run, by CPU time."""

import gc
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

MIN_SAMPLE_SECONDS: Final = 0.05
"""A sample repeats its work until it takes so long: the clock ticks, and other processes run."""

SAMPLES: Final = 15


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """How long a piece of work and its baseline take, in CPU seconds, each a median."""

    seconds: float
    baseline_seconds: float
    ratio: float
    """The baseline's time by the work's, the median of the pairs: 0.5 is half as fast."""


def compare(work: Callable[[], object], baseline: Callable[[], object]) -> Comparison:
    """Measure both alternately, so that a slow moment of the machine hits both.

    Garbage is collected as it always is. What is there before is set aside, so that the collector
    goes over what the calls make, and not over the modules and the rows that the benchmark holds.
    """
    gc.collect()
    gc.freeze()
    try:
        calls, baseline_calls = _calls(work), _calls(baseline)
        pairs = [(_sample(work, calls), _sample(baseline, baseline_calls)) for _ in range(SAMPLES)]
    finally:
        gc.unfreeze()
    return Comparison(
        seconds=statistics.median(seconds for seconds, _ in pairs),
        baseline_seconds=statistics.median(seconds for _, seconds in pairs),
        ratio=statistics.median(theirs / ours for ours, theirs in pairs),
    )


def _calls(function: Callable[[], object]) -> int:
    """Find how many calls a sample takes; the first ones also warm the caches."""
    calls = 1
    while (seconds := _sample(function, calls)) * calls < MIN_SAMPLE_SECONDS:
        calls = max(calls + 1, min(10 * calls, int(MIN_SAMPLE_SECONDS / max(seconds, 1e-9)) + 1))
    return calls


def _sample(function: Callable[[], object], calls: int) -> float:
    """Give the CPU seconds of one call, starting without garbage."""
    gc.collect()
    start = time.process_time()
    for _ in range(calls):
        function()
    return (time.process_time() - start) / calls
