"""Workspaces over HTTP, whose warehouses are empty databases of their own."""

from collections.abc import Iterator
from typing import Any

import pytest
from psycopg.conninfo import conninfo_to_dict

from api.db.embedded.server import EmbeddedServer
from api.db.session import Sessions
from api.http.edge import Edge
from api.vault.keys import SecretKey
from api.vault.vault import Vault
from api.workspaces.routes import ROUTES
from tests.api.client import Client, application, organization_key
from tests.postgresql import new_database

VAULT = Vault([SecretKey(bytes(range(32)))])


@pytest.fixture
def app(sessions: Sessions) -> Edge:
    return application(sessions, ROUTES, {"vault": VAULT})


@pytest.fixture
async def client(app: Edge, sessions: Sessions) -> Client:
    """A client with a key for the organisation."""
    return Client(app, await organization_key(sessions))


@pytest.fixture
def warehouse(postgresql: EmbeddedServer) -> Iterator[dict[str, Any]]:
    """What a request says of an empty database."""
    with new_database(postgresql) as url:
        parts = conninfo_to_dict(url)
        yield {
            "platform": "PostgreSQL",
            "settings": {
                "host": parts["host"],
                "port": int(parts.get("port") or 5432),
                "username": parts["user"],
                "password": "not asked for",
                "database": parts["dbname"],
                "schema": "public",
            },
        }
