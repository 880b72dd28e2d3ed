"""Which wall stopped a canary: seccomp answers before any other wall of the system is asked."""

from enum import StrEnum
from typing import Final

from runtime.sandbox.attest import FUNCTION_CANARIES, Attempt
from runtime.sandbox.interface import FailureCode, Walls


class Layer(StrEnum):
    """What can stand in a canary's way, and what it is called in a report."""

    FILTER = "system-call filter"
    BEHIND = "walls behind the filter"
    MEMORY = "memory limit"
    CLOCK = "host's clock"
    SIZE = "size limit"
    LANGUAGE = "language"
    POLICY = "language policy"
    ABSENCE = "nothing there"
    PROCESS = "process boundary"
    NONE = "none"


NOTHING_THERE: Final = frozenset(
    {
        "find leaked descriptors",
        "read the environment",
        "read the clock's zone",
        "know the machine's zone",
    }
)
"""Attempts to find what a guest was never given."""

_BY_MEMORY: Final = frozenset({"allocate 8 GiB"})
_PAST_THE_LANGUAGE: Final = frozenset({"open a file"})
"""Functions that are let past the policy of their language, to meet what is behind it."""

_REFUSED: Final = "refused"
"""What a function is that the policy of its language does not load."""
_NO_SUCH_CALL: Final = "this machine has no "
_FUNCTIONS: Final = frozenset(canary.name for canary in FUNCTION_CANARIES)
_BY_CODE: Final = {
    FailureCode.EXCEPTION: Layer.LANGUAGE,
    FailureCode.RESULT: Layer.SIZE,
    FailureCode.OUTPUT: Layer.SIZE,
    FailureCode.MEMORY: Layer.MEMORY,
    FailureCode.TIME: Layer.CLOCK,
    FailureCode.CRASH: Layer.PROCESS,
}


def layer_of(attempt: Attempt, walls: Walls) -> Layer:
    """Tell what stopped an attempt."""
    if not attempt.stopped:
        return Layer.NONE
    if attempt.name in NOTHING_THERE or attempt.detail.startswith(_NO_SUCH_CALL):
        return Layer.ABSENCE
    behind = Layer.FILTER if walls.seccomp else Layer.BEHIND
    if attempt.name in _FUNCTIONS - _PAST_THE_LANGUAGE:
        code = attempt.detail.partition(":")[0]
        if code == _REFUSED:
            return Layer.POLICY
        # What is no failure was let run, and kept small.
        return _BY_CODE[FailureCode(code)] if code in list(FailureCode) else Layer.SIZE
    if attempt.name in _BY_MEMORY:
        return Layer.MEMORY
    return behind
