"""Fixtures of a workspace with a real warehouse; import them into a `conftest.py`."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import Any

import pytest
from litestar.handlers import HTTPRouteHandler

from api.db.session import Sessions
from api.operations import routes as operations
from api.operations import schema_routes
from api.operations.operator import Operator
from api.operations.registry import performers
from api.profiles import routes as profiles
from api.profiles.service import Reader
from api.vault.keys import SecretKey
from api.vault.vault import Vault
from api.workspaces import routes as workspaces
from api.workspaces.kept import KeptWarehouses
from connectors.registry import catalogue
from tests.api import rows
from tests.api.client import Client, application, organization_key
from tests.api.tenant import Tenant
from tests.postgresql import NEAR, empty_schema

VAULT = Vault([SecretKey(bytes(range(32)))])
CATALOGUE = catalogue(with_test_connectors=True)
ROUTES: Sequence[HTTPRouteHandler] = (
    *workspaces.ROUTES,
    *operations.ROUTES,
    *schema_routes.ROUTES,
    *profiles.ROUTES,
)


def property_of(name: str, type_: object, **more: object) -> dict[str, Any]:
    return {"name": name, "type": type_, "readOptional": True} | more


def schema_of(*properties: dict[str, Any]) -> dict[str, Any]:
    return {"kind": "object", "properties": list(properties)}


SCHEMA = schema_of(
    property_of("email", {"kind": "string"}),
    property_of("customer_id", {"kind": "int", "bitSize": 32}),
    property_of("first_name", {"kind": "string", "maxLength": 100}),
    property_of("score", {"kind": "json"}),
    property_of("tags", {"kind": "array", "elementType": {"kind": "string"}}),
    property_of("address", schema_of(property_of("city", {"kind": "string"}))),
)


@pytest.fixture
async def tenant(sessions: Sessions, warehouse_database: str) -> AsyncIterator[Tenant]:
    """A workspace with a source and a pipeline, whose warehouse holds nothing yet."""
    settings = empty_schema(warehouse_database)
    warehouses = KeptWarehouses()
    collaborators = {
        "vault": VAULT,
        "reach": NEAR,
        "catalogue": CATALOGUE,
        "profile_reader": Reader(sessions=sessions, vault=VAULT, reach=NEAR, warehouses=warehouses),
    }
    app = application(sessions, ROUTES, collaborators)
    client = Client(app, await organization_key(sessions))
    made = await client.ask(
        "POST",
        "/v1/workspaces",
        {
            "name": "Customers",
            "profileSchema": SCHEMA,
            "warehouse": {"platform": "PostgreSQL", "settings": settings},
        },
    )
    async with sessions.begin() as session:
        session.add(rows.source(workspace_id=made.id))
        await session.flush()
        session.add(rows.pipeline(workspace_id=made.id))
    yield Tenant(client=client.of(made.id), workspace_id=made.id, settings=settings)
    await warehouses.close()


@pytest.fixture
async def operator(sessions: Sessions, tenant: Tenant) -> AsyncIterator[None]:
    """Somebody who carries out operations until the test ends."""
    carried_out = performers(sessions, VAULT, NEAR)
    work = asyncio.create_task(Operator(sessions, carried_out, "tests", poll_seconds=0.01).run())
    yield
    work.cancel()
    await asyncio.wait([work])
