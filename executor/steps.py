"""The counters of a run: how many records passed each step, and how many failed it (RUN-1)."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final, Self, final

from mapping_lang.batch import Step

STEPS: Final[tuple[Step, ...]] = tuple(Step)
"""In the order in which a record goes through them."""

NAMES: Final = (
    "Receive",
    "InputValidation",
    "Filter",
    "Transformation",
    "OutputValidation",
    "Finalize",
)
"""What the API calls them (RUN-1)."""

_ZEROS: Final = (0,) * len(STEPS)


class FlowError(Exception):
    """Records were lost or counted twice on their way through the steps: a bug of ours."""

    retryable = False


@final
@dataclass(frozen=True, slots=True)
class Counters:
    """What passed and what failed, step by step.

    What passed a step is what passed or failed the next one. Where an error ends a run, there may
    be records in between that no later step has seen.
    """

    passed: tuple[int, ...] = _ZEROS
    failed: tuple[int, ...] = _ZEROS

    def __post_init__(self) -> None:
        for index in range(len(STEPS)):
            if min(self.passed[index], self.failed[index]) < 0:
                raise FlowError(f"a negative count at `{STEPS[index]}`: {self}")
            if index and self.passed[index - 1] < self.passed[index] + self.failed[index]:
                raise FlowError(
                    f"{self.passed[index - 1]} records passed `{STEPS[index - 1]}`, but"
                    f" {self.passed[index]} passed and {self.failed[index]} failed `{STEPS[index]}`"
                )

    @classmethod
    def of(cls, passed: Sequence[int], failed: Sequence[int]) -> Self:
        """Make counters of lists that were kept elsewhere."""
        if not len(passed) == len(failed) == len(STEPS):
            raise FlowError(f"found {len(passed)} and {len(failed)} counts, expected {len(STEPS)}")
        return cls(tuple(passed), tuple(failed))

    @classmethod
    def count(cls, received: int, failures: Iterable[Step], until: Step = STEPS[-1]) -> Self:
        """Count a batch that came as far as `until`, whose failures happened at these steps."""
        by_step = Counter(failures)
        left = received
        passed, failed = list(_ZEROS), list(_ZEROS)
        for index, step in enumerate(STEPS[: STEPS.index(until) + 1]):
            failed[index] = by_step.pop(step, 0)
            left -= failed[index]
            passed[index] = left
        if by_step:
            raise FlowError(f"failures at {sorted(by_step)} of records that came up to `{until}`")
        return cls(tuple(passed), tuple(failed))

    def __add__(self, other: Self) -> Self:
        return type(self)(
            tuple(a + b for a, b in zip(self.passed, other.passed, strict=True)),
            tuple(a + b for a, b in zip(self.failed, other.failed, strict=True)),
        )

    @property
    def received(self) -> int:
        """How many records were looked at."""
        return self.passed[0] + self.failed[0]

    def check_complete(self) -> None:
        """Raise unless every record came to an end: received = passed + failed at every step."""
        for index in range(1, len(STEPS)):
            if self.passed[index - 1] != self.passed[index] + self.failed[index]:
                raise FlowError(
                    f"{self.passed[index - 1]} records passed `{STEPS[index - 1]}`, but only"
                    f" {self.passed[index]} passed and {self.failed[index]} failed `{STEPS[index]}`"
                )


NO_COUNTS: Final = Counters()
