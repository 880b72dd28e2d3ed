"""Connections over HTTP, in a workspace of their own."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest

from api.catalogue.routes import ROUTES as CATALOGUE_ROUTES
from api.connections.links import ROUTES as LINK_ROUTES
from api.connections.oauth import Client as OAuthClient
from api.connections.routes import ROUTES
from api.db.session import Sessions
from api.http.edge import Edge
from api.vault.keys import SecretKey
from api.vault.vault import Vault
from connectors.applications.sample_oauth import sample_oauth_application
from connectors.files import Patience, Site
from connectors.registry import catalogue
from tests.api import rows
from tests.api.authorization_server import AuthorizationServer, authorizing
from tests.api.client import Client, application, organization_key
from tests.connectors.storages.places import LOCAL

VAULT = Vault([SecretKey(bytes(range(32)))])
STATE_KEY = bytes(32)


@dataclass(slots=True)
class Clock:
    """A clock that tests set."""

    now: datetime = datetime(2026, 11, 21, 12, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def advance(self, **parts: float) -> None:
        self.now += timedelta(**parts)


@pytest.fixture
def authorization_server() -> Iterator[AuthorizationServer]:
    with authorizing() as server:
        yield server


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def app(sessions: Sessions, authorization_server: AuthorizationServer, clock: Clock) -> Edge:
    sample = sample_oauth_application(authorization_server.url)
    return application(
        sessions,
        (*ROUTES, *LINK_ROUTES, *CATALOGUE_ROUTES),
        {
            "vault": VAULT,
            "catalogue": catalogue(with_test_connectors=True, more=[sample]),
            "oauth_clients": {sample.code: OAuthClient(id="our id", secret="our secret")},  # noqa: S106
            "state_key": STATE_KEY,
            "clock": clock,
            # Every name of this machine may be reached, and nobody is waited for for long.
            "site": Site(reach=LOCAL, patience=Patience(connect_seconds=1.0)),
        },
    )


@pytest.fixture
async def client(app: Edge, sessions: Sessions) -> Client:
    """A client for one workspace."""
    key = await organization_key(sessions)
    async with sessions.begin() as session:
        session.add(rows.workspace())
    return Client(app, key, rows.WORKSPACE_ID)


@pytest.fixture
async def stranger(app: Edge, sessions: Sessions, client: Client) -> Client:
    """A client of another organisation, for a workspace of its own."""
    del client
    key = await organization_key(sessions, 500_000_101)
    async with sessions.begin() as session:
        session.add(rows.workspace(id=500_000_102, organization_id=500_000_101))
    return Client(app, key, 500_000_102)
