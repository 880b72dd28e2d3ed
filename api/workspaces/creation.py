"""The creation of workspaces, which exist in two databases: ours, and that of their warehouse.

The row comes first, hidden, with the id of its creation; the warehouse keeps the same id with the
objects that it is given; then the row is shown. Whoever finds a hidden row that nobody holds any
more asks the warehouse how it ended: the row is shown, or deleted.
"""

import asyncio
from dataclasses import dataclass
from typing import Final
from uuid import UUID

import structlog
from sqlalchemy import delete, select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncSession

from api.db.session import Sessions
from api.db.tables.workspace import Workspace
from api.errors import ServiceUnavailableError
from api.vault.errors import VaultError
from api.vault.vault import Purpose, Vault
from forms.addresses import AddressRefusedError, Reach
from mapping_lang.types.kinds import Schema
from warehouse.errors import WarehouseError
from warehouse.interface import Warehouse
from warehouse.registry import BY_CODE

SETTLE_SECONDS: Final = 60.0

_log = structlog.get_logger("api.workspaces")


@dataclass(frozen=True, slots=True)
class Creation:
    """A workspace whose row is hidden."""

    workspace_id: int
    id: UUID


async def create_warehouse(
    sessions: Sessions, warehouse: Warehouse, schema: Schema, creation: Creation
) -> int:
    """Initialise the warehouse of a hidden workspace, and show it; gives its id."""
    in_doubt = False
    try:
        # The row is locked as long as this goes on, also if this process is about to end.
        async with sessions.begin() as session:
            row = await _hold(session, creation)
            async with warehouse.initializing(schema, creation.id):
                # From here on, whether the warehouse is there only the warehouse knows.
                in_doubt = True
            row.creation = None
    except BaseException:
        if not in_doubt:
            async with sessions.begin() as session:
                await session.execute(
                    delete(Workspace).where(Workspace.id == creation.workspace_id)
                )
        raise
    return creation.workspace_id


async def _hold(session: AsyncSession, creation: Creation) -> Workspace:
    row = await session.get(Workspace, creation.workspace_id, with_for_update=True)
    if row is None:
        # It was found before it was locked, and nobody seemed to create it.
        raise ServiceUnavailableError("the workspace was not created: try again")
    return row


async def settle_for_ever(sessions: Sessions, vault: Vault, reach: Reach) -> None:
    """Settle what processes that were ended have left, now and then."""
    while True:
        try:
            await settle(sessions, vault, reach)
        except SQLAlchemyError as error:
            _log.error("creations cannot be settled now", reason=str(error))
        await asyncio.sleep(SETTLE_SECONDS)


async def settle(sessions: Sessions, vault: Vault, reach: Reach) -> None:
    """Show or delete every hidden workspace that nobody is creating any more."""
    last = 0
    while True:
        async with sessions.begin() as session:
            row = await session.scalar(
                select(Workspace)
                .where(Workspace.creation.is_not(None), Workspace.id > last)
                .order_by(Workspace.id)
                .limit(1)
                .with_for_update(skip_locked=True)
            )
            if row is None or row.creation is None:
                return
            last = row.id
            created = await _was_created(vault, reach, row, row.creation)
            if created is None:
                continue
            _log.warning("a creation that was cut off is settled", workspace=last, created=created)
            if created:
                row.creation = None
            else:
                await session.delete(row)


async def _was_created(vault: Vault, reach: Reach, row: Workspace, creation: UUID) -> bool | None:
    """Ask a warehouse; None if it does not answer now."""
    try:
        settings = vault.open_json(
            Purpose.WAREHOUSE_SETTINGS, row.id, row.sealed_warehouse_settings
        )
        warehouse = await BY_CODE[row.warehouse_platform].open(settings, reach)
        try:
            return await warehouse.was_created(creation)
        finally:
            await warehouse.close()
    except (WarehouseError, AddressRefusedError, VaultError) as error:
        _log.warning("a creation cannot be settled now", workspace=row.id, reason=str(error))
        return None
