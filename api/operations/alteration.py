"""Changes of the profile schema: checked, shown beforehand, and carried out (section 9)."""

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID, uuid4

import msgspec
from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from api.db.session import Sessions
from api.db.tables.connection import Connection
from api.db.tables.pipeline import Pipeline
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
from api.operations.alteration_bodies import RenamedProperty, SchemaChange, SchemaChangePreview
from api.operations.ledger import Claim, Kind, start
from api.operations.operator import Finish, Performer
from api.vault.vault import Vault
from api.workspaces.settings import opening, reaching
from api.workspaces.warehouse import stored
from connectors.interface import Role, Target
from connectors.registry import Catalogue
from forms.addresses import Reach
from mapping_lang.diagnostics import quote
from mapping_lang.types.errors import PathError
from mapping_lang.types.kinds import NO_SCHEMA, ArrayType, ObjectType, Schema, display
from mapping_lang.types.schema import Path, contains, find, format_path, parse_path
from mapping_lang.types.schemas.checks import check_profile_schema
from mapping_lang.types.schemas.decode import decode_schema
from mapping_lang.types.schemas.encode import encode_schema
from warehouse.alteration import (
    Alteration,
    AlterationRefusedError,
    Changes,
    find_changes,
)
from warehouse.errors import ColumnRefusedError
from warehouse.interface import Mode
from warehouse.registry import BY_CODE


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """A change that was accepted, as it is stored."""

    schema: str
    primary_sources: dict[str, int]
    re_paths: dict[str, str | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A change whose parts are well formed."""

    schema: Schema
    primary_sources: Mapping[Path, int]
    re_paths: Mapping[Path, Path | None]


def check(body: SchemaChange) -> Draft:
    """Check what can be told without the workspace (WH-70, WH-71)."""
    schema = read_schema("schema", body.schema)
    if schema == NO_SCHEMA:
        raise BadRequestError("`schema` is null, expected a schema")
    for mistake in check_profile_schema(schema):
        raise refused_by(mistake, f"`schema` cannot be one of profiles: {mistake.message}")
    re_paths = {
        _path("rePaths", new): None if old is None else _path("rePaths", old)
        for new, old in body.re_paths.items()
    }
    for new, old in re_paths.items():
        if new == old:
            raise BadRequestError(
                f"`rePaths` says that {quote(format_path(new))} was itself, expected another path"
            )
    sources = {_path("primarySources", path): of for path, of in body.primary_sources.items()}
    for path in sources:
        item = find(schema, path)
        if item is None:
            raise BadRequestError(
                f"{quote(format_path(path))} in `primarySources` is not in the schema"
            )
        if isinstance(item.type, ObjectType | ArrayType):
            raise BadRequestError(
                f"{quote(format_path(path))} in `primarySources` is {display(item.type)},"
                " which has no primary source"
            )
    return Draft(schema=schema, primary_sources=sources, re_paths=re_paths)


async def start_alteration(
    session: AsyncSession, catalogue: Catalogue, workspace_id: int, draft: Draft
) -> UUID:
    """Ask for a change, or say why it cannot be made."""
    row = await _workspace(session, workspace_id, for_update=True)
    await _changes(session, catalogue, row, draft)
    request = Request(
        schema=encode_schema(draft.schema),
        primary_sources={format_path(path): of for path, of in draft.primary_sources.items()},
        re_paths={
            format_path(new): None if old is None else format_path(old)
            for new, old in draft.re_paths.items()
        },
    )
    text = msgspec.json.encode(request).decode()
    return await start(session, workspace_id, Kind.ALTERATION, text)


async def preview(
    sessions: Sessions,
    vault: Vault,
    reach: Reach,
    catalogue: Catalogue,
    workspace_id: int,
    draft: Draft,
) -> SchemaChangePreview:
    """Say what a change would do; changes nothing."""
    async with sessions() as session:
        row = await _workspace(session, workspace_id)
        changes = await _changes(session, catalogue, row, draft)
        found = stored(vault, row)
        pipelines = await session.scalars(
            select(Pipeline).where(Pipeline.workspace_id == workspace_id).order_by(Pipeline.id)
        )
        gone = [old for old, new in changes.moved.items() if old != new]
        gone += [each.path for each in changes.dropped]
        referring = [each.id for each in pipelines if _refers(each, gone)]
    asked = Alteration(operation=uuid4(), old=found.schema, new=draft.schema, changes=changes)
    async with opening(found.platform, found.settings, reach) as warehouse:
        statements = await warehouse.show_alteration(asked)
    return SchemaChangePreview(
        dropped=[format_path(each.path) for each in changes.dropped],
        renamed=[
            RenamedProperty(path=format_path(new.path), former_path=format_path(old.path))
            for old, new in changes.renamed
        ],
        added=[format_path(each.path) for each in changes.added],
        pipelines=referring,
        statements=list(statements),
    )


def performer(sessions: Sessions, vault: Vault, reach: Reach) -> Performer:
    """Give who carries changes out."""

    async def perform(claimed: Claim) -> Finish:
        request = msgspec.json.decode(claimed.request or "", type=Request)
        new = decode_schema(request.schema)
        re_paths = {
            parse_path(path): None if old is None else parse_path(old)
            for path, old in request.re_paths.items()
        }
        async with sessions() as session:
            found = stored(vault, await _workspace(session, claimed.workspace_id))
        changes = find_changes(found.schema, new, re_paths)
        asked = Alteration(operation=claimed.id, old=found.schema, new=new, changes=changes)

        async def read_mode() -> Mode:
            async with sessions() as session:
                return Mode((await _workspace(session, claimed.workspace_id)).warehouse_mode)

        async with reaching(found.platform, found.settings, reach) as warehouse:
            await warehouse.alter(asked, read_mode)

        async def finish(session: AsyncSession) -> None:
            await _store(session, claimed.workspace_id, request, changes)

        return finish

    return perform


async def _changes(
    session: AsyncSession, catalogue: Catalogue, row: Workspace, draft: Draft
) -> Changes:
    platform = BY_CODE[row.warehouse_platform]
    try:
        platform.check_schema(draft.schema)
    except ColumnRefusedError as error:
        raise BadRequestError(
            f"`schema` does not fit {platform.label}: {error}", cause=str(error)
        ) from None
    await _check_sources(session, catalogue, row.id, draft.primary_sources)
    try:
        return find_changes(decode_schema(row.profile_schema), draft.schema, draft.re_paths)
    except AlterationRefusedError as error:
        raise UnprocessableError(
            Refusal.INVALID_ALTER_SCHEMA, f"the schema cannot be changed so: {error}"
        ) from None


async def _check_sources(
    session: AsyncSession, catalogue: Catalogue, workspace_id: int, sources: Mapping[Path, int]
) -> None:
    """Hold primary sources to source connections that have users (WH-75)."""
    found = await session.execute(
        select(Connection.id, Connection.connector).where(
            Connection.workspace_id == workspace_id,
            Connection.role == Role.SOURCE.value,
            Connection.id.in_(set(sources.values())),
        )
    )
    with_users = {
        number
        for number, code in found
        if (connector := catalogue.by_code.get(code)) is not None
        and Target.USER in connector.targets(Role.SOURCE)
    }
    for path, of in sources.items():
        if of not in with_users:
            raise UnprocessableError(
                Refusal.CONNECTION_NOT_EXIST,
                f"the primary source of {quote(format_path(path))}, {of}, is no source of users",
            )


async def _store(
    session: AsyncSession, workspace_id: int, request: Request, changes: Changes
) -> None:
    """Keep what the warehouse is like now (WH-73)."""
    row = await _workspace(session, workspace_id, for_update=True)
    row.profile_schema = request.schema
    moved = {format_path(old): format_path(new) for old, new in changes.moved.items()}
    row.identifiers = [moved[path] for path in row.identifiers if path in moved]
    await session.execute(delete(PrimarySource).where(PrimarySource.workspace_id == workspace_id))
    # A connection that was deleted meanwhile is the source of nothing.
    there = set(
        await session.scalars(
            select(Connection.id)
            .where(
                Connection.workspace_id == workspace_id,
                Connection.id.in_(set(request.primary_sources.values())),
            )
            .with_for_update(read=True, key_share=True)
        )
    )
    session.add_all(
        PrimarySource(workspace_id=workspace_id, path=path, connection_id=of)
        for path, of in request.primary_sources.items()
        if of in there
    )


def _refers(pipeline: Pipeline, paths: list[Path]) -> bool:
    """Tell if the side of profiles of a pipeline has one of the properties (WH-74)."""
    is_import = pipeline.connection_role == Role.SOURCE.value
    text = pipeline.out_schema if is_import else pipeline.in_schema
    if text is None or pipeline.target != Target.USER.value:
        return False
    schema = decode_schema(text)
    return any(contains(schema, path) for path in paths)


async def _workspace(
    session: AsyncSession, workspace_id: int, *, for_update: bool = False
) -> Workspace:
    row = await session.get(Workspace, workspace_id, with_for_update=for_update or None)
    if row is None:
        raise NotFoundError("the workspace does not exist")
    return row


def _path(member: str, text: str) -> Path:
    try:
        return parse_path(text)
    except PathError:
        raise BadRequestError(f"{quote(text)} in `{member}` is no path") from None
