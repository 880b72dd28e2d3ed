"""What this package raises, with the facts as attributes and who is to act (DEC-32)."""

from mapping_lang.diagnostics import FailureClass


class KilnRuntimeError(Exception):
    """The base of every error that this package declares."""

    retryable = False
    failure_class = FailureClass.PLATFORM


class LimitError(KilnRuntimeError):
    """Something is larger than its limit, or a limit is none; `limit` is its name in `Limits`."""

    failure_class = FailureClass.USER

    def __init__(self, limit: str, *, found: float, allowed: float) -> None:
        super().__init__(f"`{limit}`: found {found:,}, allowed are at most {allowed:,}")
        self.limit = limit
        self.found = found
        self.allowed = allowed


class LimitValueError(KilnRuntimeError):
    """A limit that limits nothing."""

    failure_class = FailureClass.USER

    def __init__(self, limit: str, found: float) -> None:
        super().__init__(f"`{limit}` is {found:,}, expected a number above zero")
        self.limit = limit
        self.found = found


class FunctionRefusedError(KilnRuntimeError):
    """A source that cannot be loaded (FUNC-60).

    `kind` is `syntax`, `refused`, `top_level`, `missing` or `limit`; `line` and `column` count from
    one, and are zero where there is no place.
    """

    failure_class = FailureClass.USER

    def __init__(
        self, kind: str, message: str, *, line: int = 0, column: int = 0, hint: str = ""
    ) -> None:
        super().__init__(message)
        self.kind = kind
        self.message = message
        self.line = line
        self.column = column
        self.hint = hint


class BatchStoppedError(KilnRuntimeError):
    """A batch that is given up: its function broke a limit of the whole batch.

    `limit` is the name of that limit in `Limits`, `position` the record that was in hand.
    """

    failure_class = FailureClass.USER

    def __init__(self, limit: str, message: str, position: int | None = None) -> None:
        super().__init__(message)
        self.limit = limit
        self.message = message
        self.position = position


class FunctionPausedError(KilnRuntimeError):
    """A function that cost too many guests; it may be tried again after `seconds`."""

    retryable = True
    failure_class = FailureClass.USER

    def __init__(self, kills: int, seconds: float) -> None:
        super().__init__(
            f"the function is paused for {seconds:.0f} s: it cost {kills} guests within a minute,"
            " by taking too long, needing too much memory or crashing; mend it and save it again"
        )
        self.kills = kills
        self.seconds = seconds


class GuestLostError(KilnRuntimeError):
    """A guest or its zygote ended, or would not start, through no fault of the function."""

    retryable = True


class GuestUnavailableError(KilnRuntimeError):
    """The machine has no room for another guest now."""

    retryable = True
    failure_class = FailureClass.CAPACITY


class WallsMissingError(KilnRuntimeError):
    """The operating system lacks walls that functions must not run without."""

    def __init__(self, missing: tuple[str, ...]) -> None:
        super().__init__(
            f"functions are refused: this system offers no {', '.join(missing)};"
            " allow functions without walls explicitly, or run on Linux with seccomp"
        )
        self.missing = missing


class RequestError(KilnRuntimeError):
    """A request that is malformed; `field` is the path of what is wrong in its message."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(f"`{field}`: {message}")
        self.field = field
        self.message = message


class SchemaRefusedError(KilnRuntimeError):
    """A schema in a request that is none; `field` says which, `pointer` where in it."""

    def __init__(self, field: str, message: str, *, code: str, pointer: str = "") -> None:
        super().__init__(f"`{field}`: {message}")
        self.field = field
        self.message = message
        self.code = code
        self.pointer = pointer


class BatchRefusedError(KilnRuntimeError):
    """A payload that is no batch of its schema; `path` leads to the column at fault."""

    failure_class = FailureClass.DATA

    def __init__(self, message: str, *, code: str, path: str = "") -> None:
        super().__init__(f"`{path}`: {message}" if path else message)
        self.message = message
        self.code = code
        self.path = path


class TransformationRefusedError(KilnRuntimeError):
    """A transformation that was to be applied and does not compile.

    `code`, `pointer` and `message` are those of its first mistake, of which there are `mistakes`.
    """

    failure_class = FailureClass.USER

    def __init__(self, message: str, *, code: str, pointer: str, mistakes: int) -> None:
        super().__init__(f"the transformation does not compile: {message}")
        self.message = message
        self.code = code
        self.pointer = pointer
        self.mistakes = mistakes


class FunctionsUnavailableError(KilnRuntimeError):
    """A function, asked of a runtime that was started without functions, or without its language.

    `language` is empty if there are none of any language (FUNC-3, FUNC-85).
    """

    def __init__(self, language: str = "") -> None:
        kind = f"functions in {language}" if language else "functions"
        super().__init__(f"this runtime was started without {kind}")
        self.language = language


class BusyError(KilnRuntimeError):
    """More calls at once than the server takes, or no turn within the wait."""

    retryable = True
    failure_class = FailureClass.CAPACITY


class DeadlineError(KilnRuntimeError):
    """A call whose own deadline passed."""

    retryable = True
    failure_class = FailureClass.CAPACITY


class UnavailableError(KilnRuntimeError):
    """A server that cannot be reached, is starting, is draining, or was lost during the call."""

    retryable = True


class InternalError(KilnRuntimeError):
    """A bug of ours; the server's log tells more under `incident`."""

    def __init__(self, incident: str) -> None:
        super().__init__(f"internal error {incident}: the runtime's log tells more")
        self.incident = incident


class AnswerError(KilnRuntimeError):
    """An answer of a server that no server of this version gives."""


class AddressError(KilnRuntimeError):
    """An address that cannot be listened on or connected to."""

    def __init__(self, address: str, message: str) -> None:
        super().__init__(f"the address {address!r} {message}")
        self.address = address
        self.message = message
