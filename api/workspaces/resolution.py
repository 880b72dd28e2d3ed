"""How the identities of a workspace are resolved: which properties tell them apart, and when."""

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from api.db.tables.warehouse_operation import WarehouseOperation
from api.db.tables.workspace import Workspace
from api.errors import BadRequestError, NotFoundError, Refusal, UnprocessableError
from api.workspaces.schemas import ResolutionSettings
from mapping_lang.diagnostics import quote
from mapping_lang.types.errors import TypesError
from mapping_lang.types.kinds import (
    DecimalType,
    IntType,
    IpType,
    StringType,
    Type,
    UuidType,
    display,
)
from mapping_lang.types.schema import find, parse_path
from mapping_lang.types.schemas.decode import decode_schema

_EXECUTING = {
    "IdentityResolution": (
        Refusal.IDENTITY_RESOLUTION_IN_EXECUTION,
        "identities are being resolved",
    ),
    "AlterProfileSchema": (
        Refusal.ALTER_SCHEMA_IN_EXECUTION,
        "the profile schema is being changed",
    ),
}


async def read(session: AsyncSession, workspace_id: int) -> ResolutionSettings:
    """Give the settings."""
    row = await _find(session, workspace_id)
    return ResolutionSettings(
        run_on_batch_import=row.resolve_identities_on_batch_import,
        identifiers=tuple(row.identifiers),
        max_merged=row.max_merged_identities,
    )


async def change(session: AsyncSession, workspace_id: int, asked: ResolutionSettings) -> None:
    """Replace the settings (IR-1, IR-14)."""
    if len(set(asked.identifiers)) != len(asked.identifiers):
        raise BadRequestError("`identifiers` has a path twice")
    for path in asked.identifiers:
        try:
            parse_path(path)
        except TypesError:
            raise BadRequestError(f"{quote(path)} in `identifiers` is no path") from None
    row = await _find(session, workspace_id, for_update=True)
    schema = decode_schema(row.profile_schema)
    for path in asked.identifiers:
        item = find(schema, parse_path(path))
        if item is None:
            raise UnprocessableError(
                Refusal.PROPERTY_NOT_EXIST,
                f"the profile schema has no property {quote(path)}",
            )
        if not _can_identify(item.type):
            raise UnprocessableError(
                Refusal.TYPE_NOT_ALLOWED,
                f"{quote(path)} is {display(item.type)}, expected string, int, uuid, ip"
                " or a decimal of scale 0",
            )
    await _check_idle(session, workspace_id)
    row.identifiers = list(asked.identifiers)
    row.max_merged_identities = asked.max_merged
    row.resolve_identities_on_batch_import = asked.run_on_batch_import


def _can_identify(type_: Type) -> bool:
    match type_:
        case StringType() | IntType() | UuidType() | IpType() | DecimalType(scale=0):
            return True
        case _:
            return False


async def _check_idle(session: AsyncSession, workspace_id: int) -> None:
    operation = await session.scalar(
        select(WarehouseOperation.operation).where(
            WarehouseOperation.workspace_id == workspace_id, WarehouseOperation.ended_at.is_(None)
        )
    )
    if operation is not None:
        raise UnprocessableError(*_EXECUTING[operation])


async def _find(session: AsyncSession, workspace_id: int, *, for_update: bool = False) -> Workspace:
    row = await session.get(Workspace, workspace_id, with_for_update=for_update or None)
    if row is None:
        raise NotFoundError("the workspace does not exist")
    return row
