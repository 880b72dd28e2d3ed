"""Runs a vector, and again with every expectation that the table of deviations allows."""

import traceback
from dataclasses import dataclass
from enum import StrEnum

from tests.conformance.deviations import Deviation, table
from tests.conformance.outcome import Mismatch
from tests.conformance.registry import BY_OP
from tests.conformance.vector import Document, Vector


class Word(StrEnum):
    """How a vector came out."""

    PASSED = "passed"
    DEVIATION = "deviations"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Verdict:
    """How a vector came out, and by which entries or with which difference."""

    word: Word
    entries: tuple[Deviation, ...] = ()
    mismatch: Mismatch | None = None

    @property
    def rules(self) -> str:
        """The rules that the entries cite, each once."""
        return "; ".join(dict.fromkeys(entry.rule for entry in self.entries))


def judge(vector: Vector) -> Verdict:
    """Run a vector; the entries that are about it rewrite its expectation one after the other."""
    mismatch = check(vector, vector.expect)
    if mismatch is None:
        return Verdict(Word.PASSED)
    expect, entries = vector.expect, list[Deviation]()
    for entry in table():
        try:
            rewritten = entry.rewritten(vector, expect)
        except Exception as error:  # noqa: BLE001  a vector that an entry fails on has failed
            return Verdict(Word.FAILED, mismatch=_crash(error, f"{entry.rule}: {entry.reason}"))
        if rewritten is None or rewritten == expect:
            continue
        expect = rewritten
        entries.append(entry)
        if check(vector, expect) is None:
            return Verdict(Word.DEVIATION, tuple(entries))
    return Verdict(Word.FAILED, mismatch=mismatch)


def check(vector: Vector, expect: Document) -> Mismatch | None:
    """Run a vector; a crash of the product is a difference like any other."""
    try:
        return BY_OP[vector.op].check(vector, expect)
    except Exception as error:  # noqa: BLE001  one vector that crashes must not hide the others
        return _crash(error, expect)


def _crash(error: Exception, expected: object) -> Mismatch:
    place = traceback.extract_tb(error.__traceback__)[-1]
    return Mismatch(f"{error!r} in {place.filename}:{place.lineno}", expected)
