"""Records that failed, as they are told and kept (DEC-47)."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Self, final

from executor.marks import Mistake
from mapping_lang.batch import Rejection, Step


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """A record that failed at a step."""

    position: int
    """In the source, from 0."""
    step: Step
    code: str
    message: str
    failure_class: str = "data"
    path: str = ""
    line: int | None = None
    column: int | None = None
    hint: str = ""
    user_id: str | None = None
    """None if it is not known."""
    update_time: datetime | None = None
    """None if it is not known."""
    input: str = field(default="", repr=False)
    """The record as it was read, in JSON."""

    @classmethod
    def of_mistake(
        cls, mistake: Mistake, step: Step, *, position: int, user_id: str | None, path: str
    ) -> Self:
        return cls(
            position=position,
            step=step,
            code=mistake.code.value,
            message=mistake.message,
            path=path,
            user_id=user_id,
        )

    @classmethod
    def of_rejection(
        cls, rejection: Rejection, step: Step, *, position: int, user_id: str | None
    ) -> Self:
        return cls(
            position=position,
            step=step,
            code=rejection.code.value,
            message=rejection.message,
            failure_class=rejection.failure_class.value,
            path=rejection.path,
            line=rejection.line,
            column=rejection.column,
            hint=rejection.hint,
            user_id=user_id,
        )


def known_ids(failures: Iterable[Failure]) -> list[str]:
    """Give the user ids whose identities survive a purge (RUN-41)."""
    return sorted({failure.user_id for failure in failures if failure.user_id is not None})


def any_unknown(failures: Iterable[Failure]) -> bool:
    """Tell whether a purge has to be given up (RUN-42)."""
    return any(failure.user_id is None for failure in failures)
