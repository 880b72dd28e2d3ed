"""The layers that stop what a function should not do, told from what the service says."""

import re
from enum import StrEnum
from typing import Final

from mapping_lang.diagnostics import Code


class Layer(StrEnum):
    """Who stopped it, from the source inwards to the host."""

    LIMIT = "limit"  # the host does not even look at it
    SYNTAX = "syntax"  # it is not the language
    COMPILE = "compile"  # the language policy, before anything runs
    GUARD = "guard"  # the language policy, while it runs
    ABSENT = "absent"  # there is no such name or module inside
    LANGUAGE = "language"  # the language itself refuses: a type, a size, a depth
    SYSTEM = "system"  # the operating system refuses a call
    MEMORY = "memory"  # the limit of memory
    TIME = "time"  # the host's deadline, and a kill
    OUTPUT = "output"  # the limit of what is returned
    RESULT = "result"  # what came back is no record of the output schema
    PROTOCOL = "protocol"  # the guest said what no guest says
    CRASH = "crash"  # the guest ended, and nothing else
    HARMLESS = "harmless"  # it has a result, which gives nothing away


_BY_CODE: Final = {
    Code.FUNCTION_SYNTAX: Layer.SYNTAX,
    Code.FUNCTION_NOT_ALLOWED: Layer.COMPILE,
    Code.FUNCTION_RESULT: Layer.RESULT,
    Code.FUNCTION_OUTPUT: Layer.OUTPUT,
    Code.FUNCTION_MEMORY: Layer.MEMORY,
    Code.FUNCTION_TIME: Layer.TIME,
}
_BY_MESSAGE: Final = (
    (Code.FUNCTION_LOAD_LIMIT, re.compile("took longer than"), Layer.TIME),
    (Code.FUNCTION_LOAD_LIMIT, re.compile("of memory"), Layer.MEMORY),
    (Code.FUNCTION_LOAD_LIMIT, re.compile("ended its process"), Layer.CRASH),
    (Code.FUNCTION_CRASH, re.compile("broke its guest"), Layer.PROTOCOL),
    (Code.FUNCTION_CRASH, re.compile("crashed its engine|ended its process"), Layer.CRASH),
)
_EXCEPTIONS: Final = (
    (re.compile("in functions|of your own|are limited|EvalError"), Layer.GUARD),
    (re.compile("MemoryError"), Layer.MEMORY),
    (
        re.compile(
            r"PermissionError|OSError|BlockingIOError|FileNotFoundError|can't start new thread"
        ),
        Layer.SYSTEM,
    ),
    (re.compile("NameError|ReferenceError|ModuleNotFoundError|ImportError"), Layer.ABSENT),
    (re.compile(""), Layer.LANGUAGE),
)
"""What an exception's text tells: the first that is found in it."""


def layer_of(code: Code, message: str) -> Layer:
    """Tell which layer a failure of a record, or of a source, comes from."""
    if code in _BY_CODE:
        return _BY_CODE[code]
    if code in {Code.FUNCTION_EXCEPTION, Code.FUNCTION_TOP_LEVEL}:
        return next(layer for text, layer in _EXCEPTIONS if text.search(message))
    if code.value.startswith("V") or code is Code.FUNCTION_MISSING:
        return Layer.RESULT
    for known, text, layer in _BY_MESSAGE:
        if code is known and text.search(message):
            return layer
    raise AssertionError(f"no layer is known for {code.name}: {message}")
