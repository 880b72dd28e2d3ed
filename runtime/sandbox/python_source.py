"""From the source of a Python function to its `transform`.

This is the layer of the language policy. What stands here is ordinary Python without the builtins
that name files, code and the interpreter: it keeps honest mistakes out, not a determined author,
whom the operating system's walls hold alone.
"""

import builtins
from collections.abc import Callable
from types import CodeType, MappingProxyType, TracebackType
from typing import Any, Final

from runtime.sandbox.interface import MAX_MESSAGE_CHARS, Function, Refusal, SourceError

FILE_NAME: Final = "function.py"
"""What tracebacks call the user's source."""

_WITHHELD: Final = frozenset(
    {"breakpoint", "compile", "copyright", "credits", "eval", "exec", "exit", "globals", "help",
     "input", "license", "locals", "memoryview", "open", "quit", "vars"}
)  # fmt: skip

_BUILTINS: Final = MappingProxyType(
    {name: value for name, value in vars(builtins).items() if name not in _WITHHELD}
)

Transform = Callable[[Any], Any]


def load(function: Function, print_text: Callable[..., None]) -> Transform:
    """Compile a source, run its top level and give its `transform` (FUNC-1, FUNC-60)."""
    code = _compile(function.source)
    available = vars(builtins) if not function.language_policy else _BUILTINS
    names: dict[str, Any] = {
        "__name__": "function",
        "__builtins__": {**available, "print": print_text},
    }
    try:
        exec(code, names)  # noqa: S102 - running the user's code is what this room is for
    except BaseException as error:  # noqa: BLE001 - the source may raise anything
        line, column = place(error)
        raise SourceError(Refusal("top_level", describe(error), line, column)) from None
    if "transform" not in names:
        message = "the source defines no function `transform`"
        raise SourceError(Refusal("missing", message))
    transform: Transform = names["transform"]
    return transform


def _compile(source: str) -> CodeType:
    try:
        return compile(source, FILE_NAME, "exec", dont_inherit=True)
    except SyntaxError as error:
        message = f"{type(error).__name__}: {error.msg}"
        line, column = error.lineno or 0, error.offset or 0
        raise SourceError(Refusal("syntax", message, max(line, 0), max(column, 0))) from None
    except (ValueError, RecursionError, MemoryError) as error:
        # A null character, or more nesting than the parser holds.
        raise SourceError(Refusal("syntax", describe(error))) from None


def describe(error: BaseException) -> str:
    """Write an exception as `ValueError: boo` (FUNC-51); its text is code of the user's, too."""
    name = type.__getattribute__(type(error), "__name__")
    try:
        text = str(error)[:MAX_MESSAGE_CHARS]
        text.encode()
    except BaseException:  # noqa: BLE001 - an exception may raise when it is asked for its text
        text = "(its text cannot be read)"
    if isinstance(error, MemoryError) and not text:
        text = "the function needs more memory than it may use"
    return f"{name[:80]}: {text}" if text else name[:80]


def place(error: BaseException) -> tuple[int, int]:
    """Find the innermost line and column of the user's source in a traceback."""
    found = (0, 0)
    traceback = error.__traceback__
    while traceback is not None:
        if traceback.tb_frame.f_code.co_filename == FILE_NAME:
            found = _position(traceback)
        traceback = traceback.tb_next
    return found


def _position(traceback: TracebackType) -> tuple[int, int]:
    positions = list(traceback.tb_frame.f_code.co_positions())
    index = traceback.tb_lasti // 2  # bytes of an instruction
    column = positions[index][2] if 0 <= index < len(positions) else None
    return traceback.tb_lineno or 0, 0 if column is None else column + 1
