"""What a format gives: records with their place in the input, and why some are none."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from enum import Enum
from typing import Final, TypeAlias, final

from mapping_lang.batch import Rejection, Step
from mapping_lang.diagnostics import Code
from mapping_lang.types.errors import JsonSyntaxError, ValueRefusedError
from mapping_lang.types.kinds import Schema
from mapping_lang.types.values import Record
from runtime.standalone.records.source import Source

MAX_NAMES: Final = 1_000
"""Names that are remembered because nothing has them."""


@final
@dataclass(frozen=True, slots=True)
class ReadRecord:
    """A record that is valid for the input schema."""

    number: int
    """From 1, in the order of the input."""

    line: int | None
    """Where it begins, from 1, if the format has lines."""

    record: Record

    size: int
    """Of what it was read from, in bytes."""


@final
@dataclass(frozen=True, slots=True)
class RefusedRecord:
    """What stands in the place of a record and is none."""

    number: int
    line: int | None
    rejection: Rejection


class Pause(Enum):
    """Nothing more is here now, and it may take long until there is: what came can be worked on."""

    PAUSE = "pause"


PAUSE: Final = Pause.PAUSE

Item: TypeAlias = ReadRecord | RefusedRecord


@dataclass(slots=True)
class Names:
    """Names of members and columns in the input that are no property, in the order they came."""

    seen: dict[str, None] = field(default_factory=dict)

    def add(self, name: str) -> None:
        if len(self.seen) < MAX_NAMES:
            self.seen[name] = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadOptions:
    """How records are to be read."""

    separator: str = ""
    """Between the values of CSV; empty: found out from the header."""

    ignored: Names = field(default_factory=Names)
    """Where readers put what they leave out."""


OpenRecords: TypeAlias = Callable[[Source, Schema, ReadOptions], Iterator[Item | Pause]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Format:
    """One way in which records are written."""

    name: str
    label: str
    suffixes: tuple[str, ...]
    open: OpenRecords


def refuse(number: int, line: int | None, step: Step, error: ValueRefusedError) -> RefusedRecord:
    """Refuse a record for what is wrong with its text or with a value of it."""
    return RefusedRecord(number, line, Rejection.refused(number - 1, step, error))


def refuse_text(number: int, line: int | None, error: JsonSyntaxError, text: str) -> RefusedRecord:
    """Refuse a record whose text is no JSON; tells where in the text that is."""
    before = text[: error.position]
    column = error.position - (before.rfind("\n") + 1) + 1
    down = before.count("\n")
    at = f"line {line + down}, column {column}" if line and down else f"column {column}"
    placed = ValueRefusedError(error.code, f"{error.message} ({at})", path=error.path)
    return refuse(number, line, Step.RECEIVE, placed)


def too_long(number: int, line: int | None, allowed: int) -> RefusedRecord:
    """Refuse a record that is not read to its end."""
    error = ValueRefusedError(
        Code.VALUE_LIMIT, f"the record has more than {allowed:,} bytes", limit=str(allowed)
    )
    return refuse(number, line, Step.RECEIVE, error)
