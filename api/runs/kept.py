"""The failed records of a run, as its owner sees them (DEC-32, DEC-47)."""

from typing import Annotated, Final

import msgspec
from msgspec import Meta
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from api.db.tables.run_failure import RunFailure
from api.http.model import InstantText, Model, instant
from api.runs.errors import MAX_LIMIT, StepName
from api.runs.failures import opened_failure
from api.vault.vault import Vault
from executor.steps import NAMES

MAX_FIRST: Final = 1_000_000


class FailuresQuery(Model, frozen=True, kw_only=True):
    """Which failed records are asked for."""

    step: StepName | None = None
    code: str | None = None
    first: Annotated[int, Meta(ge=0, le=MAX_FIRST)] = 0
    limit: Annotated[int, Meta(ge=1, le=MAX_LIMIT)] = MAX_LIMIT


class FailureObject(Model, frozen=True, kw_only=True):
    """A record that failed: where it stands, why, and what it was."""

    position: int
    """In the source, from 0."""
    step: StepName
    code: str
    failure_class: str = msgspec.field(name="class")
    message: str
    path: str
    line: int | None
    column: int | None
    hint: str
    user_id: str | None = msgspec.field(name="userID")
    function_version: str
    time: InstantText
    input: msgspec.Raw | None
    """The record as far as it could be read; null if it was too large to be kept."""


class FailureList(Model, frozen=True, kw_only=True):
    """Failed records in the order of their source, and how many there are."""

    failures: list[FailureObject]
    total: int


async def read_failures(
    session: AsyncSession, vault: Vault, run_id: int, query: FailuresQuery
) -> FailureList:
    """Give some failed records of a run."""
    wanted = select(RunFailure).where(RunFailure.run_id == run_id)
    if query.step is not None:
        wanted = wanted.where(RunFailure.step == NAMES.index(query.step.value))
    if query.code is not None:
        wanted = wanted.where(RunFailure.code == query.code)
    total = await session.scalar(select(func.count()).select_from(wanted.subquery()))
    rows = await session.scalars(
        wanted.order_by(RunFailure.position).offset(query.first).limit(query.limit)
    )
    return FailureList(failures=[_present(vault, row) for row in rows], total=total or 0)


def _present(vault: Vault, row: RunFailure) -> FailureObject:
    kept = opened_failure(vault, row.run_id, row.sealed)
    return FailureObject(
        position=row.position,
        step=StepName(NAMES[row.step]),
        code=row.code,
        failure_class=kept.failure_class,
        message=kept.message,
        path=kept.path,
        line=kept.line,
        column=kept.column,
        hint=kept.hint,
        user_id=kept.user_id,
        function_version=kept.function_version,
        time=instant(row.created_at),
        input=None if kept.input is None else msgspec.Raw(kept.input.encode()),
    )
