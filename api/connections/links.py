"""Links between connections and keys that events are written with, after their creation."""

from typing import Annotated, Final

from msgspec import Meta
from sqlalchemy import delete, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from api.connections.service import (
    add_write_key,
    check_link,
    connector_of,
    find,
    hold,
    no_connection,
    supports_events,
)
from api.db.session import Sessions
from api.db.tables.connection import Connection
from api.db.tables.connection_link import ConnectionLink
from api.db.tables.event_write_key import EventWriteKey
from api.errors import BadRequestError, NotFoundError, Refusal, UnprocessableError
from api.http.model import InstantText, Model, instant
from api.http.requests import WorkspaceRequest
from api.http.routes import delete as delete_route
from api.http.routes import get, post
from connectors.interface import ConnectorType, Role
from connectors.registry import Catalogue

MAX_WRITE_KEYS: Final = 20
_TAG: Final = "Connections"


class WriteKeyBody(Model, frozen=True, kw_only=True):
    """A key that adds events to a connection, and does nothing else."""

    key: Annotated[str, Meta(min_length=32, max_length=32)]
    created_at: InstantText


class WriteKeyList(Model, frozen=True):
    """The write keys of a connection, the oldest first."""

    event_write_keys: list[WriteKeyBody]


@post("/v1/connections/{source:str}/links/{destination:str}", tag=_TAG, summary="Link connections")
async def link_connections(
    request: WorkspaceRequest, sessions: Sessions, catalogue: Catalogue
) -> None:
    """Has the events of a source sent to a destination; nothing changes if they are already."""
    ids = request.path_id("source"), request.path_id("destination")
    async with sessions.begin() as session:
        source, destination = await _both(session, catalogue, request.workspace_id, ids)
        await session.execute(
            insert(ConnectionLink)
            .values(
                workspace_id=request.workspace_id,
                source_id=source.id,
                destination_id=destination.id,
            )
            .on_conflict_do_nothing()
        )


@delete_route(
    "/v1/connections/{source:str}/links/{destination:str}", tag=_TAG, summary="Unlink connections"
)
async def unlink_connections(
    request: WorkspaceRequest, sessions: Sessions, catalogue: Catalogue
) -> None:
    """Has the events of a source not sent to a destination any more."""
    ids = request.path_id("source"), request.path_id("destination")
    async with sessions.begin() as session:
        source, destination = await _both(session, catalogue, request.workspace_id, ids)
        await session.execute(
            delete(ConnectionLink).where(
                ConnectionLink.source_id == source.id,
                ConnectionLink.destination_id == destination.id,
            )
        )


@get("/v1/connections/{id:str}/event-write-keys", tag=_TAG, summary="List event write keys")
async def list_write_keys(
    request: WorkspaceRequest, sessions: Sessions, catalogue: Catalogue
) -> WriteKeyList:
    """Lists the keys that events of an SDK or webhook connection are sent with."""
    connection_id = request.path_id("id")
    async with sessions() as session:
        row = await _writer(session, catalogue, request.workspace_id, connection_id)
        found = await session.scalars(
            select(EventWriteKey)
            .where(EventWriteKey.connection_id == row.id)
            .order_by(EventWriteKey.created_at, EventWriteKey.key)
        )
        keys = [WriteKeyBody(key=each.key, created_at=instant(each.created_at)) for each in found]
    if not keys:
        # The last key cannot be deleted: the connection itself was, since it was found.
        raise no_connection(connection_id)
    return WriteKeyList(keys)


@post(
    "/v1/connections/{id:str}/event-write-keys",
    tag=_TAG,
    summary="Create event write key",
    refusals={Refusal.TOO_MANY_EVENT_WRITE_KEYS: f"there are {MAX_WRITE_KEYS} already"},
)
async def create_write_key(
    request: WorkspaceRequest, sessions: Sessions, catalogue: Catalogue
) -> WriteKeyBody:
    """Gives an SDK or webhook connection another key."""
    connection_id = request.path_id("id")
    async with sessions.begin() as session:
        # The lock keeps two requests from counting the same keys.
        row = await _writer(session, catalogue, request.workspace_id, connection_id, lock=True)
        if await _count(session, row) >= MAX_WRITE_KEYS:
            raise UnprocessableError(
                Refusal.TOO_MANY_EVENT_WRITE_KEYS,
                f"the connection has {MAX_WRITE_KEYS} event write keys, and cannot have more",
            )
        key = await add_write_key(session, row.id)
        made = await session.get_one(EventWriteKey, key, populate_existing=True)
        return WriteKeyBody(key=made.key, created_at=instant(made.created_at))


@delete_route(
    "/v1/connections/{id:str}/event-write-keys/{key:str}",
    tag=_TAG,
    summary="Delete event write key",
    refusals={Refusal.SINGLE_EVENT_WRITE_KEY: "it is the last one of the connection"},
)
async def delete_write_key(
    request: WorkspaceRequest, sessions: Sessions, catalogue: Catalogue
) -> None:
    """Deletes a key: events that are sent with it are refused. The last one stays."""
    connection_id = request.path_id("id")
    async with sessions.begin() as session:
        row = await _writer(session, catalogue, request.workspace_id, connection_id, lock=True)
        found = await session.get(EventWriteKey, str(request.path_params["key"]))
        if found is None or found.connection_id != row.id:
            raise NotFoundError("the event write key does not exist")
        if await _count(session, row) == 1:
            raise UnprocessableError(
                Refusal.SINGLE_EVENT_WRITE_KEY, "the last event write key cannot be deleted"
            )
        await session.delete(found)


async def _both(
    session: AsyncSession, catalogue: Catalogue, workspace_id: int, ids: tuple[int, int]
) -> tuple[Connection, Connection]:
    held = await hold(session, workspace_id, ids)
    for id_ in ids:
        if id_ not in held:
            raise no_connection(id_)
    source, destination = held[ids[0]], held[ids[1]]
    if source.role != Role.SOURCE:
        raise BadRequestError(f"the connection {source.id} is no source")
    check_link(catalogue, Role.DESTINATION, source)
    check_link(catalogue, Role.SOURCE, destination)
    return source, destination


async def _writer(
    session: AsyncSession,
    catalogue: Catalogue,
    workspace_id: int,
    connection_id: int,
    *,
    lock: bool = False,
) -> Connection:
    row = await find(session, workspace_id, connection_id, for_update=lock)
    connector = connector_of(catalogue, row)
    senders = {ConnectorType.SDK, ConnectorType.WEBHOOK}
    if connector.type not in senders or not supports_events(connector, Role(row.role)):
        raise BadRequestError(f"the connection {row.id} takes no events")
    return row


async def _count(session: AsyncSession, row: Connection) -> int:
    found = await session.scalar(select(func.count()).where(EventWriteKey.connection_id == row.id))
    return found or 0


ROUTES: Final = (
    link_connections,
    unlink_connections,
    list_write_keys,
    create_write_key,
    delete_write_key,
)
