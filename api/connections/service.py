"""What is done with connections."""

import secrets
import string
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import msgspec
from msgspec import UNSET
from sqlalchemy import delete, exists, func, or_, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from api.connections.accounts import Grant, keep_account
from api.connections.schemas import (
    ConnectionBody,
    ConnectionChange,
    EventType,
    NewConnection,
    OneConnectionBody,
)
from api.db.bell import ring
from api.db.insertion import insert_with_id
from api.db.session import Sessions
from api.db.tables.account import Account
from api.db.tables.connection import MINUTES_OF_A_DAY, Connection
from api.db.tables.connection_link import ConnectionLink
from api.db.tables.event_write_key import KEY_CHARS, EventWriteKey
from api.db.tables.pipeline import Pipeline
from api.errors import (
    BadRequestError,
    NotFoundError,
    Refusal,
    ServiceUnavailableError,
    UnprocessableError,
)
from api.pipelines.service import queue_purges, read_of_connections
from api.vault.vault import Purpose, Vault
from connectors.files import Site
from connectors.interface import (
    Connector,
    ConnectorType,
    Role,
    SendingMode,
    SettingsUnavailableError,
    Strategy,
    Target,
)
from connectors.registry import Catalogue
from forms.members import SettingsInvalidError
from mapping_lang.diagnostics import quote
from mapping_lang.types.kinds import Schema

_KEY_CHARS: Final = string.ascii_letters + string.digits
_WITHOUT_CONNECTIONS: Final = frozenset({ConnectorType.FILE, ConnectorType.MESSAGE_BROKER})


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A connection that could be created, as far as its connector can tell."""

    body: NewConnection
    connector: Connector
    sending_mode: SendingMode | None
    links: tuple[int, ...]
    grant: Grant | None
    settings: Mapping[str, object] | None


async def check(
    session: AsyncSession,
    vault: Vault,
    catalogue: Catalogue,
    workspace_id: int,
    body: NewConnection,
) -> Draft:
    """Check what is asked for, in the documented order (section 2 of the rules)."""
    _check_strategy_role(body.role, body.strategy)
    connector = catalogue.find(body.connector)
    if connector is None:
        raise UnprocessableError(
            Refusal.CONNECTOR_NOT_EXIST, f"there is no connector {quote(body.connector)}"
        )
    if connector.type in _WITHOUT_CONNECTIONS:
        raise BadRequestError(f"{connector.label} is a connector that connections are not made of")
    if body.role not in connector.roles:
        raise BadRequestError(f"{connector.label} cannot be a {body.role.lower()}")
    links = await _check_links(session, catalogue, workspace_id, connector, body)
    _check_strategy(connector, body.role, body.strategy)
    sending_mode = _sending_mode(connector, body.role, body.sending_mode, default=True)
    grant = _check_grant(vault, workspace_id, connector, body.auth_token)
    settings = _read_settings(connector, body)
    return Draft(
        body=body,
        connector=connector,
        sending_mode=sending_mode,
        links=links,
        grant=grant,
        settings=settings,
    )


async def try_settings(draft: Draft, site: Site) -> None:
    """Ask the service itself if it takes the settings, where it can be asked (CONN-13)."""
    spec = draft.connector.settings(draft.body.role)
    if spec is None or spec.test is None or draft.settings is None:
        return
    try:
        await spec.test(draft.settings, site)
    except SettingsInvalidError as error:
        raise _invalid_settings(draft.connector, error) from None
    except SettingsUnavailableError as error:
        raise ServiceUnavailableError(
            f"{draft.connector.label} did not answer", cause=str(error)
        ) from error


async def create(session: AsyncSession, vault: Vault, workspace_id: int, draft: Draft) -> int:
    """Keep a connection with all that belongs to it."""
    account_id = None
    if draft.grant is not None:
        account_id = await keep_account(session, vault, workspace_id, draft.connector, draft.grant)
    body = draft.body
    held = await hold(session, workspace_id, draft.links)
    for other in draft.links:
        if other not in held:
            # It was deleted while the settings were tried.
            raise _no_linked(other)

    def make(connection_id: int) -> Connection:
        sealed = None
        if draft.settings is not None:
            purpose = Purpose.CONNECTION_SETTINGS
            sealed = vault.seal_json(purpose, connection_id, draft.settings)
        return Connection(
            id=connection_id,
            workspace_id=workspace_id,
            name=body.name,
            connector=draft.connector.code,
            role=body.role.value,
            strategy=body.strategy,
            sending_mode=draft.sending_mode,
            sealed_settings=sealed,
            account_id=account_id,
            schedule_start=secrets.randbelow(MINUTES_OF_A_DAY),
            created_at=func.now(),
        )

    row = await insert_with_id(session, make)
    for other in draft.links:
        await _link(session, row, other)
    if draft.connector.type in {ConnectorType.SDK, ConnectorType.WEBHOOK}:
        await add_write_key(session, row.id)
    return row.id


async def update(
    sessions: Sessions,
    catalogue: Catalogue,
    workspace_id: int,
    connection_id: int,
    change: ConnectionChange,
) -> None:
    """Set what can be changed; what is absent is reset (CONN-30)."""
    async with sessions.begin() as session:
        row = await find(session, workspace_id, connection_id, for_update=True)
        connector = connector_of(catalogue, row)
        role = Role(row.role)
        _check_strategy_role(role, change.strategy)
        _check_strategy(connector, role, change.strategy)
        sending_mode = _sending_mode(connector, role, change.sending_mode, default=False)
        row.name = change.name
        row.strategy = change.strategy
        row.sending_mode = sending_mode


async def remove(session: AsyncSession, workspace_id: int, connection_id: int) -> None:
    """Delete a connection and all that hangs on it (CONN-33)."""
    row = await find(session, workspace_id, connection_id, for_update=True)
    pipelines = await session.scalars(
        select(Pipeline).where(Pipeline.connection_id == connection_id)
    )
    await queue_purges(session, pipelines)
    account_id = row.account_id
    await session.delete(row)
    await session.flush()
    # Whoever carries out a run of it (RUN-83).
    await ring(session)
    if account_id is not None:
        used = exists().where(Connection.account_id == account_id)
        await session.execute(delete(Account).where(Account.id == account_id, ~used))


async def read_all(
    session: AsyncSession, catalogue: Catalogue, workspace_id: int
) -> list[ConnectionBody]:
    """Give the connections of a workspace, by name and id (CONN-31)."""
    found = await session.scalars(select(Connection).where(Connection.workspace_id == workspace_id))
    rows = sorted(found, key=lambda row: (row.name, row.id))
    links = await _links_of(session, rows)
    pipelines = await read_of_connections(session, catalogue, rows)
    return [
        ConnectionBody(**_members(catalogue, row, links), pipelines=pipelines.get(row.id, []))
        for row in rows
    ]


async def read(
    session: AsyncSession, catalogue: Catalogue, workspace_id: int, connection_id: int
) -> OneConnectionBody:
    """Give a connection."""
    row = await find(session, workspace_id, connection_id)
    links = await _links_of(session, [row])
    pipelines = await read_of_connections(session, catalogue, [row])
    return OneConnectionBody(
        **_members(catalogue, row, links),
        pipelines=pipelines.get(row.id, []),
        event_types=_event_types(connector_of(catalogue, row), Role(row.role)),
    )


async def find(
    session: AsyncSession, workspace_id: int, connection_id: int, *, for_update: bool = False
) -> Connection:
    """Give a connection of a workspace; those of others are as good as missing (API-6)."""
    asked = select(Connection).where(
        Connection.id == connection_id, Connection.workspace_id == workspace_id
    )
    row = await session.scalar(asked.with_for_update() if for_update else asked)
    if row is None:
        raise no_connection(connection_id)
    return row


def no_connection(connection_id: int) -> NotFoundError:
    return NotFoundError(f"the connection {connection_id} does not exist")


async def hold(
    session: AsyncSession, workspace_id: int, connection_ids: Iterable[int]
) -> dict[int, Connection]:
    """Give those connections of a workspace that are there; they cannot be deleted meanwhile."""
    found = await session.scalars(
        select(Connection)
        .where(Connection.workspace_id == workspace_id, Connection.id.in_(connection_ids))
        # In one order: of two who want the same, one waits, and never each for the other.
        .order_by(Connection.id)
        .with_for_update(key_share=True, read=True)
    )
    return {row.id: row for row in found}


def connector_of(catalogue: Catalogue, row: Connection) -> Connector:
    """Give the connector of a connection; one that was removed from the installation is a 422."""
    connector = catalogue.find(row.connector)
    if connector is None:
        raise UnprocessableError(
            Refusal.CONNECTOR_NOT_EXIST,
            f"the connector {quote(row.connector)} is not part of this installation any more",
        )
    return connector


async def add_write_key(session: AsyncSession, connection_id: int) -> str:
    """Give a connection another key that events are sent with."""
    key = "".join(secrets.choice(_KEY_CHARS) for _ in range(KEY_CHARS))
    session.add(EventWriteKey(key=key, connection_id=connection_id, created_at=func.now()))
    await session.flush()
    return key


def supports_events(connector: Connector, role: Role) -> bool:
    """Tell if connections of a connector have to do with events (CONN-20)."""
    return Target.EVENT in connector.targets(role)


def _check_strategy_role(role: Role, strategy: Strategy | None) -> None:
    if strategy is not None and role is Role.DESTINATION:
        raise BadRequestError("`strategy` is given, and a destination has none")


def _check_strategy(connector: Connector, role: Role, strategy: Strategy | None) -> None:
    needed = connector.has_strategies and role is Role.SOURCE
    if needed and strategy is None:
        listed = ", ".join(Strategy)
        raise BadRequestError(f"`strategy` is missing, {connector.label} needs one of {listed}")
    if not needed and strategy is not None:
        raise BadRequestError(f"`strategy` is given, and {connector.label} has none")


def _sending_mode(
    connector: Connector, role: Role, asked: SendingMode | None, *, default: bool
) -> SendingMode | None:
    declared = connector.sending_mode if role is Role.DESTINATION else None
    if declared is None:
        if asked is not None:
            raise BadRequestError(f"`sendingMode` is given, and {connector.label} has none here")
        return None
    if asked is None:
        if default:
            return declared
        raise BadRequestError(f"`sendingMode` is missing, {connector.label} needs one")
    if declared not in {asked, SendingMode.CLIENT_AND_SERVER}:
        raise BadRequestError(
            f"`sendingMode` is {asked}, and {connector.label} supports {declared} only"
        )
    return asked


def _check_grant(
    vault: Vault, workspace_id: int, connector: Connector, token: str | None
) -> Grant | None:
    if connector.oauth is None:
        if token is not None:
            raise BadRequestError(f"`authToken` is given, and {connector.label} needs none")
        return None
    if token is None:
        raise BadRequestError(f"`authToken` is missing, {connector.label} needs one")
    return Grant.read(vault, workspace_id, connector, token)


def _read_settings(connector: Connector, body: NewConnection) -> Mapping[str, object] | None:
    spec = connector.settings(body.role)
    if spec is None:
        if body.settings is not None:
            raise BadRequestError(f"`settings` are given, and {connector.label} has none")
        return None
    if body.settings is None:
        raise BadRequestError(f"`settings` are missing, {connector.label} needs some")
    given = msgspec.json.decode(body.settings)
    if not isinstance(given, dict):
        raise BadRequestError("`settings` is no object, expected one")
    try:
        return spec.read(given)
    except SettingsInvalidError as error:
        raise _invalid_settings(connector, error) from None


def _invalid_settings(connector: Connector, error: SettingsInvalidError) -> UnprocessableError:
    return UnprocessableError(
        Refusal.INVALID_SETTINGS,
        f"the settings are not those of {connector.label}",
        cause=error.message,
    )


async def _check_links(
    session: AsyncSession,
    catalogue: Catalogue,
    workspace_id: int,
    connector: Connector,
    body: NewConnection,
) -> tuple[int, ...]:
    """Check what a connection is to be linked to (CONN-21)."""
    asked = body.linked_connections
    if asked is None:
        return ()
    if not supports_events(connector, body.role):
        raise BadRequestError(
            f"`linkedConnections` is given, and {connector.label} has nothing to do with events"
        )
    if len(set(asked)) != len(asked):
        raise BadRequestError("`linkedConnections` has a connection twice")
    found = await session.scalars(
        select(Connection).where(Connection.workspace_id == workspace_id, Connection.id.in_(asked))
    )
    rows = {row.id: row for row in found}
    for other in asked:
        row = rows.get(other)
        if row is None:
            raise _no_linked(other)
        check_link(catalogue, body.role, row)
    return tuple(sorted(asked))


def _no_linked(connection_id: int) -> UnprocessableError:
    return UnprocessableError(
        Refusal.LINKED_CONNECTION_NOT_EXIST,
        f"the linked connection {connection_id} does not exist",
    )


def check_link(catalogue: Catalogue, role: Role, other: Connection) -> None:
    """Check that a connection can be at the other end of a link."""
    connector = connector_of(catalogue, other)
    if not supports_events(connector, Role(other.role)):
        raise BadRequestError(
            f"the connection {other.id} cannot be linked: it has nothing to do with events"
        )
    if other.role == role:
        raise BadRequestError(
            f"the connection {other.id} cannot be linked: it is a {role.lower()} too"
        )


async def _link(session: AsyncSession, row: Connection, other: int) -> None:
    is_source = row.role == Role.SOURCE
    await session.execute(
        insert(ConnectionLink)
        .values(
            workspace_id=row.workspace_id,
            source_id=row.id if is_source else other,
            destination_id=other if is_source else row.id,
        )
        .on_conflict_do_nothing()
    )


async def _links_of(session: AsyncSession, rows: list[Connection]) -> dict[int, list[int]]:
    ids = [row.id for row in rows]
    found = await session.execute(
        select(ConnectionLink.source_id, ConnectionLink.destination_id).where(
            or_(ConnectionLink.source_id.in_(ids), ConnectionLink.destination_id.in_(ids))
        )
    )
    links: dict[int, list[int]] = {}
    for source, destination in found:
        links.setdefault(source, []).append(destination)
        links.setdefault(destination, []).append(source)
    return links


def _members(
    catalogue: Catalogue, row: Connection, links: Mapping[int, list[int]]
) -> dict[str, Any]:
    connector = connector_of(catalogue, row)
    role = Role(row.role)
    return {
        "id": row.id,
        "name": row.name,
        "connector": row.connector,
        "connector_type": connector.type,
        "role": role,
        "strategy": None if row.strategy is None else Strategy(row.strategy),
        "sending_mode": None if row.sending_mode is None else SendingMode(row.sending_mode),
        # There exactly where links can be (CONN-22).
        "linked_connections": (
            sorted(links.get(row.id, ())) if supports_events(connector, role) else UNSET
        ),
    }


def event_schema(connector: Connector, role: Role, event_type: str) -> Schema | None:
    """Give what is sent with events of a type that a destination application takes."""
    if _event_types(connector, role) is None:
        raise BadRequestError(f"a connection to {connector.label} as {role} sends no events")
    for each in connector.event_types:
        if each.id == event_type:
            return each.schema
    raise UnprocessableError(
        Refusal.EVENT_TYPE_NOT_EXIST, f"{connector.label} has no event type {quote(event_type)}"
    )


def _event_types(connector: Connector, role: Role) -> list[EventType] | None:
    """Give the event types of a destination application, null for all others (CONN-32)."""
    if connector.type is not ConnectorType.APPLICATION or role is not Role.DESTINATION:
        return None
    if not supports_events(connector, role):
        return None
    return [
        EventType(id=each.id, name=each.name, description=each.description, filter=each.filter)
        for each in connector.event_types
    ]
