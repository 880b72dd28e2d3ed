"""Connections over HTTP, in a workspace of their own."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import parse_qs

import msgspec
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
from connectors.registry import catalogue
from tests.api import rows
from tests.api.client import Client, application, organization_key

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


@dataclass(slots=True)
class AuthorizationServer:
    """An authorisation server that speaks HTTP, and the application behind it."""

    url: str = ""
    status: int = 200
    answer: dict[str, Any] = field(
        default_factory=lambda: {"refresh_token": "refresh-1", "expires_in": 3600}
    )
    account: dict[str, Any] = field(default_factory=lambda: {"id": "account-1"})
    asked: list[dict[str, str]] = field(default_factory=list)

    def token(self, form: dict[str, str]) -> tuple[int, bytes]:
        self.asked.append(form)
        body = {"access_token": f"access-{len(self.asked)}", **self.answer}
        return self.status, msgspec.json.encode(body)


@pytest.fixture
def authorization_server() -> Iterator[AuthorizationServer]:
    state = AuthorizationServer()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            length = int(self.headers["Content-Length"])
            form = parse_qs(self.rfile.read(length).decode(), keep_blank_values=True)
            self._answer(*state.token({name: values[0] for name, values in form.items()}))

        def do_GET(self) -> None:
            good = self.headers["Authorization"] == f"Bearer access-{len(state.asked)}"
            self._answer(200 if good else 401, msgspec.json.encode(state.account))

        def _answer(self, status: int, body: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *arguments: object) -> None:
            del arguments  # nothing is said

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        state.url = f"http://127.0.0.1:{server.server_port}"
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield state
        server.shutdown()
        thread.join()


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
