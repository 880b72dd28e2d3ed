"""What a run notes of itself, and for how long it is kept (DEC-47, RUN-104, RUN-105)."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from api.db.session import Sessions
from api.db.tables.run import Run
from api.db.tables.run_failure import RunFailure
from api.db.tables.run_metric import RunMetric
from api.runs.ending import finish
from api.runs.failures import MAX_INPUT_CHARS, opened_failure, sealed_failure
from api.runs.journal import MAX_MESSAGES, OTHERS, RunJournal, grouped
from api.runs.lease import Claim, Hold, claim, renew
from api.runs.retention import forget, merge_metrics
from executor.errors import FencedError
from executor.failures import Failure
from executor.importer import Outcome
from executor.state import State
from executor.steps import Counters
from mapping_lang.batch import Step
from tests.api import rows
from tests.api.runs.working import VAULT

NOW = datetime(2026, 11, 21, 12, 30, 15, tzinfo=UTC)


def _failure(position: int, message: str = "no", **changed: object) -> Failure:
    given: dict[str, object] = {
        "position": position,
        "step": Step.TRANSFORM,
        "code": "R501",
        "message": message,
        "input": "{}",
    }
    return Failure(**given | changed)  # type: ignore[arg-type]


async def _claimed(sessions: Sessions) -> Claim:
    async with sessions.begin() as session:
        await rows.tenant(session)
        session.add(rows.run())
    found = await claim(sessions, "one", 60)
    assert found is not None
    return found


def _journal(sessions: Sessions, claimed: Claim) -> RunJournal:
    return RunJournal(sessions, VAULT, claimed, lambda: NOW, "7")


async def _positions(sessions: Sessions) -> list[int]:
    async with sessions() as session:
        found = await session.scalars(select(RunFailure.position).order_by(RunFailure.position))
        return list(found)


def test_a_failure_at_rest_is_readable_for_its_run_only() -> None:
    failure = _failure(
        3, "`x` is not defined", path="email", line=2, column=5, hint="define it", user_id="u"
    )

    sealed = sealed_failure(VAULT, 900_000_001, failure, "7")

    assert b"not defined" not in sealed
    kept = opened_failure(VAULT, 900_000_001, sealed)
    assert (kept.message, kept.path, kept.line, kept.column, kept.hint, kept.user_id) == (
        "`x` is not defined",
        "email",
        2,
        5,
        "define it",
        "u",
    )
    assert (kept.function_version, kept.input) == ("7", "{}")


def test_a_record_that_is_too_long_is_told_and_not_kept() -> None:
    failure = _failure(1, input="x" * (MAX_INPUT_CHARS + 1))
    assert opened_failure(VAULT, 1, sealed_failure(VAULT, 1, failure, "")).input is None


def test_the_rarest_messages_of_a_batch_are_counted_together() -> None:
    often = [_failure(0, "often")] * 3
    groups = grouped([*often, *(_failure(0, f"{n}") for n in range(MAX_MESSAGES + 50))])

    assert groups[(3, "often")] == 3
    assert groups[(3, OTHERS)] == 51
    assert len(groups) == MAX_MESSAGES + 1
    assert sum(groups.values()) == MAX_MESSAGES + 53


async def test_what_comes_again_is_noted_once(sessions: Sessions) -> None:
    """DEC-44: an attempt begins behind the last durable batch."""
    journal = _journal(sessions, await _claimed(sessions))
    await journal.keep(1, [_failure(0), _failure(5)])
    await journal.keep(2, [_failure(7), _failure(9)])

    await journal.resume(State(sequence=1, position=6))
    assert await _positions(sessions) == [0, 5]
    await journal.keep(2, [_failure(7)])
    await journal.keep(2, [_failure(7)])

    assert await _positions(sessions) == [0, 5, 7]


async def test_an_attempt_that_is_over_notes_nothing(sessions: Sessions) -> None:
    """RUN-97: fencing by the attempt."""
    old = await _claimed(sessions)
    async with sessions.begin() as session:
        row = await session.get_one(Run, old.run_id)
        row.attempt += 1
    journal = _journal(sessions, old)

    for write in (
        journal.resume(State()),
        journal.keep(1, [_failure(1)]),
        journal.checkpoint(State()),
        finish(sessions, old, Outcome(counters=Counters(), cursor=None), NOW),
    ):
        with pytest.raises(FencedError):
            await write
    assert await renew(sessions, old, 60) is Hold.LOST
    assert await _positions(sessions) == []


async def test_a_run_ends_once(sessions: Sessions) -> None:
    """RUN-72."""
    claimed = await _claimed(sessions)
    await finish(sessions, claimed, Outcome(counters=Counters((1,) * 6), cursor=NOW), NOW)

    with pytest.raises(FencedError):
        await finish(sessions, claimed, Outcome(counters=Counters(), cursor=None), NOW)

    async with sessions() as session:
        row = await session.get_one(Run, claimed.run_id)
    assert (row.passed, row.cursor) == ([1] * 6, NOW)


async def test_failed_records_are_forgotten_after_two_weeks(sessions: Sessions) -> None:
    """DEC-47."""
    claimed = await _claimed(sessions)
    await _journal(sessions, claimed).keep(1, [_failure(0)])
    late = NOW + timedelta(days=14)

    assert await forget(sessions, late) == 0
    assert await forget(sessions, late + timedelta(seconds=1)) == 1
    assert await _positions(sessions) == []


async def test_metrics_move_to_ever_larger_slots_and_are_not_lost(sessions: Sessions) -> None:
    """RUN-105."""
    claimed = await _claimed(sessions)
    journal = _journal(sessions, claimed)
    await journal.checkpoint(State(counters=Counters((3, 2, 2, 2, 2, 2), (0, 1, 0, 0, 0, 0))))
    await journal.checkpoint(State(counters=Counters((5, 4, 4, 4, 4, 4), (0, 1, 0, 0, 0, 0))))

    async def slots() -> list[tuple[int, datetime, list[int], list[int]]]:
        async with sessions() as session:
            found = await session.scalars(select(RunMetric))
            return [
                (each.slot_seconds, each.slot_start, each.passed, each.failed) for each in found
            ]

    counts = ([5, 4, 4, 4, 4, 4], [0, 1, 0, 0, 0, 0])
    expected = [
        (timedelta(), 60, NOW.replace(second=0)),
        (timedelta(hours=3), 3_600, NOW.replace(minute=0, second=0)),
        (timedelta(days=4), 86_400, NOW.replace(hour=0, minute=0, second=0)),
    ]
    for age, seconds, start in expected:
        for _ in range(2):
            await merge_metrics(sessions, NOW + age)
        assert await slots() == [(seconds, start, *counts)]
    await merge_metrics(sessions, NOW + timedelta(days=90))
    ((seconds, _, *found),) = await slots()
    assert (seconds, tuple(found)) == (30 * 86_400, counts)
