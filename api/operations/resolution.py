"""Identity resolution of a workspace: asked for, shown beforehand, and carried out (section 6)."""

from typing import Final
from uuid import UUID, uuid4

import msgspec
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from api.db.session import Sessions
from api.db.tables.primary_source import PrimarySource
from api.db.tables.purge import Purge
from api.db.tables.workspace import Workspace
from api.errors import NotFoundError, UnprocessableError
from api.operations.ledger import Claim, Kind, check_mode, start
from api.operations.operator import Finish, Performer
from api.vault.vault import Vault
from api.workspaces.settings import opening, reaching
from api.workspaces.warehouse import stored
from forms.addresses import Reach
from mapping_lang.types.schema import parse_path
from mapping_lang.types.schemas.decode import decode_schema
from warehouse.identity import Preview, Resolution
from warehouse.interface import Mode
from warehouse.operations import Operation

_NORMAL: Final = Mode.NORMAL.value


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """What a resolution is asked for with, as it is stored."""

    max_merged: int | None = None
    """Absent is what the settings say."""


async def start_resolution(
    session: AsyncSession, workspace_id: int, max_merged: int | None = None
) -> UUID:
    """Ask for a resolution, or say why there can be none now."""
    request = msgspec.json.encode(Request(max_merged=max_merged)).decode()
    return await start(session, workspace_id, Kind.RESOLUTION, request)


async def start_after_run(session: AsyncSession, workspace_id: int) -> bool:
    """Ask for a resolution after an import, if that is wanted and possible (RUN-50)."""
    row = await session.get(Workspace, workspace_id)
    if row is None or not row.resolve_identities_on_batch_import:
        return False
    if row.warehouse_mode != _NORMAL:
        return False
    try:
        await start_resolution(session, workspace_id)
    except UnprocessableError:
        # Another operation is executing, or the mode has just changed.
        return False
    return True


async def preview(
    sessions: Sessions, vault: Vault, reach: Reach, workspace_id: int, max_merged: int | None
) -> Preview:
    """Say what a resolution would do now; changes nothing."""
    async with sessions() as session:
        row = await _workspace(session, workspace_id)
        check_mode(Mode(row.warehouse_mode), Operation.READ)
        asked = await _asked(session, row, uuid4(), max_merged)
        found = stored(vault, row)
    async with opening(found.platform, found.settings, reach) as warehouse:
        return await warehouse.preview(asked)


def performer(sessions: Sessions, vault: Vault, reach: Reach) -> Performer:
    """Give who carries resolutions out."""

    async def perform(claimed: Claim) -> Finish:
        request = msgspec.json.decode(claimed.request or "{}", type=Request)
        async with sessions() as session:
            row = await _workspace(session, claimed.workspace_id)
            asked = await _asked(session, row, claimed.id, request.max_merged)
            found = stored(vault, row)

        async def read_mode() -> Mode:
            async with sessions() as session:
                return Mode((await _workspace(session, claimed.workspace_id)).warehouse_mode)

        async with reaching(found.platform, found.settings, reach) as warehouse:
            await warehouse.resolve(asked, read_mode)
        return _nothing

    return perform


async def _nothing(_session: AsyncSession) -> None:
    return None


async def _workspace(session: AsyncSession, workspace_id: int) -> Workspace:
    row = await session.get(Workspace, workspace_id)
    if row is None:
        raise NotFoundError("the workspace does not exist")
    return row


async def _asked(
    session: AsyncSession, row: Workspace, operation: UUID, max_merged: int | None
) -> Resolution:
    schema = decode_schema(row.profile_schema)
    sources = await session.scalars(
        select(PrimarySource).where(PrimarySource.workspace_id == row.id)
    )
    purges = await session.scalars(select(Purge.pipeline_id).where(Purge.workspace_id == row.id))
    return Resolution(
        operation=operation,
        schema=schema,
        identifiers=tuple(parse_path(path) for path in row.identifiers),
        primary_sources={parse_path(each.path): str(each.connection_id) for each in sources},
        excluded_pipelines=frozenset(str(each) for each in purges),
        max_merged=row.max_merged_identities if max_merged is None else max_merged,
    )
