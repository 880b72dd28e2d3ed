import math

import pytest

from runtime.deadline import Deadline
from runtime.errors import BatchStoppedError, DeadlineError


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.mark.parametrize(
    ("caller", "limit", "remaining"), [(None, 10.0, 10.0), (3.0, 10.0, 3.0), (30.0, 10.0, 10.0)]
)
def test_the_sooner_end_counts(caller: float | None, limit: float, remaining: float) -> None:
    deadline = Deadline(caller, limit, Clock())
    deadline.check()
    assert deadline.remaining() == remaining


@pytest.mark.parametrize(("caller", "error"), [(3.0, DeadlineError), (None, BatchStoppedError)])
def test_an_end_says_whose_it_was(caller: float | None, error: type[Exception]) -> None:
    clock = Clock()
    deadline = Deadline(caller, 10.0, clock)
    clock.now += 11
    assert deadline.remaining() == 0.0
    with pytest.raises(error):
        deadline.check()


def test_a_caller_who_left_waits_for_nothing() -> None:
    gone = False
    deadline = Deadline(None, 10.0, Clock(), lambda: gone)
    assert deadline.caller_remaining() == math.inf
    gone = True
    assert deadline.caller_remaining() == 0.0
    with pytest.raises(DeadlineError):
        deadline.check()


def test_a_caller_who_waits_longer_than_our_limit_waits_still() -> None:
    clock = Clock()
    deadline = Deadline(30.0, 10.0, clock)
    clock.now += 12
    assert (deadline.remaining(), deadline.caller_remaining()) == (0.0, 18.0)
