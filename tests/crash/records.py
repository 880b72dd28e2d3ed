"""The file that is imported: mostly good records, some that fail at each step, some that repeat."""

import csv
import random
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import Enum
from pathlib import Path
from typing import Final

from executor.steps import STEPS, Counters
from mapping_lang.batch import Step

COLUMNS: Final = ("id", "email", "full_name", "age", "country", "changed", "visits", "pad")
LONGEST_EMAIL: Final = 60
OTHER_COUNTRY: Final = "XX"
"""What the filter leaves out."""
BAD_JSON: Final = "{"
TOO_LONG: Final = 2_001
"""Bytes of a user id that no warehouse keys by."""

_START: Final = datetime(2026, 1, 1, tzinfo=UTC)
_FAILING_SHARE: Final = 0.03
_REPEATED_SHARE: Final = 0.03
_SHARED_EMAIL_SHARE: Final = 0.02
_BATCH_BYTES: Final = 2 * 2**20
_MOST_BATCHES: Final = 16
_MOST_PAD: Final = 8_000
_PAD: Final = 40


class Fate(Enum):
    """What becomes of a record; for those that fail, the step."""

    WRITTEN = None
    TIME = Step.RECEIVE
    UNKNOWN = (Step.RECEIVE, "its user id is not known")
    COUNTRY = Step.VALIDATE_INPUT
    FILTERED = Step.FILTER
    VISITS = Step.TRANSFORM
    AGE = Step.VALIDATE_OUTPUT
    EMAIL = (Step.VALIDATE_OUTPUT, "its address is too long")
    LONG_ID = Step.WRITE

    @property
    def step(self) -> Step | None:
        value: Step | tuple[Step, str] | None = self.value
        return value[0] if isinstance(value, tuple) else value


@dataclass(frozen=True, slots=True)
class Row:
    """A line of the file, and what becomes of it."""

    values: tuple[str, ...]
    fate: Fate

    @property
    def user_id(self) -> str:
        return self.values[0]


@dataclass(slots=True)
class Expected:
    """What an import has to come to, known from how the file was made."""

    received: int = 0
    fates: Counter[Fate] = field(default_factory=Counter)
    emails: dict[str, str] = field(default_factory=dict)
    """By user id, of what was written last."""
    failed_ids: set[str] = field(default_factory=set)
    """Whose identities survive a purge (RUN-41)."""

    def add(self, row: Row) -> None:
        self.received += 1
        self.fates[row.fate] += 1
        if row.fate is Fate.WRITTEN:
            self.emails[row.user_id] = row.values[1]
        elif row.fate is not Fate.FILTERED and row.user_id:
            self.failed_ids.add(row.user_id)

    def counters(self) -> Counters:
        steps = [
            each.step
            for each, count in self.fates.items()
            if each.step is not None
            for _ in range(count)
        ]
        return Counters.count(self.received, steps, until=STEPS[-1])

    def after(self, before: Mapping[str, str]) -> dict[str, str]:
        """Give the addresses by user id, after what there was before."""
        if self.fates[Fate.UNKNOWN]:
            return {**before, **self.emails}
        kept = {user_id: email for user_id, email in before.items() if user_id in self.failed_ids}
        return {**kept, **self.emails}


@dataclass(frozen=True, slots=True, kw_only=True)
class Files:
    """What is imported at first and undisturbed, and then what the blows are about."""

    first: Path
    second: Path
    identities: Mapping[str, str]
    """Addresses by user id after both."""
    counters: Counters
    """Of the second."""


def write_files(folder: Path, count: int, seed: int, *, unknown: bool) -> Files:
    """Write both files; `unknown` are records whose user id is not there, so nothing is purged."""
    first, second = folder / "first.csv", folder / "second.csv"
    earlier, later = Expected(), Expected()
    with (
        first.open("w", newline="", encoding="utf-8") as one,
        second.open("w", newline="", encoding="utf-8") as other,
    ):
        writers = csv.writer(one), csv.writer(other)
        for writer in writers:
            writer.writerow(COLUMNS)
        for number, row in enumerate(_rows(count, seed, unknown=unknown)):
            writers[1].writerow(row.values)
            later.add(row)
            for before in _before(number, row):
                writers[0].writerow(before.values)
                earlier.add(before)
    return Files(
        first=first,
        second=second,
        identities=later.after(earlier.emails),
        counters=later.counters(),
    )


def _rows(count: int, seed: int, *, unknown: bool) -> Iterator[Row]:
    chance = random.Random(seed)
    # A short file has broad records, so that there is something between two batches to strike at.
    pad = "x" * min(_MOST_PAD, max(_PAD, _MOST_BATCHES * _BATCH_BYTES // count))
    failing = [each for each in Fate if each is not Fate.WRITTEN]
    if not unknown:
        failing.remove(Fate.UNKNOWN)
    for number in range(count):
        fate = chance.choice(failing) if chance.random() < _FAILING_SHARE else Fate.WRITTEN
        repeats = number and chance.random() < _REPEATED_SHARE
        person = chance.randrange(number) if repeats else number
        shares = number and chance.random() < _SHARED_EMAIL_SHARE
        mailbox = chance.randrange(number) if shares else number
        values = {
            "id": f"c{person}",
            "email": f"person{mailbox}@example.com",
            "full_name": f"person {chance.randrange(10**6)}",
            "age": str(chance.randrange(18, 99)),
            "country": chance.choice(("DE", "FR", "IT", "US")),
            "changed": (_START + timedelta(seconds=chance.randrange(10**6))).isoformat(),
            "visits": str(chance.randrange(1000)),
            "pad": pad,
        } | _flaw(fate, number)
        yield Row(tuple(values[name] for name in COLUMNS), fate)


def _flaw(fate: Fate, number: int) -> dict[str, str]:
    match fate:
        case Fate.WRITTEN:
            return {}
        case Fate.TIME:
            return {"changed": "yesterday"}
        case Fate.UNKNOWN:
            return {"id": ""}
        case Fate.COUNTRY:
            return {"country": "Italia"}
        case Fate.FILTERED:
            return {"country": OTHER_COUNTRY}
        case Fate.VISITS:
            return {"visits": BAD_JSON}
        case Fate.AGE:
            return {"age": "old"}
        case Fate.EMAIL:
            return {"email": "x" * (LONGEST_EMAIL + 1)}
        case Fate.LONG_ID:
            return {"id": f"{number} ".ljust(TOO_LONG, "y")}


def _before(number: int, row: Row) -> Iterator[Row]:
    """Give what was imported before: the same, something else, and what is in no file any more."""
    if number % 10:
        return
    values = dict(zip(COLUMNS, row.values, strict=True))
    if row.fate is not Fate.WRITTEN or number % 20:
        sound = {"age": "50", "country": "DE", "visits": "1", "full_name": f"before {number}"}
        moment = (_START + timedelta(seconds=number % 1000)).isoformat()
        values |= {"id": f"c{number}", "email": f"before{number}@example.com", "changed": moment}
        values |= sound
    yield Row(tuple(values.values()), Fate.WRITTEN)
    if number % 30 == 0:
        values |= {"id": f"gone{number}"}
        yield Row(tuple(values.values()), Fate.WRITTEN)
