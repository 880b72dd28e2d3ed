"""What is done with the warehouse of a workspace."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

import structlog
from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from api.db.bell import ring
from api.db.session import Sessions
from api.db.tables.pipeline import Pipeline
from api.db.tables.run import Run
from api.db.tables.run_error import RunError
from api.db.tables.warehouse_operation import WarehouseOperation
from api.db.tables.workspace import Workspace
from api.errors import (
    BadRequestError,
    NotFoundError,
    Refusal,
    ServiceUnavailableError,
    UnprocessableError,
)
from api.vault.vault import Purpose, Vault
from api.workspaces.schemas import ModeChange, WarehouseBody, WarehouseChange, WarehouseTest
from api.workspaces.settings import opening, read_settings, trying
from forms.addresses import AddressRefusedError, Reach
from mapping_lang.types.kinds import Schema
from mapping_lang.types.schemas.decode import decode_schema
from warehouse.errors import WarehouseUnavailableError
from warehouse.interface import Mode, Platform, Warehouse
from warehouse.operations import Operation
from warehouse.registry import BY_CODE

CANCELLED: Final = "the mode of the data warehouse was changed"

_RECEIVE: Final = 0
"""The step that errors of runs count for which no step made (RUN-84)."""

DRAIN_SECONDS: Final = 60
"""How long a change of mode waits for what is in flight: a client does not wait longer."""

_KINDS: Final = MappingProxyType(
    {Operation.RESOLVE: "IdentityResolution", Operation.ALTER: "AlterProfileSchema"}
)

_log = structlog.get_logger("api.workspaces")


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """A workspace's warehouse, as it is stored."""

    platform: Platform
    settings: Mapping[str, object]
    schema: Schema


async def read(session: AsyncSession, vault: Vault, workspace_id: int) -> WarehouseBody:
    """Give platform, mode and settings, without what is secret (WH-5)."""
    row = await _find(session, workspace_id)
    found = stored(vault, row)
    return WarehouseBody(
        platform=found.platform.code,
        mode=Mode(row.warehouse_mode),
        settings={
            name: value if isinstance(value, int) else str(value)
            for name, value in found.settings.items()
            if name not in found.platform.secret_settings
        },
    )


async def set_mode(
    sessions: Sessions, vault: Vault, reach: Reach, workspace_id: int, change: ModeChange
) -> None:
    """Set the mode, and wait for what it does not allow any more (WH-50)."""
    if change.mode is None:
        raise BadRequestError("`mode` is null, expected a mode")
    async with sessions.begin() as session:
        row = await _store_mode(session, workspace_id, change.mode, change)
        found = stored(vault, row)
    await _drain(found, reach, change.mode, cancel=change.cancel_incompatible_operations)


async def _store_mode(
    session: AsyncSession, workspace_id: int, mode: Mode, change: ModeChange
) -> Workspace:
    """Keep the mode: from now on, what it does not allow is refused."""
    row = await _find(session, workspace_id, for_update=True)
    row.warehouse_mode = mode.value
    if change.cancel_incompatible_operations:
        refused = mode.refused()
        if Operation.WRITE in refused:
            await _cancel_runs(session, workspace_id)
        kinds = [kind for operation, kind in _KINDS.items() if operation in refused]
        await _cancel_operations(session, workspace_id, kinds)
    return row


async def _drain(found: Opened, reach: Reach, mode: Mode, *, cancel: bool) -> None:
    """Wait until nothing is in flight in the warehouse that the mode does not allow."""
    if not mode.refused():
        return
    warehouse = await _reached(found, reach)
    if warehouse is None:
        return
    try:
        async with asyncio.timeout(DRAIN_SECONDS):
            await warehouse.drain(mode.refused(), cancel=cancel)
    except WarehouseUnavailableError as error:
        # What cannot be reached does nothing for us either.
        _log.warning("nobody can be waited for in a warehouse", reason=error.reason)
    except TimeoutError:
        raise ServiceUnavailableError(
            f"the mode is {mode} and new work is refused, but what had begun has not ended"
            f" after {DRAIN_SECONDS} seconds; ask again to wait for it, or to cancel it"
        ) from None
    finally:
        await warehouse.close()


async def _reached(found: Opened, reach: Reach) -> Warehouse | None:
    try:
        return await found.platform.open(found.settings, reach)
    except (WarehouseUnavailableError, AddressRefusedError) as error:
        _log.warning("nobody can be waited for in a warehouse", reason=str(error))
        return None


async def change(
    sessions: Sessions, vault: Vault, reach: Reach, workspace_id: int, asked: WarehouseChange
) -> None:
    """Store another way to the same warehouse, after it was tried."""
    if asked.mode is None:
        raise BadRequestError("`mode` is null, expected a mode")
    async with sessions() as session:
        found = stored(vault, await _find(session, workspace_id))
    settings = read_settings(found.platform, "settings", asked.settings)
    await _try(found, settings, reach)
    async with sessions.begin() as session:
        row = await _find(session, workspace_id, for_update=True)
        row.sealed_warehouse_settings = vault.seal_json(
            Purpose.WAREHOUSE_SETTINGS, workspace_id, settings
        )
    mode_change = ModeChange(
        mode=asked.mode, cancel_incompatible_operations=asked.cancel_incompatible_operations
    )
    await set_mode(sessions, vault, reach, workspace_id, mode_change)


async def test(
    sessions: Sessions, vault: Vault, reach: Reach, workspace_id: int, asked: WarehouseTest
) -> None:
    """Try settings for the same warehouse; changes nothing."""
    async with sessions() as session:
        found = stored(vault, await _find(session, workspace_id))
    await _try(found, read_settings(found.platform, "settings", asked.settings), reach)


async def repair(sessions: Sessions, vault: Vault, reach: Reach, workspace_id: int) -> None:
    """Create what is missing in the warehouse (WH-13)."""
    async with sessions() as session:
        found = stored(vault, await _find(session, workspace_id))
    async with opening(found.platform, found.settings, reach) as warehouse:
        await warehouse.repair(found.schema)


async def _try(found: Opened, settings: Mapping[str, object], reach: Reach) -> None:
    if not found.platform.same_warehouse(found.settings, settings):
        raise UnprocessableError(
            Refusal.DIFFERENT_WAREHOUSE,
            "the settings lead to another warehouse than that of the workspace",
        )
    async with trying(found.platform, settings, reach) as warehouse:
        await warehouse.check_initialized()


async def _cancel_runs(session: AsyncSession, workspace_id: int) -> None:
    """End the live runs of a workspace (RUN-70); whoever has one is told that it is not its own."""
    pipelines = select(Pipeline.id).where(Pipeline.workspace_id == workspace_id)
    ended = await session.scalars(
        update(Run)
        .where(Run.pipeline_id.in_(pipelines), Run.ended_at.is_(None))
        .values(
            ended_at=func.now(),
            error=CANCELLED,
            error_step=_RECEIVE,
            definition=None,
            lease_owner=None,
            lease_ends_at=None,
        )
        .returning(Run.id)
    )
    for run_id in ended:
        session.add(
            RunError(
                run_id=run_id,
                batch=0,
                step=_RECEIVE,
                message=CANCELLED,
                count=0,
                occurred_at=func.date_trunc("minute", func.now()),
            )
        )
    await ring(session)


async def _cancel_operations(session: AsyncSession, workspace_id: int, kinds: list[str]) -> None:
    """End live operations; who carries one out finds that it is not its own."""
    await session.execute(
        update(WarehouseOperation)
        .where(
            WarehouseOperation.workspace_id == workspace_id,
            WarehouseOperation.operation.in_(kinds),
            WarehouseOperation.ended_at.is_(None),
        )
        .values(ended_at=func.now(), error=CANCELLED, lease_owner=None, lease_ends_at=None)
    )


async def _find(session: AsyncSession, workspace_id: int, *, for_update: bool = False) -> Workspace:
    row = await session.get(Workspace, workspace_id, with_for_update=for_update or None)
    if row is None:
        raise NotFoundError("the workspace does not exist")
    return row


def stored(vault: Vault, row: Workspace) -> Opened:
    """Give the warehouse of a workspace, as it is stored."""
    return Opened(
        platform=BY_CODE[row.warehouse_platform],
        settings=vault.open_json(Purpose.WAREHOUSE_SETTINGS, row.id, row.sealed_warehouse_settings),
        schema=decode_schema(row.profile_schema),
    )
