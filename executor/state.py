"""How far a run has come, as it is kept in the warehouse beside what was written (DEC-44)."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final, Self, final

import msgspec

from executor.steps import NO_COUNTS, Counters
from mapping_lang.types.text.format import format_datetime
from mapping_lang.types.text.parse import parse_datetime_rfc3339

_VERSION: Final = 1


class StateError(Exception):
    """A state that no release of ours wrote."""

    retryable = False


class _Kept(msgspec.Struct, frozen=True, kw_only=True):
    version: int
    sequence: int
    position: int
    passed: list[int]
    failed: list[int]
    cursor: str | None
    unknown_failed: bool
    source: str


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """What is durable: batches up to a number, their counters, and where to read on."""

    sequence: int = 0
    """The number of the last batch that was written; 0 before the first."""
    position: int = 0
    """How many records of the source are behind us, skipped ones included."""
    counters: Counters = NO_COUNTS
    cursor: datetime | None = None
    """The greatest update time of the records that passed the filter (RUN-30)."""
    unknown_failed: bool = False
    """Whether a record failed whose user id is unknown, so that nothing is purged (RUN-42)."""
    source: str = ""
    """What tells this content of the source from another one."""

    def encode(self) -> str:
        """Write the state as JSON."""
        kept = _Kept(
            version=_VERSION,
            sequence=self.sequence,
            position=self.position,
            passed=list(self.counters.passed),
            failed=list(self.counters.failed),
            cursor=None if self.cursor is None else format_datetime(self.cursor),
            unknown_failed=self.unknown_failed,
            source=self.source,
        )
        return msgspec.json.encode(kept).decode()

    @classmethod
    def decode(cls, text: str) -> Self:
        """Read what `encode` wrote."""
        try:
            kept = msgspec.json.decode(text, type=_Kept)
        except msgspec.MsgspecError as error:
            raise StateError(f"the state of a run cannot be read: {error}") from error
        if kept.version != _VERSION:
            raise StateError(f"found state {kept.version} of a run, expected {_VERSION}")
        return cls(
            sequence=kept.sequence,
            position=kept.position,
            counters=Counters.of(kept.passed, kept.failed),
            cursor=None if kept.cursor is None else parse_datetime_rfc3339(kept.cursor),
            unknown_failed=kept.unknown_failed,
            source=kept.source,
        )


NOTHING: Final = State()


def later(one: datetime | None, other: datetime | None) -> datetime | None:
    """Give the later of two cursors; none is the earliest (RUN-30)."""
    if one is None or other is None:
        return one if other is None else other
    return max(one, other)
