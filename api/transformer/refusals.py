"""What the runtime says no to, told to the client of the API as what it is."""

from typing import Final

from api.errors import (
    ApiError,
    BadRequestError,
    Refusal,
    ServiceUnavailableError,
    UnprocessableError,
)
from mapping_lang.diagnostics import Diagnostic
from runtime.contract import Body, Function, Mapping, Transformation
from runtime.errors import (
    BatchRefusedError,
    BatchStoppedError,
    BusyError,
    DeadlineError,
    FunctionPausedError,
    FunctionRefusedError,
    FunctionsUnavailableError,
    GuestLostError,
    GuestUnavailableError,
    KilnRuntimeError,
    LimitError,
    SchemaRefusedError,
    TransformationRefusedError,
    UnavailableError,
    WallsMissingError,
)

MAX_MISTAKES: Final = 20
"""Most mistakes that one answer lists: with more, the first are what to begin with."""


def told(error: KilnRuntimeError) -> ApiError | None:
    """Give what a client is told; nothing if the error is a bug of ours."""
    match error:
        case BusyError() | GuestUnavailableError() | DeadlineError():
            return ServiceUnavailableError(
                "too many transformations are being run now; try again", cause=str(error)
            )
        case UnavailableError() | GuestLostError():
            return ServiceUnavailableError(
                "transformations cannot be run now; try again", cause=str(error)
            )
        case FunctionsUnavailableError() | WallsMissingError():
            return UnprocessableError(
                Refusal.UNSUPPORTED_LANGUAGE,
                "functions in this language are not supported here",
                cause=str(error),
            )
        case FunctionRefusedError(line=line, column=column):
            place = f"line {line}, column {column}: " if line else ""
            return _failed(error.message, cause=place + error.message)
        case TransformationRefusedError(pointer=pointer):
            return _failed(error.message, cause=f"{pointer}: {error.message}")
        case FunctionPausedError() | BatchStoppedError():
            return _failed(str(error), cause=str(error))
        case SchemaRefusedError():
            return BadRequestError(f"a schema is refused: {error.message}", cause=str(error))
        case BatchRefusedError():
            return BadRequestError(f"the records are refused: {error.message}", cause=str(error))
        case LimitError():
            return BadRequestError(f"a limit of transformations is exceeded: {error}")
        case _:
            return None


def transformation_failed(
    transformation: Transformation, mistakes: tuple[Diagnostic, ...]
) -> UnprocessableError:
    """Refuse a transformation with mistakes, and show where in its text they are (DEC-30)."""
    return _failed(
        mistakes[0].message,
        cause="\n".join(shown(transformation.body, each) for each in mistakes[:MAX_MISTAKES]),
    )


def shown(body: Body, mistake: Diagnostic) -> str:
    """Show a mistake with its line and column, and the line itself."""
    source = source_of(body, mistake)
    place = f"{mistake.pointer}, " if mistake.pointer else ""
    if mistake.span is not None:
        line, column = line_and_column(source, mistake.span.start)
        place += f"line {line}, column {column}, "
    return f"{place.removesuffix(', ')}: {mistake.render(source)}" if place else str(mistake)


def source_of(body: Body, mistake: Diagnostic) -> str:
    """Give the text that a mistake has its place in."""
    match body:
        case Function(source=source):
            return source
        case Mapping(expressions=expressions):
            path = (mistake.pointer or "").removeprefix("/").replace("~1", "/").replace("~0", "~")
            return dict(expressions).get(path, "")


def line_and_column(source: str, position: int) -> tuple[int, int]:
    """Count lines and columns from one."""
    before = source[:position]
    return before.count("\n") + 1, len(before) - before.rfind("\n")


def _failed(message: str, *, cause: str) -> UnprocessableError:
    return UnprocessableError(
        Refusal.TRANSFORMATION_FAILED, f"the transformation failed: {message}", cause=cause
    )
