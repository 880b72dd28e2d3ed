"""What a function raised, as text: without its frames, and whatever its exception does."""

from dataclasses import dataclass
from types import TracebackType
from typing import Final

from runtime.sandbox.interface import MAX_MESSAGE_CHARS
from runtime.sandbox.policy.mistake import column_at
from runtime.sandbox.policy.names import SOURCE_FILE
from runtime.sandbox.policy.views import View, missing_name

MAX_NAME_CHARS: Final = 100

_HINTS: Final[tuple[tuple[type[BaseException], str], ...]] = (
    (KeyError, "a property without a value is absent: read it with `.get(…)`"),
    (MemoryError, "keep less at a time: the memory of a function is limited"),
    (RecursionError, "the function calls itself too often"),
    (SystemExit, "raise another exception to reject the record"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class UserError:
    """An exception of a function; lines and columns of its source count from one."""

    class_name: str
    message: str
    line: int | None = None
    column: int | None = None
    hint: str = ""

    @property
    def text(self) -> str:
        """Class and message, as Python shows them (FUNC-51)."""
        return f"{self.class_name}: {self.message}" if self.message else self.class_name


def describe_exception(error: BaseException, source: str = "") -> UserError:
    """Describe any exception; its own methods may raise, lie or be long.

    The place is the innermost line of the function's own code. The column needs the source.
    """
    line, column = _place(error.__traceback__, source)
    return UserError(
        class_name=_printable(type(error).__name__, MAX_NAME_CHARS),
        message=_message(error),
        line=line,
        column=column,
        hint=_hint(error),
    )


def _message(error: BaseException) -> str:
    view = _view_of(error)
    if view is not None and isinstance(error, AttributeError):
        return missing_name(view, str(error.name))
    try:
        message = str(error)
        if not message and isinstance(error, MemoryError):
            return "the function needs more memory than it may use"
        # An exception can have a `__str__` that gives a subclass of `str`.
        return _printable(str.__str__(message), MAX_MESSAGE_CHARS)
    except BaseException:  # noqa: BLE001 - it is the function's own code that runs
        return "(its message cannot be shown)"


def _view_of(error: BaseException) -> View | None:
    seen = error.obj if type(error) is AttributeError else None
    return seen if isinstance(seen, View) else None


def _hint(error: BaseException) -> str:
    return next((hint for kind, hint in _HINTS if issubclass(type(error), kind)), "")


def _printable(text: str, limit: int) -> str:
    cut = text if len(text) <= limit else text[: limit - 1] + "…"
    # A lone surrogate has no UTF-8.
    return cut.encode("utf-8", "backslashreplace").decode()


def _place(trace: TracebackType | None, source: str) -> tuple[int | None, int | None]:
    innermost: TracebackType | None = None
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == SOURCE_FILE:
            innermost = trace
        trace = trace.tb_next
    if innermost is None:
        return None, None
    line = innermost.tb_lineno
    positions = list(innermost.tb_frame.f_code.co_positions())
    index = innermost.tb_lasti // 2
    if not source or not 0 <= index < len(positions) or positions[index][0] != line:
        return line, None
    return line, column_at(source, line, positions[index][2])
