"""The endpoints of connections."""

from collections.abc import Callable
from datetime import datetime
from typing import Final

from api.connections import service
from api.connections.accounts import Grant
from api.connections.oauth import (
    AuthorizationError,
    Client,
    Clients,
    account_of,
    authorization_url,
    exchange,
    make_state,
    state_is_good,
)
from api.connections.schemas import (
    AuthToken,
    AuthTokenQuery,
    AuthUrl,
    AuthUrlQuery,
    ConnectionChange,
    ConnectionList,
    EventSchemaBody,
    EventSchemaQuery,
    NewConnection,
    OneConnectionBody,
)
from api.db.session import Sessions, reading
from api.errors import (
    BadRequestError,
    NotFoundError,
    Refusal,
    ServiceUnavailableError,
    UnprocessableError,
)
from api.http.endpoint import Example
from api.http.model import Created, schema_json
from api.http.requests import KeyRequest, WorkspaceRequest
from api.http.routes import delete, get, post, put
from api.vault.vault import Vault
from connectors.files import Site
from connectors.interface import Connector, OAuth, Role
from connectors.registry import Catalogue
from mapping_lang.diagnostics import quote

_TAG: Final = "Connections"
_ID: Final = 1371036433
_LINKS: Final = [529774388, 1432985021]
_NEW: Final = {
    "name": "Website",
    "role": "Source",
    "connector": "javascript",
    "strategy": "Conversion",
    "linkedConnections": _LINKS,
    "settings": None,
}
_CONNECTION: Final = {
    "id": _ID,
    "name": "Website",
    "connector": "javascript",
    "connectorType": "SDK",
    "role": "Source",
    "strategy": "Conversion",
    "sendingMode": None,
    "linkedConnections": _LINKS,
    "pipelines": [
        {
            "id": 705981339,
            "name": "Collect track events",
            "connector": "javascript",
            "connectorType": "SDK",
            "connection": _ID,
            "connectionRole": "Source",
            "target": "Event",
            "enabled": True,
            "filter": {
                "logical": "and",
                "conditions": [{"property": "type", "operator": "is", "values": ["track"]}],
            },
        }
    ],
}


@post(
    "/v1/connections",
    tag=_TAG,
    summary="Create connection",
    body=NewConnection,
    refusals={
        Refusal.CONNECTOR_NOT_EXIST: "the connector does not exist",
        Refusal.LINKED_CONNECTION_NOT_EXIST: "a linked connection does not exist",
        Refusal.INVALID_SETTINGS: "the settings are not valid",
    },
    example=Example(request=_NEW, answer={"id": _ID}),
)
async def create_connection(
    request: WorkspaceRequest, sessions: Sessions, vault: Vault, catalogue: Catalogue, site: Site
) -> Created:
    """Creates a connection.

    A connector that needs authorisation is given one first: see *Get authorization URL*.
    """
    body = await request.decode(NewConnection)
    async with reading(sessions) as session:
        draft = await service.check(session, vault, catalogue, request.workspace_id, body)
    await service.try_settings(draft, site)
    async with sessions.begin() as session:
        return Created(await service.create(session, vault, request.workspace_id, draft))


@get(
    "/v1/connections/auth-url",
    tag=_TAG,
    summary="Get authorization URL",
    query=AuthUrlQuery,
    example=Example(
        answer={"authUrl": "https://login.sample-oauth-app.com/authorize?response_type=code"}
    ),
)
async def get_authorization_url(
    request: KeyRequest,
    catalogue: Catalogue,
    oauth_clients: Clients,
    state_key: bytes,
    clock: Callable[[], datetime],
) -> AuthUrl:
    """Gives the page of an application on which a person grants access, for a role."""
    query = request.query(AuthUrlQuery)
    connector = catalogue.find(query.connector)
    if connector is None:
        raise NotFoundError(f"the connector {quote(query.connector)} does not exist")
    if query.role not in set(Role):
        raise BadRequestError(f"`role` is {quote(query.role)}, expected `Source` or `Destination`")
    role = Role(query.role)
    oauth, client = _oauth(connector, oauth_clients)
    _check_redirect(query.redirect_uri)
    state = make_state(state_key, connector.code, role, request.organization_id, clock())
    return AuthUrl(authorization_url(oauth, client, role, query.redirect_uri, state))


@get(
    "/v1/connections/auth-token",
    tag=_TAG,
    summary="Get authorization token",
    query=AuthTokenQuery,
    refusals={Refusal.CONNECTOR_NOT_EXIST: "the connector does not exist"},
    example=Example(answer={"authToken": "jK64q6Vu0DMoqpXm0M-6qbZagaVipMsRZ"}),
)
async def get_authorization_token(
    request: WorkspaceRequest,
    catalogue: Catalogue,
    vault: Vault,
    oauth_clients: Clients,
    state_key: bytes,
    clock: Callable[[], datetime],
) -> AuthToken:
    """Gives the token that a connection is created with, for the code of a person's consent."""
    query = request.query(AuthTokenQuery)
    for member, text in (("connector", query.connector), ("authCode", query.auth_code)):
        if not text:
            raise BadRequestError(f"`{member}` is empty")
    connector = catalogue.find(query.connector)
    if connector is None:
        raise UnprocessableError(
            Refusal.CONNECTOR_NOT_EXIST, f"there is no connector {quote(query.connector)}"
        )
    oauth, client = _oauth(connector, oauth_clients)
    _check_redirect(query.redirect_uri)
    now = clock()
    whose = request.organization_id
    if query.state and not state_is_good(state_key, query.state, connector.code, whose, now):
        raise BadRequestError("`state` is not the one that this authorisation began with")
    try:
        tokens = await exchange(oauth, client, query.auth_code, query.redirect_uri, now)
        account = await account_of(connector, oauth, tokens.access)
    except AuthorizationError as error:
        raise ServiceUnavailableError(
            f"{connector.label} did not authorise", cause=str(error)
        ) from error
    grant = Grant(connector=connector.code, account=account, tokens=tokens)
    return AuthToken(grant.token(vault, request.workspace_id))


def _check_redirect(uri: str) -> None:
    if not uri:
        raise BadRequestError("`redirectURI` is empty, expected where the person is sent back to")


def _oauth(connector: Connector, clients: Clients) -> tuple[OAuth, Client]:
    if connector.oauth is None:
        raise BadRequestError(f"{connector.label} needs no authorisation")
    client = clients.get(connector.code)
    if client is None:
        raise ServiceUnavailableError(
            f"{connector.label} has no client id and secret in the settings of this installation"
        )
    return connector.oauth, client


@put(
    "/v1/connections/{id:str}",
    tag=_TAG,
    summary="Update connection",
    body=ConnectionChange,
    example=Example(request={"name": "Website", "strategy": "Conversion"}),
)
async def update_connection(
    request: WorkspaceRequest, sessions: Sessions, catalogue: Catalogue
) -> None:
    """Sets the name, the strategy and the sending mode of a connection; what is absent is reset."""
    connection_id = request.path_id("id")
    async with reading(sessions) as session:
        await service.find(session, request.workspace_id, connection_id)
    change = await request.decode(ConnectionChange)
    await service.update(sessions, catalogue, request.workspace_id, connection_id, change)


@get(
    "/v1/connections",
    tag=_TAG,
    summary="List connections",
    example=Example(answer={"connections": [_CONNECTION]}),
)
async def list_connections(
    request: WorkspaceRequest, sessions: Sessions, catalogue: Catalogue
) -> ConnectionList:
    """Lists the workspace's connections with their pipelines, by name."""
    async with reading(sessions) as session:
        return ConnectionList(await service.read_all(session, catalogue, request.workspace_id))


@get(
    "/v1/connections/{id:str}",
    tag=_TAG,
    summary="Get connection",
    example=Example(answer={**_CONNECTION, "eventTypes": None}),
)
async def get_connection(
    request: WorkspaceRequest, sessions: Sessions, catalogue: Catalogue
) -> OneConnectionBody:
    """Returns a connection with its pipelines."""
    connection_id = request.path_id("id")
    async with reading(sessions) as session:
        return await service.read(session, catalogue, request.workspace_id, connection_id)


@get(
    "/v1/connections/{id:str}/schemas/event",
    tag=_TAG,
    summary="Get event schema",
    query=EventSchemaQuery,
    refusals={Refusal.EVENT_TYPE_NOT_EXIST: "the event type does not exist"},
    example=Example(
        answer={
            "schema": {
                "kind": "object",
                "properties": [
                    {
                        "name": "value",
                        "type": {"kind": "decimal", "precision": 12, "scale": 2},
                        "createRequired": True,
                        "description": "",
                    }
                ],
            }
        }
    ),
)
async def get_event_schema(
    request: WorkspaceRequest, sessions: Sessions, catalogue: Catalogue
) -> EventSchemaBody:
    """Returns the schema of an event type of a destination application."""
    connection_id = request.path_id("id")
    async with reading(sessions) as session:
        row = await service.find(session, request.workspace_id, connection_id)
    asked = request.query(EventSchemaQuery)
    connector = service.connector_of(catalogue, row)
    schema = service.event_schema(connector, Role(row.role), asked.type)
    return EventSchemaBody(schema=None if schema is None else schema_json(schema))


@delete("/v1/connections/{id:str}", tag=_TAG, summary="Delete connection")
async def delete_connection(request: WorkspaceRequest, sessions: Sessions) -> None:
    """Deletes a connection with its pipelines, their runs, and what was imported through them."""
    connection_id = request.path_id("id")
    async with sessions.begin() as session:
        await service.remove(session, request.workspace_id, connection_id)


ROUTES: Final = (
    create_connection,
    get_authorization_url,
    get_authorization_token,
    update_connection,
    list_connections,
    get_connection,
    get_event_schema,
    delete_connection,
)
