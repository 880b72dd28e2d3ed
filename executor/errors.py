"""What ends a run, or an attempt at it, before its records do."""

from typing import ClassVar

from executor.failures import Failure
from executor.steps import NO_COUNTS, Counters
from mapping_lang.batch import Step


class ExecutorError(Exception):
    """The base of what this package raises; says if trying again can help."""

    retryable: ClassVar[bool] = False


class FatalError(ExecutorError):
    """The run ends with an error, which is attributed to a step (RUN-29).

    `counters` and `failures` are those of a batch that was stopped on its way by it.
    """

    def __init__(
        self,
        step: Step,
        message: str,
        counters: Counters = NO_COUNTS,
        failures: tuple[Failure, ...] = (),
    ) -> None:
        super().__init__(message)
        self.step = step
        self.message = message
        self.counters = counters
        self.failures = failures


class FencedError(ExecutorError):
    """The run is not ours any more: it was ended, or another worker has claimed it (RUN-97)."""


class SetBackError(ExecutorError):
    """What was written is in the warehouse no more: another attempt goes on from what is there."""

    retryable = True
