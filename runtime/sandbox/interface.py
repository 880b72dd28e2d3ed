"""The contract of host and guest: what is handed in, what comes out, who runs it inside."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Protocol

import msgspec

from mapping_lang.diagnostics import FailureClass


class Language(StrEnum):
    """The languages of functions, named as in the API (FUNC-3)."""

    JAVASCRIPT = "JavaScript"
    PYTHON = "Python"


class FailureCode(StrEnum):
    """Why a record has no result. The first four a guest may report; the rest only the host."""

    EXCEPTION = "EXCEPTION"  # the function raised
    RESULT = "RESULT"  # it returned what is no record
    OUTPUT = "OUTPUT"  # it returned too much
    MEMORY = "MEMORY"
    TIME = "TIME"
    CRASH = "CRASH"  # the guest ended, or said what no guest says


FAILURE_CLASS: Final = FailureClass.USER
"""Whatever a function does to a record is its author's to mend (DEC-32, DEC-33)."""

MAX_MESSAGE_CHARS: Final = 500
"""What is kept of an exception's text, and of any other that comes with it."""

ROOM_SHARE: Final = 2
"""Of its memory, what must be free again in a guest that goes on after a record without enough."""

CURSOR_READING: Final = -1
"""In the shared page before the first record; the batch's length stands there after the last."""


class Function(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a locked guest is given once: the source, and what its answers may weigh."""

    source: str
    record_output_bytes: int
    batch_output_bytes: int
    log_bytes: int
    capture_logs: bool = False
    reader: str = ""
    """How the function is given its records (FUNC-13), which come as columns: for JavaScript an
    expression of ours, for Python a `Shape`. Empty: as objects, and as JSON gives them."""

    writer: str = ""
    """How usual results are written as rows: for JavaScript an expression of ours, for Python a
    `Shape`. Empty: all results are objects."""

    language_policy: bool = True
    """False only where the operating system's walls are tested alone."""


class Refusal(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Why a source cannot be loaded (FUNC-60); a line or column of zero is unknown."""

    kind: str
    message: str
    line: int = 0
    column: int = 0
    hint: str = ""


class RawFailure(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """A record's failure as a guest reports it."""

    position: int
    code: FailureCode
    message: str
    line: int
    column: int
    hint: str = ""
    path: str = ""
    """Where in the result the mistake is."""


class RawLog(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """What a function printed on one record."""

    position: int
    text: str


class Outcomes(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The first line of an answer; results follow, one on a line: first the objects, then the rows.

    Every record has one outcome. Those that are in neither list have a row.
    """

    failures: list[RawFailure]
    objects: list[int]
    """Positions of the records whose results are written as objects."""
    logs: list[RawLog]
    micros: tuple[int, int]
    """Spent on reading the batch, and on everything after."""

    spent: bool = False
    """The guest ran out of memory once and asks to be replaced."""


class Finding(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a canary met inside a guest."""

    stopped: bool
    detail: str


class Walls(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The operating system's walls around one guest; what is false could not be set here."""

    seccomp: bool = False
    landlock_version: int = 0
    no_new_privileges: bool = False
    not_dumpable: bool = False
    parent_death_signal: bool = False
    no_capabilities: bool = False
    memory_limit: bool = False
    no_new_descriptors: bool = False
    no_new_processes: bool = False
    namespaces: tuple[str, ...] = ()
    empty_root: bool = False
    unprivileged_user: bool = False

    def missing(self) -> tuple[str, ...]:
        """The walls without which no function runs: all others stand behind them."""
        needed = {
            "seccomp filter": self.seccomp,
            "no-new-privileges": self.no_new_privileges,
            "memory limit": self.memory_limit,
            "closed descriptors": self.no_new_descriptors,
        }
        return tuple(name for name, stands in needed.items() if not stands)


class SourceError(Exception):
    """A source that cannot be loaded, on its way from a language to the guest's loop."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.message)
        self.refusal = refusal


class Loaded(Protocol):
    """A function inside its guest."""

    def run(self, batch: bytes) -> tuple[bytes, bytes]:
        """Apply it to records as its reader takes them; gives the two parts of an answer."""


class Engine(Protocol):
    """A language inside a guest, opened before the filter and given a source after it."""

    def load(self, function: Function) -> Loaded:
        """Compile a source and run its top level; raises `SourceError`."""


class Guesthouse(Protocol):
    """A language inside its zygote."""

    overhead_bytes: int
    """What the operating system's limit allows beyond what the function may use."""

    def prepare(self) -> None:
        """Import and start whatever every guest shares, without any thread."""

    def open(self, page_descriptor: int, memory_bytes: int) -> Engine:
        """Start what must exist before the filter, in the new guest."""


class ExitCode:
    """How a guest ends by itself; anything else is a crash or the function's own doing."""

    DONE: Final = 0  # the host closed the channel
    NO_MEMORY: Final = 70
    ENGINE: Final = 71  # the language's engine is lost
    UNFIT: Final = 72  # it could not be locked or opened


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """A record without result, as the host reports it (DEC-32)."""

    position: int
    code: FailureCode
    message: str
    line: int = 0
    column: int = 0
    hint: str = ""
    path: str = ""
    failure_class: FailureClass = FAILURE_CLASS
