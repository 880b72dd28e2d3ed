"""Whether identities that a run did not touch are deleted at its end (RUN-40 to RUN-44)."""

from datetime import datetime
from enum import Enum
from typing import Final

SKIPPED: Final = (
    "Identities that are no longer in the source were not deleted: records failed whose user ID"
    " is not known, and they may belong to them"
)
"""The error entry of a run whose purge was given up (RUN-42)."""


class Purge(Enum):
    """What a run that came to its end does with what it did not touch."""

    NONE = "the run did not read everything"
    SKIPPED = "a record failed whose user ID is unknown"
    UNTOUCHED = "whatever was neither written nor kept is deleted"


def reads_everything(*, cursor: datetime | None, has_update_time: bool) -> bool:
    """Tell whether a run of a file reads it from scratch (RUN-40)."""
    return cursor is None or not has_update_time


def decide(*, reads_everything: bool, unknown_failed: bool) -> Purge:
    """Decide at the end of a run without error."""
    if not reads_everything:
        return Purge.NONE
    return Purge.SKIPPED if unknown_failed else Purge.UNTOUCHED
