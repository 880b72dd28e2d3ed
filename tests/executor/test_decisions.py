"""What is decided without doing it: purges, waits, states."""

from datetime import UTC, datetime, timedelta

import pytest

from executor.purge import Purge, decide, reads_everything
from executor.retry import MAX_TRANSFORM_SECONDS, WRITES, try_again
from executor.state import State, StateError, later
from executor.steps import Counters

MOMENT = datetime(2024, 1, 2, 3, 4, 5, 678901, tzinfo=UTC)


@pytest.mark.parametrize(
    ("cursor", "has_update_time", "everything"),
    [(None, False, True), (None, True, True), (MOMENT, False, True), (MOMENT, True, False)],
)
def test_a_run_from_scratch_reads_everything(
    *, cursor: datetime | None, has_update_time: bool, everything: bool
) -> None:
    """RUN-40."""
    assert reads_everything(cursor=cursor, has_update_time=has_update_time) is everything


@pytest.mark.parametrize(
    ("everything", "unknown", "purge"),
    [
        (True, False, Purge.UNTOUCHED),
        (True, True, Purge.SKIPPED),
        (False, False, Purge.NONE),
        (False, True, Purge.NONE),
    ],
)
def test_an_unknown_record_prevents_the_purge(
    *, everything: bool, unknown: bool, purge: Purge
) -> None:
    """RUN-42."""
    assert decide(reads_everything=everything, unknown_failed=unknown) is purge


def test_waits_double_up_to_the_longest() -> None:
    """RUN-28."""
    assert [WRITES.wait_seconds(failed) for failed in range(1, 8)] == [1, 2, 4, 8, 10, 10, 10]
    assert WRITES.wait_seconds(10_000) == 10


def test_there_is_no_other_attempt_where_it_cannot_help_or_took_too_long() -> None:
    def told(*, retryable: bool = True, elapsed: float = 0.0, limit: float | None = None) -> bool:
        return try_again(retryable=retryable, elapsed_seconds=elapsed, limit_seconds=limit)

    assert told()
    assert told(elapsed=1e9)
    assert not told(retryable=False)
    assert told(elapsed=1, limit=MAX_TRANSFORM_SECONDS)
    assert not told(elapsed=MAX_TRANSFORM_SECONDS, limit=MAX_TRANSFORM_SECONDS)


def test_a_state_survives_being_kept() -> None:
    """DEC-44."""
    state = State(
        sequence=3,
        position=25_000,
        counters=Counters((10, 9, 8, 7, 6, 5), (1, 1, 1, 1, 1, 1)),
        cursor=MOMENT,
        unknown_failed=True,
        source="7 2024",
    )

    assert State.decode(state.encode()) == state
    assert State.decode(State().encode()) == State()


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"version":1}'])
def test_what_is_no_state_is_refused(text: str) -> None:
    with pytest.raises(StateError):
        State.decode(text)


def test_a_state_of_another_version_is_refused() -> None:
    with pytest.raises(StateError, match="found state 2 of a run, expected 1"):
        State.decode(State().encode().replace('"version":1', '"version":2'))


def test_a_cursor_only_moves_on() -> None:
    """RUN-30."""
    after = MOMENT + timedelta(seconds=1)

    assert later(None, None) is None
    assert later(None, MOMENT) == later(MOMENT, None) == MOMENT
    assert later(after, MOMENT) == later(MOMENT, after) == after
