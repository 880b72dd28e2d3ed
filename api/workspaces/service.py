"""What is done with workspaces."""

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import uuid4

import msgspec
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from api.db.bell import ring
from api.db.insertion import insert_with_id
from api.db.session import Sessions
from api.db.tables.primary_source import PrimarySource
from api.db.tables.workspace import Workspace
from api.errors import (
    BadRequestError,
    NotFoundError,
    Refusal,
    UnprocessableError,
    refused_by,
)
from api.http.model import read_schema
from api.vault.vault import Purpose, Vault
from api.workspaces.creation import Creation, create_warehouse
from api.workspaces.schemas import (
    NewWorkspace,
    UiPreferences,
    UserProfile,
    WorkspaceBody,
    WorkspaceChange,
)
from api.workspaces.settings import read_settings, trying
from forms.addresses import Reach
from mapping_lang.diagnostics import quote
from mapping_lang.types.errors import TypesError
from mapping_lang.types.kinds import NO_SCHEMA, Schema
from mapping_lang.types.schema import parse_path
from mapping_lang.types.schemas.checks import check_profile_schema
from mapping_lang.types.schemas.encode import encode_schema
from warehouse.errors import ColumnRefusedError
from warehouse.interface import Mode, Platform
from warehouse.registry import BY_CODE


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A workspace that could be created, as far as that can be told without its warehouse."""

    name: str
    schema: Schema
    preferences: UiPreferences
    platform: Platform
    mode: Mode
    settings: Mapping[str, object]


def check(body: NewWorkspace) -> Draft:
    """Check what is asked for, in the documented order (section 2 of the warehouse rules)."""
    schema = read_schema("profileSchema", body.profile_schema)
    if schema == NO_SCHEMA:
        raise BadRequestError("`profileSchema` is null, expected a schema")
    _check_preferences(body.ui_preferences)
    mode = body.warehouse.mode
    if mode is None:
        raise BadRequestError("`warehouse.mode` is null, expected a mode")
    for mistake in check_profile_schema(schema):
        raise refused_by(mistake, f"`profileSchema` cannot be one of profiles: {mistake.message}")
    platform = BY_CODE.get(body.warehouse.platform)
    if platform is None:
        known = " and ".join(BY_CODE)
        raise UnprocessableError(
            Refusal.WAREHOUSE_PLATFORM_NOT_EXIST,
            f"there is no platform {quote(body.warehouse.platform)}, there are {known}",
        )
    settings = read_settings(platform, "warehouse.settings", body.warehouse.settings)
    try:
        platform.check_schema(schema)
    except ColumnRefusedError as error:
        raise BadRequestError(
            f"`profileSchema` does not fit {platform.label}: {error}", cause=str(error)
        ) from None
    return Draft(
        name=body.name,
        schema=schema,
        preferences=body.ui_preferences,
        platform=platform,
        mode=mode,
        settings=settings,
    )


async def test(draft: Draft, reach: Reach) -> None:
    """Check that the warehouse could be initialised; changes nothing (WH-6)."""
    async with trying(draft.platform, draft.settings, reach) as warehouse:
        await warehouse.check_initializable()


async def create(
    sessions: Sessions, vault: Vault, reach: Reach, organization_id: int, draft: Draft
) -> int:
    """Initialise a warehouse and keep its workspace: both are there afterwards, or neither (WH-7).

    Whenever this process ends, `api.workspaces.creation` finds out what became of the warehouse.
    """
    async with trying(draft.platform, draft.settings, reach) as warehouse:
        await warehouse.check_initializable()
        async with sessions.begin() as session:
            made = await _insert(session, vault, organization_id, draft)
        return await create_warehouse(sessions, warehouse, draft.schema, made)


async def update(session: AsyncSession, workspace_id: int, change: WorkspaceChange) -> None:
    """Set the name and the preferences."""
    _check_preferences(change.ui_preferences)
    row = await _find(session, workspace_id, for_update=True)
    row.name = change.name
    _set_preferences(row, change.ui_preferences)


async def remove(session: AsyncSession, workspace_id: int) -> None:
    """Delete a workspace with all that belongs to it; its warehouse stays as it is (WH-9)."""
    row = await _find(session, workspace_id, for_update=True)
    await session.delete(row)
    # Whoever carries out a run of it (RUN-83).
    await ring(session)


async def read(session: AsyncSession, workspace_id: int) -> WorkspaceBody:
    """Give a workspace."""
    row = await _find(session, workspace_id)
    sources = await _primary_sources(session, (workspace_id,))
    return _body(row, sources.get(workspace_id, {}))


async def read_all(session: AsyncSession, organization_id: int) -> list[WorkspaceBody]:
    """Give the workspaces of an organisation, by name and id (API-34)."""
    found = await session.scalars(
        select(Workspace).where(Workspace.organization_id == organization_id, Workspace.is_shown())
    )
    rows = sorted(found, key=lambda row: (row.name, row.id))
    sources = await _primary_sources(session, [row.id for row in rows])
    return [_body(row, sources.get(row.id, {})) for row in rows]


async def _insert(
    session: AsyncSession, vault: Vault, organization_id: int, draft: Draft
) -> Creation:
    creation = uuid4()

    def make(workspace_id: int) -> Workspace:
        row = Workspace(
            id=workspace_id,
            organization_id=organization_id,
            name=draft.name,
            profile_schema=encode_schema(draft.schema),
            warehouse_platform=draft.platform.code,
            warehouse_mode=draft.mode.value,
            sealed_warehouse_settings=vault.seal_json(
                Purpose.WAREHOUSE_SETTINGS, workspace_id, draft.settings
            ),
            creation=creation,
            created_at=func.now(),
        )
        _set_preferences(row, draft.preferences)
        return row

    row = await insert_with_id(session, make)
    return Creation(row.id, creation)


def _check_preferences(preferences: UiPreferences) -> None:
    """Check that paths could be paths; they need not be in the schema."""
    profile = preferences.user_profile
    for member, path in (
        ("image", profile.image),
        ("firstName", profile.first_name),
        ("lastName", profile.last_name),
        ("extra", profile.extra),
    ):
        if not path:
            continue
        try:
            parse_path(path)
        except TypesError:
            raise BadRequestError(
                f"`uiPreferences.userProfile.{member}` is {quote(path)},"
                " expected the path of a property or nothing"
            ) from None


def _set_preferences(row: Workspace, preferences: UiPreferences) -> None:
    profile = preferences.user_profile
    row.profile_image_path = profile.image
    row.profile_first_name_path = profile.first_name
    row.profile_last_name_path = profile.last_name
    row.profile_extra_path = profile.extra


async def _find(session: AsyncSession, workspace_id: int, *, for_update: bool = False) -> Workspace:
    row = await session.get(Workspace, workspace_id, with_for_update=for_update or None)
    if row is None:
        # It was there when the request was admitted.
        raise NotFoundError("the workspace does not exist")
    return row


async def _primary_sources(
    session: AsyncSession, workspaces: "list[int] | tuple[int, ...]"
) -> dict[int, dict[str, int]]:
    found = await session.scalars(
        select(PrimarySource)
        .where(PrimarySource.workspace_id.in_(workspaces))
        .order_by(PrimarySource.path)
    )
    sources: dict[int, dict[str, int]] = {}
    for source in found:
        sources.setdefault(source.workspace_id, {})[source.path] = source.connection_id
    return sources


def _body(row: Workspace, primary_sources: dict[str, int]) -> WorkspaceBody:
    return WorkspaceBody(
        id=row.id,
        name=row.name,
        profile_schema=msgspec.Raw(row.profile_schema.encode()),
        primary_sources=primary_sources,
        resolve_identities_on_batch_import=row.resolve_identities_on_batch_import,
        identifiers=list(row.identifiers),
        mode=Mode(row.warehouse_mode),
        ui_preferences=UiPreferences(
            UserProfile(
                row.profile_image_path,
                row.profile_first_name_path,
                row.profile_last_name_path,
                row.profile_extra_path,
            )
        ),
    )
