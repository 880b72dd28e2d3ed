"""What this package raises, with the facts as attributes and who is to act (DEC-32)."""

from enum import StrEnum


class FailureClass(StrEnum):
    """Whose failure it is."""

    USER = "user"  # the function is wrong: its author acts
    DATA = "data"  # the records are wrong: whoever sends them acts
    PLATFORM = "platform"  # we are wrong: we act
    CAPACITY = "capacity"  # too much at once: try again


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

    `kind` is `syntax`, `top_level`, `missing` or `limit`; `line` and `column` count from one, and
    are zero where there is no place.
    """

    failure_class = FailureClass.USER

    def __init__(self, kind: str, message: str, *, line: int = 0, column: int = 0) -> None:
        super().__init__(message)
        self.kind = kind
        self.message = message
        self.line = line
        self.column = column


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
