"""Reads vector files, runs every vector, and prints how many agree with the product."""

import argparse
import json
import sys
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from tests.conformance.deviations import table
from tests.conformance.outcome import Mismatch
from tests.conformance.registry import BY_OP
from tests.conformance.vector import Vector, load

HELD = "passed"
DEVIATION = "deviations"
FAILED = "failed"
_MAX_SHOWN = 400


@dataclass(slots=True)
class Tally:
    """Counts of one file or group; vectors tagged `quirk` are counted apart."""

    plain: Counter[str] = field(default_factory=Counter)
    quirks: Counter[str] = field(default_factory=Counter)

    def add(self, vector: Vector, verdict: str) -> None:
        (self.quirks if vector.quirks else self.plain)[verdict] += 1

    def numbers(self) -> dict[str, object]:
        numbers: dict[str, object] = _numbers(self.plain)
        if self.quirks:
            numbers["quirks"] = _numbers(self.quirks)
        return numbers

    @property
    def failed(self) -> int:
        return self.plain[FAILED] + self.quirks[FAILED]


def _numbers(counts: Counter[str]) -> dict[str, object]:
    names = (HELD, DEVIATION, FAILED)
    return {"total": counts.total(), **{name: counts[name] for name in names}}


@dataclass(frozen=True, slots=True)
class Verdict:
    """How a vector came out, and by which rule or with which difference."""

    word: str
    rule: str = ""
    mismatch: Mismatch | None = None


def judge(vector: Vector) -> Verdict:
    """Run one vector, then again with every set of rewritings that is about it."""
    check = BY_OP[vector.op].check
    mismatch = check(vector, vector.expect)
    if mismatch is None:
        return Verdict(HELD)
    # Several rules may be about one vector: they rewrite its expectation one after the other.
    expect, rules = vector.expect, ""
    for deviation in table():
        rewritten = deviation.rewritten(vector, expect)
        if rewritten is None:
            continue
        if check(vector, rewritten) is None:
            return Verdict(DEVIATION, f"{rules}{deviation.rule}")
        expect, rules = rewritten, f"{rules}{deviation.rule} "
    return Verdict(FAILED, mismatch=mismatch)


def run_file(path: Path, show: int) -> tuple[Tally, dict[str, Tally], Counter[str]]:
    """Run the vectors of a file; show the first failures."""
    total, groups, rules = Tally(), dict[str, Tally](), Counter[str]()
    for vector in load(path):
        verdict = judge(vector)
        total.add(vector, verdict.word)
        groups.setdefault(vector.group, Tally()).add(vector, verdict.word)
        if verdict.rule:
            rules[verdict.rule] += 1
        if verdict.mismatch is not None and total.failed <= show:
            print(f"FAILED {vector.id}", file=sys.stderr)
            print(f"  found    {str(verdict.mismatch.found)[:_MAX_SHOWN]}", file=sys.stderr)
            print(f"  expected {str(verdict.mismatch.expected)[:_MAX_SHOWN]}", file=sys.stderr)
    return total, groups, rules


def _line(name: str, tally: Tally) -> str:
    def cells(counts: Counter[str]) -> str:
        return f"{counts.total():7}{counts[HELD]:8}{counts[DEVIATION]:11}{counts[FAILED]:7}"

    apart = f"   quirks {cells(tally.quirks).strip()}" if tally.quirks else ""
    return f"{name:32}{cells(tally.plain)}{apart}"


def main(arguments: list[str]) -> int:
    """Run the files named on the command line; 1 if any vector failed."""
    parser = argparse.ArgumentParser(prog="python -m tests.conformance", description=__doc__)
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--show", type=int, default=5, help="failures to show per file (5)")
    options = parser.parse_args(arguments)
    report: dict[str, object] = {}
    failed = 0
    for path in options.files:
        total, groups, rules = run_file(path, options.show)
        failed += total.failed
        numbers = {name: groups[name].numbers() for name in sorted(groups)}
        report[path.name] = {**total.numbers(), "groups": numbers, "rules": dict(rules)}
        if not options.json:
            print(f"{path.name:32}{'total':>7}{'passed':>8}{'deviations':>11}{'failed':>7}")
            print(_line("  all", total))
            for name in sorted(groups):
                print(_line(f"  {name}", groups[name]))
            for rule, count in rules.most_common():
                print(f"    {count:5} by {rule}")
    if options.json:
        print(json.dumps(report))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
