"""Counts verdicts, and prints them."""

import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from tests.conformance.judge import Verdict, Word, judge
from tests.conformance.registry import BY_OP
from tests.conformance.vector import Vector

_MAX_SHOWN: Final = 400
_MAX_NAME: Final = 30


@dataclass(slots=True)
class Tally:
    """Counts of one file or group; vectors tagged `quirk` are counted apart."""

    plain: Counter[Word] = field(default_factory=Counter)
    quirks: Counter[Word] = field(default_factory=Counter)

    def add(self, vector: Vector, verdict: Verdict) -> None:
        (self.quirks if vector.quirks else self.plain)[verdict.word] += 1

    def numbers(self) -> dict[str, object]:
        """Give the counts as JSON."""
        return {**_numbers(self.plain), "quirks": _numbers(self.quirks)}

    @property
    def failed(self) -> int:
        return self.plain[Word.FAILED] + self.quirks[Word.FAILED]


def _numbers(counts: Counter[Word]) -> dict[str, int]:
    return {"total": counts.total(), **{word.value: counts[word] for word in Word}}


@dataclass(slots=True)
class FileReport:
    """What came out of one file."""

    total: Tally = field(default_factory=Tally)
    groups: dict[str, Tally] = field(default_factory=dict)
    rules: Counter[str] = field(default_factory=Counter)
    scalar_only: int = 0
    """Vectors whose records no batch can hold: the columnar path was not run."""

    def add(self, vector: Vector, verdict: Verdict) -> None:
        """Count a verdict."""
        self.total.add(vector, verdict)
        self.groups.setdefault(vector.group, Tally()).add(vector, verdict)
        if verdict.entries:
            self.rules[verdict.rules] += 1
        self.scalar_only += BY_OP[vector.op].scalar_only(vector)

    def numbers(self) -> dict[str, object]:
        """Give the counts as JSON."""
        groups = {name: self.groups[name].numbers() for name in sorted(self.groups)}
        return {**self.total.numbers(), "groups": groups}

    def lines(self, name: str) -> Iterator[str]:
        """Give the counts as lines of text."""
        yield f"{name:{_MAX_NAME}}{'total':>8}{'passed':>8}{'deviations':>12}{'failed':>8}"
        yield _line("all", self.total)
        for group in sorted(self.groups):
            yield _line(group, self.groups[group])
        for rules, count in self.rules.most_common():
            yield f"  {count} by {rules}"
        if self.scalar_only:
            yield f"  {self.scalar_only} with records that no batch can hold: record by record only"


def _line(name: str, tally: Tally) -> str:
    line = f"  {name:{_MAX_NAME - 2}}{_cells(tally.plain)}"
    return f"{line}   quirks{_cells(tally.quirks)}" if tally.quirks else line


def _cells(counts: Counter[Word]) -> str:
    return (
        f"{counts.total():8}{counts[Word.PASSED]:8}{counts[Word.DEVIATION]:12}"
        f"{counts[Word.FAILED]:8}"
    )


def run_file(vectors: list[Vector], show: int) -> FileReport:
    """Run the vectors of a file, and show the first failures as they come."""
    report = FileReport()
    for vector in vectors:
        verdict = judge(vector)
        report.add(vector, verdict)
        if verdict.mismatch is not None and report.total.failed <= show:
            print(f"FAILED {vector.id}", file=sys.stderr)
            print(f"  found    {str(verdict.mismatch.found)[:_MAX_SHOWN]}", file=sys.stderr)
            print(f"  expected {str(verdict.mismatch.expected)[:_MAX_SHOWN]}", file=sys.stderr)
    return report
