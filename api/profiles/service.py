"""What is read of profiles and identities (sections 5 and 8 of the rules of warehouses)."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from typing import Final
from uuid import UUID

import msgspec
from sqlalchemy import select

from api.db.session import Sessions
from api.db.tables.connection import Connection
from api.db.tables.pipeline import Pipeline
from api.db.tables.workspace import Workspace
from api.errors import (
    BadRequestError,
    NotFoundError,
    Refusal,
    UnprocessableError,
    refused_by,
)
from api.http.model import schema_json
from api.profiles.schemas import (
    AttributesBody,
    EventList,
    IdentityList,
    PageQuery,
    ProfileList,
    ProfileListQuery,
    identity_body,
    profile_body,
)
from api.vault.vault import Vault
from api.workspaces.kept import KeptWarehouses
from api.workspaces.settings import opening
from api.workspaces.warehouse import stored
from forms.addresses import Reach
from mapping_lang.diagnostics import did_you_mean, quote
from mapping_lang.predicate.decode import decode
from mapping_lang.predicate.errors import FilterError
from mapping_lang.predicate.tree import Predicate
from mapping_lang.predicate.usage import Context, Target
from mapping_lang.types.errors import PathError
from mapping_lang.types.kinds import ArrayType, JsonType, MapType, ObjectType, Schema, display
from mapping_lang.types.schema import (
    Path,
    Role,
    find,
    format_path,
    parse_path,
    prune_to_paths,
    walk,
)
from warehouse.interface import Mode, ReadMode, Warehouse
from warehouse.layout import Column, columns
from warehouse.profile import IdentityQuery, OfConnection, OfProfile, Page, ProfileQuery

# Profiles are filtered here as exports filter them.
_FILTERED: Final = Context(Role.DESTINATION, Target.USER)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    """Who reads from the warehouses of workspaces."""

    sessions: Sessions
    vault: Vault
    reach: Reach
    warehouses: KeptWarehouses

    async def profiles(self, workspace_id: int, asked: ProfileListQuery) -> ProfileList:
        """Read a page of profiles."""
        async with self._opening(workspace_id) as (warehouse, schema, read_mode):
            shown = schema if asked.properties is None else _pruned(schema, asked.properties)
            query = ProfileQuery(
                schema=shown,
                where=None if asked.filter is None else _filter(schema, asked.filter),
                order=None if asked.order is None else _order(schema, asked.order),
                descending=asked.order is None or asked.order_desc,
                page=Page(first=asked.first, limit=asked.limit),
            )
            found = await warehouse.read_profiles(query, read_mode)
        return ProfileList(
            profiles=[profile_body(each) for each in found.profiles],
            schema=schema_json(shown),
            total=found.total,
        )

    async def attributes(self, workspace_id: int, kpid: UUID) -> AttributesBody:
        """Read the attributes of one profile."""
        async with self._opening(workspace_id) as (warehouse, schema, read_mode):
            found = await warehouse.read_profile(kpid, schema, read_mode)
        if found is None:
            raise _no_profile(kpid)
        return AttributesBody(attributes=msgspec.Raw(found.attributes.text.encode()))

    async def events(self, workspace_id: int, kpid: UUID, asked: PageQuery) -> EventList:
        """Read a page of the events of a profile."""
        page = Page(first=asked.first, limit=asked.limit)
        async with self._opening(workspace_id) as (warehouse, _, read_mode):
            found = await warehouse.read_events(kpid, page, read_mode)
        if found is None:
            raise _no_profile(kpid)
        return EventList(
            events=[msgspec.Raw(each.text.encode()) for each in found.events], total=found.total
        )

    async def identities(self, workspace_id: int, kpid: UUID, asked: PageQuery) -> IdentityList:
        """Read a page of the identities of a profile."""
        return await self._identities(workspace_id, OfProfile(kpid), asked)

    async def identities_of_connection(
        self, workspace_id: int, connection_id: int, asked: PageQuery
    ) -> IdentityList:
        """Read a page of the identities of a connection; a destination has none (WH-62)."""
        return await self._identities(workspace_id, OfConnection(str(connection_id)), asked)

    async def check_connection(self, workspace_id: int, connection_id: int) -> None:
        """Refuse a connection that does not exist."""
        async with self.sessions() as session:
            row = await session.scalar(
                select(Connection.id).where(
                    Connection.id == connection_id, Connection.workspace_id == workspace_id
                )
            )
        if row is None:
            raise NotFoundError(f"the connection {connection_id} does not exist")

    async def _identities(
        self, workspace_id: int, of: OfConnection | OfProfile, asked: PageQuery
    ) -> IdentityList:
        async with self.sessions() as session:
            pipelines = await session.scalars(
                select(Pipeline.id).where(Pipeline.workspace_id == workspace_id)
            )
            query = IdentityQuery(
                of=of,
                pipelines=tuple(str(each) for each in pipelines),
                page=Page(first=asked.first, limit=asked.limit),
            )
        async with self._opening(workspace_id) as (warehouse, _, read_mode):
            found = await warehouse.read_identities(query, read_mode)
        if found is None:
            raise NotFoundError("the profile does not exist")
        return IdentityList(
            identities=[identity_body(each) for each in found.identities], total=found.total
        )

    @asynccontextmanager
    async def _opening(
        self, workspace_id: int
    ) -> AsyncIterator[tuple[Warehouse, Schema, ReadMode]]:
        async with self.sessions() as session:
            row = await session.get(Workspace, workspace_id)
            if row is None:
                raise NotFoundError("the workspace does not exist")
            found = stored(self.vault, row)

        async def read_mode() -> Mode:
            async with self.sessions() as session:
                mode = await session.scalar(
                    select(Workspace.warehouse_mode).where(Workspace.id == workspace_id)
                )
            return Mode(mode or Mode.MAINTENANCE)

        through = partial(self.warehouses.reaching, workspace_id)
        async with opening(found.platform, found.settings, self.reach, through) as warehouse:
            yield warehouse, found.schema, read_mode


def _pruned(schema: Schema, texts: list[str]) -> Schema:
    if not texts:
        raise BadRequestError("`properties` is empty, expected at least one path")
    paths = [_path("properties", text) for text in texts]
    for path in paths:
        if find(schema, path) is None:
            raise UnprocessableError(Refusal.PROPERTY_NOT_EXIST, _missing(schema, path))
    return prune_to_paths(schema, paths)


def _order(schema: Schema, text: str) -> Column:
    path = _path("order", text)
    item = find(schema, path)
    if item is None:
        raise UnprocessableError(Refusal.ORDER_NOT_EXIST, _missing(schema, path))
    if isinstance(item.type, JsonType | ArrayType | MapType | ObjectType):
        raise UnprocessableError(
            Refusal.ORDER_TYPE_NOT_SORTABLE,
            f"{quote(text)} is {display(item.type)}, which has no order",
        )
    (column,) = (each for each in columns(schema) if each.path == path)
    return column


def _filter(schema: Schema, text: str) -> Predicate:
    try:
        return decode(text, schema, _FILTERED)
    except FilterError as error:
        raise refused_by(
            error.diagnostic, f"`filter` is not valid: {error.diagnostic.message}"
        ) from None


def _path(member: str, text: str) -> Path:
    try:
        return parse_path(text)
    except PathError:
        raise BadRequestError(f"{quote(text)} in `{member}` is no path") from None


def _missing(schema: Schema, path: Path) -> str:
    known = [format_path(each) for each, _ in walk(schema, objects_only=True)]
    hint = did_you_mean(format_path(path), known)
    message = f"the profile schema has no property {quote(format_path(path))}"
    return f"{message}; {hint}" if hint else message


def _no_profile(kpid: UUID) -> NotFoundError:
    return NotFoundError(f"the profile {kpid} does not exist")
