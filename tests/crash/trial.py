"""Imports carried out: one that nobody disturbs, and others that are struck."""

import random
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, Self

import psycopg

from api.console.client import AnswerError
from tests.crash.blows import Blow, Moment, Repair, moment, strike
from tests.crash.fleet import SERVICE, Fleet, connection
from tests.crash.outcome import Outcome, differences, outcome
from tests.crash.plan import Plan, Planned
from tests.crash.records import Files, write_files
from tests.crash.subject import StuckError, Subject, Way, a_subject

LEASE_SECONDS: Final = 3.0
"""How long a killed worker is waited for; things that are killed are away as long at most."""
END_SECONDS: Final = 300.0
"""For an import that is struck: longer is stuck."""
_LOOK_SECONDS: Final = 0.02
_SHORT_SECONDS: Final = 0.002
_END_SHARE: Final = 0.1
"""Of an import, its last batches, the purge and the end."""
_MOST_TRIES: Final = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """An import that nobody disturbed."""

    files: Files
    outcome: Outcome
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """How an import ended that was struck."""

    plan: Plan
    struck: tuple[tuple[Blow, Moment], ...]
    seconds: float
    attempts: int
    wrong: tuple[str, ...]
    """What differs from the reference; nothing is how it should be."""


class Trials:
    """Imports of one file in one fleet."""

    def __init__(self, fleet: Fleet, rows: int, seed: int) -> None:
        self._fleet = fleet
        self._rows = rows
        self._seed = seed
        self._made = 0
        self._references: dict[Way, Reference] = {}

    @classmethod
    @contextmanager
    def running(
        cls, folder: Path, rows: int, seed: int, lease_seconds: float = LEASE_SECONDS
    ) -> Iterator[Self]:
        with Fleet.running(folder, lease_seconds) as fleet:
            yield cls(fleet, rows, seed)

    @property
    def fleet(self) -> Fleet:
        return self._fleet

    def reference(self, plan: Plan) -> Reference:
        """Give the undisturbed import that a plan is compared with."""
        if plan.way not in self._references:
            self._references[plan.way] = self._undisturbed(plan)
        return self._references[plan.way]

    def carry_out(self, plan: Plan) -> Verdict:
        """Strike an import; one that ended before the first blow is made again, struck earlier."""
        reference = self.reference(plan)
        chance = random.Random(f"{plan.seed}/{plan.blows}")
        verdict = self._struck(plan, reference, chance)
        tries = 1
        while not verdict.struck and not verdict.wrong:
            if tries == _MOST_TRIES:
                return replace(verdict, wrong=("no blow met the import",))
            tries += 1
            # The machine may be faster now than it was when nobody disturbed.
            reference = replace(reference, seconds=min(reference.seconds, verdict.seconds))
            self._references[plan.way] = reference
            plan = replace(plan, blows=tuple(map(_earlier, plan.blows)))
            verdict = self._struck(plan, reference, chance)
        return verdict

    def _undisturbed(self, plan: Plan) -> Reference:
        self._fleet.have_workers(1)
        folder = self._fleet.folder / plan.way
        folder.mkdir()
        files = write_files(folder, self._rows, self._seed, unknown=plan.unknown)
        with self._subject(files, plan.way) as subject:
            begun = time.monotonic()
            run_id = subject.start()
            self._wait(run_id, begun, [])
            seconds = time.monotonic() - begun
            subject.resolve()
            found = outcome(self._fleet, subject, run_id)
        reference = Reference(files=files, outcome=found, seconds=seconds)
        _check(reference)
        return reference

    def _struck(self, plan: Plan, reference: Reference, chance: random.Random) -> Verdict:
        fleet = self._fleet
        fleet.have_workers(plan.workers)
        with self._subject(reference.files, plan.way) as subject:
            # The service keeps connections to the warehouse for whoever asks next.
            subject.totals()
            begun = time.monotonic()
            run_id = subject.start()
            repairs: list[tuple[float, Repair]] = []
            struck: list[tuple[Blow, Moment]] = []
            for blow, at in ((each.blow, each.at) for each in plan.blows):
                if at is None:
                    _wait_for_records(fleet, run_id, round(self._rows * (1 - _END_SHARE)))
                    time.sleep(chance.uniform(0.0, reference.seconds * _END_SHARE))
                elif self._wait(run_id, begun, repairs, until=at * reference.seconds):
                    break
                # What the next blow strikes has to be there.
                while repairs:
                    repairs.pop()[1].work()
                seen = moment(fleet, run_id, time.monotonic() - begun)
                if seen is None:
                    break
                struck.append((blow, seen))
                now = time.monotonic() - begun
                repairs += [
                    (now + each.after_seconds, each) for each in strike(fleet, blow, run_id, chance)
                ]
            ended = self._wait(run_id, begun, repairs)
            seconds = time.monotonic() - begun
            for _, repair in repairs:
                repair.work()
            wrong = [f"stuck: {moment(fleet, run_id, seconds)}"]
            if ended:
                try:
                    subject.resolve()
                    wrong = differences(reference.outcome, outcome(fleet, subject, run_id))
                except (AnswerError, StuckError) as error:
                    wrong = [f"afterwards: {error}"]
            return Verdict(
                plan=plan,
                struck=tuple(struck),
                seconds=seconds,
                attempts=_attempts(fleet, run_id),
                wrong=tuple(wrong),
            )

    def _wait(
        self,
        run_id: int,
        begun: float,
        repairs: list[tuple[float, Repair]],
        until: float = END_SECONDS,
    ) -> bool:
        """Wait for the end of a run, repairing what is due; tells whether it has ended."""
        while (now := time.monotonic() - begun) < until:
            for due in [each for each in repairs if each[0] <= now]:
                repairs.remove(due)
                due[1].work()
            self._fleet.keep_workers()
            if _ended(self._fleet, run_id):
                return True
            time.sleep(_LOOK_SECONDS)
        return False

    def _subject(self, files: Files, way: Way) -> AbstractContextManager[Subject]:
        self._made += 1
        return a_subject(self._fleet, files, way, f"import_{self._made}")


def _check(reference: Reference) -> None:
    """Hold the reference itself against what is known of the file."""
    files, found = reference.files, reference.outcome
    counters = [("passed", *files.counters.passed), ("failed", *files.counters.failed)]
    if found.run != [*counters, ("error", "")]:
        raise AssertionError(f"undisturbed, the import came to {found.run}, expected {counters}")
    if found.emails() != dict(files.identities):
        raise AssertionError("undisturbed, the import made other identities than the file holds")


def _ended(fleet: Fleet, run_id: int) -> bool:
    try:
        with connection(fleet.url(SERVICE)) as service:
            row = service.execute(
                "SELECT ended_at IS NOT NULL FROM runs WHERE id = %s", [run_id]
            ).fetchone()
    except psycopg.OperationalError:
        return False
    return row == (True,)


def _wait_for_records(fleet: Fleet, run_id: int, count: int) -> None:
    """Wait until so many records of a run have been counted, and no longer than that."""
    with connection(fleet.url(SERVICE)) as service:
        deadline = time.monotonic() + END_SECONDS
        while time.monotonic() < deadline:
            found = service.execute(
                "SELECT passed[1] + failed[1] >= %s FROM runs WHERE id = %s", [count, run_id]
            ).fetchone()
            if found == (True,):
                return
            time.sleep(_SHORT_SECONDS)


def _earlier(planned: Planned) -> Planned:
    return planned if planned.at is None else replace(planned, at=planned.at * 0.9)


def _attempts(fleet: Fleet, run_id: int) -> int:
    with connection(fleet.url(SERVICE)) as service:
        row = service.execute("SELECT attempt FROM runs WHERE id = %s", [run_id]).fetchone()
    return int(str(row[0])) if row is not None else 0
