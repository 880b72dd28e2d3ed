"""What ends a run, or an attempt at it, before its records do."""

from typing import ClassVar

from mapping_lang.batch import Step


class ExecutorError(Exception):
    """The base of what this package raises; says if trying again can help."""

    retryable: ClassVar[bool] = False


class FatalError(ExecutorError):
    """The run ends with an error, which is attributed to a step (RUN-29)."""

    def __init__(self, step: Step, message: str) -> None:
        super().__init__(message)
        self.step = step
        self.message = message


class FencedError(ExecutorError):
    """The run is not ours any more: it was ended, or another worker has claimed it (RUN-97)."""


class FlowError(ExecutorError):
    """Records were lost or counted twice on their way through the steps: a bug of ours."""
