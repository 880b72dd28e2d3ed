import pytest

from runtime.errors import (
    BatchRefusedError,
    BusyError,
    DeadlineError,
    FunctionPausedError,
    GuestUnavailableError,
    InternalError,
    KilnRuntimeError,
    UnavailableError,
)
from runtime.retry import Attempts, RetryPolicy, decide

POLICY = RetryPolicy(
    max_attempts=6,
    max_deadlines=2,
    total_seconds=10.0,
    first_wait_seconds=0.1,
    max_wait_seconds=1.0,
)
LOST = UnavailableError("lost")


@pytest.mark.parametrize(
    ("failed", "deadlines", "elapsed", "error", "wait"),
    [
        (1, 0, 0.0, LOST, 0.1),
        (2, 0, 0.0, LOST, 0.2),
        (4, 0, 0.0, LOST, 0.8),
        (5, 0, 0.0, LOST, 1.0),
        (6, 0, 0.0, LOST, None),
        (1, 0, 9.95, LOST, None),
        (1, 0, 9.85, LOST, 0.1),
        (1, 0, 0.0, BusyError("no turn"), 0.1),
        (1, 0, 0.0, GuestUnavailableError("full"), 0.1),
        (1, 1, 0.0, DeadlineError("late"), 0.1),
        (2, 2, 0.0, DeadlineError("late"), None),
        (1, 0, 0.0, FunctionPausedError(5, 42.0), None),
        (1, 0, 0.0, InternalError("1"), None),
        (1, 0, 0.0, BatchRefusedError("no", code="V201"), None),
    ],
)
def test_only_what_is_retryable_is_tried_again_and_within_bounds(
    failed: int, deadlines: int, elapsed: float, error: KilnRuntimeError, wait: float | None
) -> None:
    attempts = Attempts(failed=failed, deadlines=deadlines, elapsed_seconds=elapsed)
    assert decide(POLICY, attempts, error, 1.0) == (None if wait is None else pytest.approx(wait))


def test_chance_shortens_a_wait_by_half_at_most() -> None:
    attempts = Attempts(failed=1, deadlines=0, elapsed_seconds=0.0)
    assert decide(POLICY, attempts, LOST, 0.0) == pytest.approx(0.05)
