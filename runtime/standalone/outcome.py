"""How a command ends: the exit status that scripts branch on, and errors that lead to one."""

from enum import IntEnum
from typing import Final

from mapping_lang.diagnostics import Diagnostic, FailureClass
from runtime.errors import KilnRuntimeError


class ExitStatus(IntEnum):
    """What a command says to whoever started it."""

    DONE = 0
    FOUND = 1
    USAGE = 2
    FAILED = 3
    INTERRUPTED = 130
    BROKEN_PIPE = 141
    TERMINATED = 143


MEANINGS: Final = {
    ExitStatus.DONE: "all is well: it compiles, no record was rejected, every canary was stopped",
    ExitStatus.FOUND: "mistakes in the transformation, rejected records, or a canary got through",
    ExitStatus.USAGE: "a command that cannot be meant, or an input that cannot be read",
    ExitStatus.FAILED: "the runtime itself could not",
    ExitStatus.INTERRUPTED: "interrupted by Ctrl-C",
    ExitStatus.BROKEN_PIPE: "whoever read the results stopped reading",
    ExitStatus.TERMINATED: "ended by SIGTERM",
}
"""What each status means, in the words of `--help` and of the documentation."""


class UnreadableError(KilnRuntimeError):
    """An input that cannot be read at all, or not from some place on."""

    failure_class = FailureClass.DATA

    def __init__(self, place: str, message: str, *, hint: str = "") -> None:
        super().__init__(f"{place}: {message}")
        self.place = place
        self.message = message
        self.hint = hint


class DefinitionRefusedError(KilnRuntimeError):
    """A file that is no definition of a transformation.

    The pointer and the span of `diagnostic` are those in the `text` of the file.
    """

    failure_class = FailureClass.USER

    def __init__(self, place: str, text: str, diagnostic: Diagnostic) -> None:
        super().__init__(f"{place}: {diagnostic}")
        self.place = place
        self.text = text
        self.diagnostic = diagnostic


def status_of(error: KilnRuntimeError) -> ExitStatus:
    """Decide how a command ends that an error ended."""
    if isinstance(error, UnreadableError | DefinitionRefusedError):
        return ExitStatus.USAGE
    user = error.failure_class in {FailureClass.USER, FailureClass.DATA}
    return ExitStatus.FOUND if user else ExitStatus.FAILED
