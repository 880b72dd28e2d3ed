"""How often one workspace or organisation may ask: a token bucket for each.

The buckets are in the memory of a process: several processes allow several times as much.
"""

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from api.errors import TooManyRequestsError

_SWEEP_AT: Final = 10_000
"""With so many buckets, those that are full again are dropped: a new one is the same."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RateLimit:
    """How many requests at once, and how many come back in a minute."""

    burst: int = 1_000
    per_minute: float = 1_000.0

    @property
    def per_second(self) -> float:
        return self.per_minute / 60


@dataclass(slots=True)
class _Bucket:
    tokens: float
    seen_at: float


class RateLimiter:
    """Takes a token for each request, or refuses it."""

    def __init__(
        self, limit: RateLimit, monotonic_seconds: Callable[[], float] = time.monotonic
    ) -> None:
        self._limit = limit
        self._now = monotonic_seconds
        self._buckets: dict[tuple[str, int], _Bucket] = {}

    def __len__(self) -> int:
        return len(self._buckets)

    def take(self, owner: str, owner_id: int) -> None:
        """Take a token of a workspace or an organisation."""
        now = self._now()
        bucket = self._buckets.get((owner, owner_id))
        if bucket is None:
            if len(self._buckets) >= _SWEEP_AT:
                self._sweep(now)
            bucket = self._buckets[owner, owner_id] = _Bucket(self._limit.burst, now)
        self._fill(bucket, now)
        if bucket.tokens < 1:
            wait = math.ceil((1 - bucket.tokens) / self._limit.per_second)
            raise TooManyRequestsError(
                f"this {owner} has used up its {self._limit.burst} requests;"
                f" {self._limit.per_minute:g} come back in a minute",
                retry_after_seconds=max(1, wait),
            )
        bucket.tokens -= 1

    def _fill(self, bucket: _Bucket, now: float) -> None:
        gained = max(0.0, now - bucket.seen_at) * self._limit.per_second
        bucket.tokens = min(self._limit.burst, bucket.tokens + gained)
        bucket.seen_at = now

    def _sweep(self, now: float) -> None:
        for bucket in self._buckets.values():
            self._fill(bucket, now)
        self._buckets = {
            key: bucket
            for key, bucket in self._buckets.items()
            if bucket.tokens < self._limit.burst
        }
