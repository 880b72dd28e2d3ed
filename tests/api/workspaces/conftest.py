"""Workspaces over HTTP, whose warehouses are empty databases of their own."""

from typing import Any

import pytest

from api.db.session import Sessions
from api.http.edge import Edge
from api.vault.keys import SecretKey
from api.vault.vault import Vault
from api.workspaces.routes import ROUTES
from tests.api.client import Client, application, organization_key
from tests.postgresql import NEAR, empty_schema

VAULT = Vault([SecretKey(bytes(range(32)))])


@pytest.fixture
def app(sessions: Sessions) -> Edge:
    return application(sessions, ROUTES, {"vault": VAULT, "reach": NEAR})


@pytest.fixture
async def client(app: Edge, sessions: Sessions) -> Client:
    """A client with a key for the organisation."""
    return Client(app, await organization_key(sessions))


@pytest.fixture
def warehouse(warehouse_database: str) -> dict[str, Any]:
    """What a request says of an empty schema."""
    return {"platform": "PostgreSQL", "settings": empty_schema(warehouse_database)}
