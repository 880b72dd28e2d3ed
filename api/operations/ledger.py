"""The rows of operations: the truth about what is asked for, carried out, and ended (RUN-95).

Whoever carries one out holds a lease on it and an attempt number. A process that dies lets its
lease end, and the next one that looks takes the operation over; what the dead one would still
write is refused, since its attempt is no longer the last one.
"""

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Final, final
from uuid import UUID, uuid4

from sqlalchemy import func, or_, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from api.db.insertion import violated_constraint
from api.db.tables.warehouse_operation import WarehouseOperation
from api.db.tables.workspace import Workspace
from api.errors import NotFoundError, Refusal, UnprocessableError
from api.workspaces.settings import REFUSED_BY_MODE
from warehouse.interface import Mode
from warehouse.operations import Operation

LEASE_SECONDS: Final = 30.0
_ONE_LIVE: Final = "uq_warehouse_operations_live"


class Kind(StrEnum):
    """What an operation does, as it is stored."""

    RESOLUTION = "IdentityResolution"
    ALTERATION = "AlterProfileSchema"


_NEEDS: Final = {Kind.RESOLUTION: Operation.RESOLVE, Kind.ALTERATION: Operation.ALTER}


class OperationLostError(Exception):
    """Somebody else carries the operation out, or nobody any more: it is gone."""


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """An operation that this process carries out, for as long as its lease lasts."""

    id: UUID
    workspace_id: int
    kind: Kind
    request: str | None
    attempt: int


def check_mode(mode: Mode, needed: Operation) -> None:
    """Refuse what the mode of a warehouse does not allow (section 7)."""
    if not mode.allows(needed):
        raise UnprocessableError(*REFUSED_BY_MODE[mode])


async def start(
    session: AsyncSession, workspace_id: int, kind: Kind, request: str | None = None
) -> UUID:
    """Ask for an operation, or say why there can be none now."""
    # Who changes the mode or the identifiers waits for us, and we for them (WH-50, IR-14).
    row = await session.get(Workspace, workspace_id, with_for_update=True)
    if row is None:
        raise NotFoundError("the workspace does not exist")
    check_mode(Mode(row.warehouse_mode), _NEEDS[kind])
    made = WarehouseOperation(
        id=uuid4(),
        workspace_id=workspace_id,
        operation=kind.value,
        request=request,
        started_at=func.now(),
    )
    try:
        async with session.begin_nested():
            session.add(made)
    except IntegrityError as error:
        if violated_constraint(error) != _ONE_LIVE:
            raise
        raise UnprocessableError(
            Refusal.OPERATION_ALREADY_EXECUTING,
            "identities are being resolved, or the profile schema is being changed",
        ) from error
    return made.id


async def latest(session: AsyncSession, workspace_id: int, kind: Kind) -> WarehouseOperation | None:
    """Give the latest operation of a kind."""
    row: WarehouseOperation | None = await session.scalar(
        select(WarehouseOperation)
        .where(
            WarehouseOperation.workspace_id == workspace_id,
            WarehouseOperation.operation == kind.value,
        )
        .order_by(WarehouseOperation.started_at.desc(), WarehouseOperation.id)
        .limit(1)
    )
    return row


async def claim(session: AsyncSession, owner: str) -> Claim | None:
    """Take an operation that nobody carries out."""
    free = (
        select(WarehouseOperation.id)
        .where(
            WarehouseOperation.ended_at.is_(None),
            or_(
                WarehouseOperation.lease_ends_at.is_(None),
                WarehouseOperation.lease_ends_at < func.now(),
            ),
        )
        .order_by(WarehouseOperation.started_at)
        .limit(1)
        .with_for_update(skip_locked=True)
    )
    taken = await session.execute(
        update(WarehouseOperation)
        .where(WarehouseOperation.id == free.scalar_subquery())
        .values(
            attempt=WarehouseOperation.attempt + 1,
            lease_owner=owner,
            lease_ends_at=_after(LEASE_SECONDS),
        )
        .returning(WarehouseOperation)
        .execution_options(synchronize_session=False)
    )
    row = taken.scalar_one_or_none()
    if row is None:
        return None
    return Claim(
        id=row.id,
        workspace_id=row.workspace_id,
        kind=Kind(row.operation),
        request=row.request,
        attempt=row.attempt,
    )


async def keep(session: AsyncSession, claimed: Claim, seconds: float = LEASE_SECONDS) -> None:
    """Move the end of the lease on."""
    await _write(session, claimed, lease_ends_at=_after(seconds))


async def release(session: AsyncSession, claimed: Claim) -> None:
    """Let others carry it out at once."""
    await _write(session, claimed, lease_owner=None, lease_ends_at=None)


async def end(session: AsyncSession, claimed: Claim, error: str = "") -> None:
    """Note that it has ended, and how; what the caller has written is only kept with that."""
    await _write(
        session, claimed, ended_at=func.now(), error=error, lease_owner=None, lease_ends_at=None
    )


async def _write(session: AsyncSession, claimed: Claim, **values: object) -> None:
    written = await session.execute(
        update(WarehouseOperation)
        .where(
            WarehouseOperation.id == claimed.id,
            WarehouseOperation.attempt == claimed.attempt,
            WarehouseOperation.ended_at.is_(None),
        )
        .values(**values)
        .returning(WarehouseOperation.id)
        .execution_options(synchronize_session=False)
    )
    if written.scalar_one_or_none() is None:
        raise OperationLostError


def _after(seconds: float) -> object:
    # The clock of the database: those of the processes may differ.
    return func.now() + timedelta(seconds=seconds)
