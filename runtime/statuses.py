"""How errors cross the wire: the table of statuses and reasons, for both directions."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Generic, TypeVar

from runtime.errors import (
    AnswerError,
    BatchRefusedError,
    BatchStoppedError,
    BusyError,
    DeadlineError,
    FunctionPausedError,
    FunctionRefusedError,
    FunctionsUnavailableError,
    GuestLostError,
    GuestUnavailableError,
    InternalError,
    KilnRuntimeError,
    LimitError,
    LimitValueError,
    RequestError,
    SchemaRefusedError,
    TransformationRefusedError,
    UnavailableError,
    WallsMissingError,
)

DOMAIN: Final = "runtime.kiln"
"""The domain of `google.rpc.ErrorInfo`: reasons are unique in it."""

MAX_FACT_BYTES: Final = 1_000
"""What is kept of each fact and of a message: trailers have a limit, and theirs is small."""

_Error = TypeVar("_Error", bound=KilnRuntimeError)
_ERROR = TypeVar("_ERROR", bound=KilnRuntimeError, covariant=True)
Facts = Mapping[str, str]


class Status(StrEnum):
    """The statuses that our calls end with, named as in gRPC."""

    INVALID_ARGUMENT = "INVALID_ARGUMENT"
    FAILED_PRECONDITION = "FAILED_PRECONDITION"
    RESOURCE_EXHAUSTED = "RESOURCE_EXHAUSTED"
    DEADLINE_EXCEEDED = "DEADLINE_EXCEEDED"
    UNAVAILABLE = "UNAVAILABLE"
    INTERNAL = "INTERNAL"


@dataclass(frozen=True, slots=True)
class Row(Generic[_ERROR]):
    """One error on the wire: what it is called there, what travels, and how it is made again."""

    error: type[_ERROR]
    status: Status
    reason: str
    facts: tuple[str, ...]
    """The attributes that travel; none are left out where they are none."""
    rebuild: Callable[[str, Facts], _ERROR]
    """Makes the error of its message and its facts."""


TABLE: Final[tuple[Row[KilnRuntimeError], ...]] = (
    Row(
        RequestError,
        Status.INVALID_ARGUMENT,
        "REQUEST_MALFORMED",
        ("field", "message"),
        lambda _, facts: RequestError(facts["field"], facts["message"]),
    ),
    Row(
        SchemaRefusedError,
        Status.INVALID_ARGUMENT,
        "SCHEMA_REFUSED",
        ("field", "message", "code", "pointer"),
        lambda _, facts: SchemaRefusedError(
            facts["field"], facts["message"], code=facts["code"], pointer=facts["pointer"]
        ),
    ),
    Row(
        BatchRefusedError,
        Status.INVALID_ARGUMENT,
        "BATCH_REFUSED",
        ("message", "code", "path"),
        lambda _, facts: BatchRefusedError(
            facts["message"], code=facts["code"], path=facts["path"]
        ),
    ),
    Row(
        LimitError,
        Status.INVALID_ARGUMENT,
        "LIMIT_EXCEEDED",
        ("limit", "found", "allowed"),
        lambda _, facts: LimitError(
            facts["limit"], found=_number(facts["found"]), allowed=_number(facts["allowed"])
        ),
    ),
    Row(
        LimitValueError,
        Status.INVALID_ARGUMENT,
        "LIMIT_INVALID",
        ("limit", "found"),
        lambda _, facts: LimitValueError(facts["limit"], _number(facts["found"])),
    ),
    Row(
        TransformationRefusedError,
        Status.FAILED_PRECONDITION,
        "TRANSFORMATION_REFUSED",
        ("message", "code", "pointer", "mistakes"),
        lambda _, facts: TransformationRefusedError(
            facts["message"],
            code=facts["code"],
            pointer=facts["pointer"],
            mistakes=int(facts["mistakes"]),
        ),
    ),
    Row(
        FunctionRefusedError,
        Status.FAILED_PRECONDITION,
        "FUNCTION_REFUSED",
        ("kind", "message", "line", "column", "hint"),
        lambda _, facts: FunctionRefusedError(
            facts["kind"],
            facts["message"],
            line=int(facts["line"]),
            column=int(facts["column"]),
            hint=facts.get("hint", ""),
        ),
    ),
    Row(
        BatchStoppedError,
        Status.FAILED_PRECONDITION,
        "BATCH_STOPPED",
        ("limit", "message", "position"),
        lambda _, facts: BatchStoppedError(
            facts["limit"],
            facts["message"],
            int(facts["position"]) if "position" in facts else None,
        ),
    ),
    Row(
        FunctionsUnavailableError,
        Status.FAILED_PRECONDITION,
        "FUNCTIONS_UNAVAILABLE",
        ("language",),
        lambda _, facts: FunctionsUnavailableError(facts.get("language", "")),
    ),
    Row(
        WallsMissingError,
        Status.FAILED_PRECONDITION,
        "WALLS_MISSING",
        ("missing",),
        lambda _, facts: WallsMissingError(tuple(facts["missing"].split(", "))),
    ),
    Row(
        FunctionPausedError,
        Status.RESOURCE_EXHAUSTED,
        "FUNCTION_PAUSED",
        ("kills", "seconds"),
        lambda _, facts: FunctionPausedError(int(facts["kills"]), float(facts["seconds"])),
    ),
    Row(
        GuestUnavailableError,
        Status.RESOURCE_EXHAUSTED,
        "NO_GUEST",
        (),
        lambda message, _: GuestUnavailableError(message),
    ),
    Row(
        BusyError,
        Status.RESOURCE_EXHAUSTED,
        "BUSY",
        (),
        lambda message, _: BusyError(message),
    ),
    Row(
        DeadlineError,
        Status.DEADLINE_EXCEEDED,
        "DEADLINE",
        (),
        lambda message, _: DeadlineError(message),
    ),
    Row(
        GuestLostError,
        Status.UNAVAILABLE,
        "GUEST_LOST",
        (),
        lambda message, _: GuestLostError(message),
    ),
    Row(
        UnavailableError,
        Status.UNAVAILABLE,
        "UNAVAILABLE",
        (),
        lambda message, _: UnavailableError(message),
    ),
    Row(
        InternalError,
        Status.INTERNAL,
        "INTERNAL",
        ("incident",),
        lambda _, facts: InternalError(facts["incident"]),
    ),
)
"""Every error that a call can end with. An error that is not here is a bug (`InternalError`)."""

_BY_ERROR: Final = {row.error: row for row in TABLE}
_BY_REASON: Final = {row.reason: row for row in TABLE}


def row_of(error: KilnRuntimeError) -> Row[KilnRuntimeError] | None:
    """Find the row of an error; a subclass has none of its own."""
    return _BY_ERROR.get(type(error))


def facts_of(error: KilnRuntimeError, row: Row[KilnRuntimeError]) -> dict[str, str]:
    """Write what an error knows, each fact cut to what a trailer carries."""
    found = ((name, getattr(error, name)) for name in row.facts)
    return {name: cut(_text(value)) for name, value in found if value is not None}


def cut(text: str) -> str:
    """Shorten text to what a trailer carries of it."""
    return text.encode(errors="replace")[:MAX_FACT_BYTES].decode(errors="ignore")


def error_of(reason: str, message: str, facts: Facts) -> KilnRuntimeError:
    """Make an error again from what the wire says."""
    row = _BY_REASON.get(reason)
    if row is None:
        return AnswerError(f"the runtime gave a reason that is not known here: {reason}")
    try:
        return row.rebuild(message, facts)
    except (KeyError, ValueError):
        return AnswerError(f"the runtime gave the reason {reason} without its facts")


def _text(value: object) -> str:
    return ", ".join(value) if isinstance(value, tuple) else str(value)


def _number(text: str) -> float:
    return int(text) if text.lstrip("-").isdigit() else float(text)
