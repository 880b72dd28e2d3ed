"""Token buckets: what is allowed at once, and what comes back."""

import pytest

from api.errors import TooManyRequestsError
from api.http.rate import RateLimit, RateLimiter


class Clock:
    """A clock that goes when it is told to."""

    def __init__(self) -> None:
        self.seconds = 1_000.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def clock() -> Clock:
    return Clock()


def allowed(limiter: RateLimiter, owner_id: int, tries: int, owner: str = "workspace") -> int:
    count = 0
    for _ in range(tries):
        try:
            limiter.take(owner, owner_id)
        except TooManyRequestsError:
            return count
        count += 1
    return count


def test_a_burst_is_allowed_and_then_as_many_as_come_back(clock: Clock) -> None:
    limiter = RateLimiter(RateLimit(burst=10, per_minute=60), clock)
    assert allowed(limiter, 1, 100) == 10
    clock.seconds += 3
    assert allowed(limiter, 1, 100) == 3
    clock.seconds += 10_000
    assert allowed(limiter, 1, 100) == 10


def test_owners_have_buckets_of_their_own(clock: Clock) -> None:
    limiter = RateLimiter(RateLimit(burst=2, per_minute=1), clock)
    assert allowed(limiter, 1, 5) == 2
    assert allowed(limiter, 2, 5) == 2
    assert allowed(limiter, 1, 5, "organisation") == 2


@pytest.mark.parametrize(("per_minute", "seconds"), [(60, 1), (1, 60), (7, 9), (6_000, 1)])
def test_who_waits_as_long_as_told_is_allowed(
    clock: Clock, per_minute: float, seconds: int
) -> None:
    limiter = RateLimiter(RateLimit(burst=1, per_minute=per_minute), clock)
    limiter.take("workspace", 1)
    with pytest.raises(TooManyRequestsError) as caught:
        limiter.take("workspace", 1)
    assert caught.value.retry_after_seconds == seconds
    assert caught.value.headers == {"Retry-After": str(seconds)}
    clock.seconds += seconds
    limiter.take("workspace", 1)


def test_a_clock_that_goes_back_gives_nothing(clock: Clock) -> None:
    limiter = RateLimiter(RateLimit(burst=1, per_minute=60), clock)
    limiter.take("workspace", 1)
    clock.seconds -= 500
    assert allowed(limiter, 1, 1) == 0


def test_buckets_that_are_full_again_are_dropped(clock: Clock) -> None:
    limiter = RateLimiter(RateLimit(burst=2, per_minute=60), clock)
    for owner_id in range(10_000):
        limiter.take("workspace", owner_id)
    clock.seconds += 1
    limiter.take("workspace", 10_000)
    assert len(limiter) == 1
