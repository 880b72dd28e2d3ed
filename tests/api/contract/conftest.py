"""The whole API, as users have it, for all tests of a module: they share what is in it."""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from typing import Any, cast

import httpx
import pytest

from api.connections.oauth import Client as OAuthClient
from api.db.embedded.server import EmbeddedServer
from api.db.session import Database
from api.http.edge import Edge
from connectors.applications.sample_oauth import sample_oauth_application
from tests.api import rows
from tests.api.authorization_server import AuthorizationServer, authorizing
from tests.api.client import Answer, Client
from tests.api.installation import serving, tenant
from tests.api.pipelines.conftest import CONNECTION_IDS, add_connections
from tests.api.seeds.documents import Documented
from tests.postgresql import empty_schema, new_database
from tests.runtime.serving import running

UNKNOWN_ID = 999_999_999

KIND_OF = {"file_imports": "K3", "application_exports": "K6"}
"""Which kind of pipelines a document is about."""


@dataclass(frozen=True, slots=True)
class Request:
    """What is sent to an endpoint so that it succeeds."""

    body: dict[str, Any] | None = None
    identifier: int = UNKNOWN_ID
    query: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """An organisation with a workspace, which has a connection for every kind of pipelines."""

    database: Database
    app: Edge
    key: str
    """Of the organisation."""
    organization: Client
    workspace: Client
    no_functions: Client
    """The same workspace, of an installation whose runtime has no language for functions."""
    warehouse: dict[str, object]
    """The settings of the warehouse of the workspace."""
    authorization_server: AuthorizationServer
    requests: dict[str, Request] = field(default_factory=dict)
    """Good requests that were made, by the name of their endpoint."""

    async def send(
        self,
        endpoint: Documented,
        body: object = None,
        *,
        identifier: int = UNKNOWN_ID,
        client: Client | None = None,
        query: Mapping[str, str] | None = None,
    ) -> Answer:
        """Ask an endpoint, for the organisation or the workspace, as it is documented."""
        if client is None:
            whole = endpoint.path == "/v1/workspaces" or endpoint.path.endswith("/test")
            client = self.organization if whole else self.workspace
        return await client.ask(endpoint.method, endpoint.url(identifier), body, **(query or {}))


@pytest.fixture(scope="module")
async def world(
    postgresql: EmbeddedServer, migrated_template: str, runtime_with_functions: str
) -> AsyncIterator[World]:
    with (
        new_database(postgresql, migrated_template) as url,
        new_database(postgresql) as warehouse_url,
        running() as (_, without_functions),
        authorizing() as authorization_server,
    ):
        database = Database.open(url)
        warehouse = empty_schema(warehouse_url)
        key = await tenant(database, restricted=False, warehouse=warehouse)
        await add_connections(database.sessions)
        sample = sample_oauth_application(authorization_server.url)
        clients = {sample.code: OAuthClient(id="our id", secret="our secret")}  # noqa: S106
        async with (
            serving(database, runtime_with_functions, more=[sample], oauth_clients=clients) as (
                app,
                _,
            ),
            serving(database, without_functions) as (mute, _),
        ):
            organization = Client(app, key)
            yield World(
                database=database,
                app=app,
                key=key,
                organization=organization,
                warehouse=warehouse,
                workspace=organization.of(rows.WORKSPACE_ID),
                no_functions=Client(mute, key, rows.WORKSPACE_ID),
                authorization_server=authorization_server,
            )
        await database.close()


@pytest.fixture
async def http(world: World) -> AsyncIterator[httpx.AsyncClient]:
    """A client without anything of its own: what is sent is what is asked for."""
    transport = httpx.ASGITransport(app=cast("Any", world.app))
    async with httpx.AsyncClient(transport=transport, base_url="http://kiln") as client:
        yield client


def connection_of(endpoint: Documented) -> int:
    return CONNECTION_IDS[KIND_OF[endpoint.document]]
