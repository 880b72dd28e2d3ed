"""The command of this package in small: its kinds of blows, a short file, and what it relies on."""

import random
import tempfile
from dataclasses import replace
from pathlib import Path

import pytest

from tests.api.serve.served import nothing_left_behind
from tests.crash.blows import Blow
from tests.crash.outcome import Outcome, differences
from tests.crash.plan import of, plan
from tests.crash.records import write_files
from tests.crash.subject import Way
from tests.crash.trial import Trials

ROWS = 3_000
SEED = 7
LEASE_SECONDS = 1.5
BLOWS = (
    (Blow.WORKER, Blow.RUNTIME, Blow.POSTGRESQL),
    (Blow.SESSION, Blow.RUNTIME_FAMILY, Blow.WORKER),
    (Blow.OTHER_TAKES_OVER, Blow.POSTGRESQL, Blow.RUNTIME),
)
"""Three of each kind of process."""

NOTHING = Outcome(
    run=[],
    failures=[],
    errors=[],
    metrics=[],
    lease=[],
    ledger=[],
    tables=[],
    totals=[],
    identities=[],
    profiles=[],
)


@pytest.mark.timeout(600)  # it waits for leases, and for processes that start again
def test_an_import_that_is_struck_ends_as_one_that_nobody_disturbed() -> None:
    """DEC-44, RUN-96: nothing is imported twice, lost or stuck, and nothing is left behind."""
    with tempfile.TemporaryDirectory(prefix="kiln", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        with nothing_left_behind(), Trials.running(folder, ROWS, SEED, LEASE_SECONDS) as trials:
            for number, blows in enumerate(BLOWS):
                chance = random.Random(f"{SEED}/{number}")
                # Early, so that there is something left to strike for the others.
                planned = of(blows, Way.PYTHON, chance, SEED, latest_first=0.5)
                verdict = trials.carry_out(planned)
                assert verdict.wrong == (), (number, verdict)
        assert list((folder / "tmp").iterdir()) == []


def test_the_file_holds_every_fate_and_its_counters_say_so(tmp_path: Path) -> None:
    files = write_files(tmp_path, 2_000, SEED, unknown=True)

    assert files.counters.received == 2_000
    assert min(files.counters.failed) > 0
    files.counters.check_complete()


def test_a_file_is_the_same_for_the_same_seed(tmp_path: Path) -> None:
    made = []
    for name in ("one", "other"):
        folder = tmp_path / name
        folder.mkdir()
        files = write_files(folder, 500, SEED, unknown=False)
        made.append((files.first.read_bytes(), files.second.read_bytes(), files.identities))

    assert made[0] == made[1]
    assert plan(4, 1) == plan(4, 1) != plan(4, 2)


def test_every_blow_comes_in_turn() -> None:
    assert {each.blow for number in range(20) for each in plan(number, 1).blows} == set(Blow)


def test_a_row_that_is_missing_more_or_in_another_place_is_told() -> None:
    rows: list[tuple[object, ...]] = [("a", 1), ("b", 2)]
    whole = replace(NOTHING, identities=rows)

    assert differences(whole, whole) == []
    assert differences(whole, replace(NOTHING, identities=[*rows, ("b", 2)])) == [
        "identities: 2 rows became 3; 0 are missing and 1 are others\n      + ('b', 2)"
    ]
    (told,) = differences(whole, NOTHING)
    assert told.splitlines() == [
        "identities: 2 rows became 0; 2 are missing and 0 are others",
        "      - ('a', 1)",
        "      - ('b', 2)",
    ]
    assert differences(whole, replace(NOTHING, identities=rows[::-1])) == [
        "identities: 2 rows became 2; 0 are missing and 0 are others, their order differs"
    ]
