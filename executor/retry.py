"""When something is tried again, decided without doing it."""

from dataclasses import dataclass
from typing import Final, final


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Backoff:
    """Waits that double from the first to the longest."""

    first_seconds: float = 1.0
    longest_seconds: float = 10.0

    def wait_seconds(self, failed: int) -> float:
        """Give how long to wait after so many failures in a row, the first of which is 1."""
        doubled = self.first_seconds * 2.0 ** min(failed - 1, 30)
        return min(doubled, self.longest_seconds)


WRITES: Final = Backoff(first_seconds=1.0, longest_seconds=10.0)
"""For a warehouse that is away or not in mode Normal: a run waits for it for ever (RUN-28)."""

TRANSFORMS: Final = Backoff(first_seconds=0.5, longest_seconds=10.0)
"""For a runtime that is away; its client has already tried for a while."""

MAX_TRANSFORM_SECONDS: Final = 300.0
"""How long a run waits for a runtime, or for a paused function, before it ends with an error."""


def try_again(*, retryable: bool, elapsed_seconds: float, limit_seconds: float | None) -> bool:
    """Decide whether there is to be another attempt; without a limit, whenever it can help."""
    return retryable and (limit_seconds is None or elapsed_seconds < limit_seconds)
