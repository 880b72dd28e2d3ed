"""When a call is tried again, decided without doing it."""

from dataclasses import dataclass

from runtime.errors import DeadlineError, FunctionPausedError, KilnRuntimeError


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryPolicy:
    """How often and how long one call is tried; every method of the service is idempotent."""

    max_attempts: int = 30
    max_deadlines: int = 2
    """Attempts that may end by their deadline: each cost it in full."""
    total_seconds: float = 60.0
    """No attempt begins later than this after the first."""
    first_wait_seconds: float = 0.05
    max_wait_seconds: float = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempts:
    """What one call has been through."""

    failed: int
    deadlines: int
    elapsed_seconds: float


def decide(
    policy: RetryPolicy, attempts: Attempts, error: KilnRuntimeError, chance: float
) -> float | None:
    """Give the seconds to wait before the next attempt, or none if there is to be no other.

    `chance`, from 0 to 1, spreads the calls that failed together.
    """
    if not error.retryable or attempts.failed >= policy.max_attempts:
        return None
    if isinstance(error, FunctionPausedError):
        # The pause is long, and a function that is mended has no part in it: the run decides.
        return None
    if isinstance(error, DeadlineError) and attempts.deadlines >= policy.max_deadlines:
        return None
    doubled = policy.first_wait_seconds * 2.0 ** min(attempts.failed - 1, 30)
    wait = min(policy.max_wait_seconds, doubled) * (0.5 + chance / 2)
    if attempts.elapsed_seconds + wait > policy.total_seconds:
        return None
    return wait
