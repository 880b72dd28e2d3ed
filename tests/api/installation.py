"""A whole API over a real database and a real runtime, with a key for one workspace of it."""

import json
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, cast

import httpx

from api.app import Parts, create_app
from api.connections.oauth import Clients
from api.db.session import Database
from api.http.edge import Edge
from api.http.rate import RateLimit
from api.keys import service as keys
from api.telemetry.metrics import Metrics
from api.telemetry.tracing import NoTracing, Tracing
from api.transformer.transformer import Transformer, client_options
from api.vault.keys import SecretKey
from api.vault.vault import Purpose, Vault
from api.workspaces.kept import KeptWarehouses
from connectors.interface import Connector
from connectors.registry import catalogue
from mapping_lang.types.schemas.decode import decode_schema
from runtime.client import connect
from tests.api import rows
from tests.api.client import PEPPER
from tests.api.seeds.documents import sample_request
from tests.postgresql import NEAR
from warehouse.postgresql.platform import POSTGRESQL

VAULT = Vault([SecretKey(bytes(range(32)))])
NOW = datetime(2026, 11, 21, 12, 30, tzinfo=UTC)
NO_WAREHOUSE: dict[str, object] = {
    "host": "127.0.0.1",
    "port": 1,
    "username": "nobody",
    "password": "none",
    "database": "none",
    "schema": "none",
}
"""Settings as they have to be, for a warehouse that cannot be reached."""
PROFILE_SCHEMA = sample_request("workspaces", "Create workspace")["profileSchema"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Installation:
    """The application, what it counts, and who may ask it."""

    app: Edge
    metrics: Metrics
    key: str

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.key}"}

    def client(self) -> httpx.AsyncClient:
        transport = httpx.ASGITransport(app=cast("Any", self.app))
        return httpx.AsyncClient(transport=transport, base_url="http://kiln", headers=self.headers)


@asynccontextmanager
async def installed(
    database: Database, runtime_address: str, tracing: Tracing | None = None
) -> AsyncIterator[Installation]:
    """Make an organisation with a workspace, and the API around it."""
    key = await tenant(database, restricted=True)
    async with serving(database, runtime_address, tracing=tracing) as (app, metrics):
        yield Installation(app=app, metrics=metrics, key=key)


async def tenant(
    database: Database, *, restricted: bool, warehouse: Mapping[str, object] | None = None
) -> str:
    """Make an organisation with a workspace, and a key for one of them.

    `warehouse` are the settings of an empty PostgreSQL, which is initialised.
    """
    settings = NO_WAREHOUSE if warehouse is None else dict(warehouse)
    if warehouse is not None:
        await _initialize(warehouse)
    workspace = rows.workspace(
        profile_schema=json.dumps(PROFILE_SCHEMA),
        sealed_warehouse_settings=VAULT.seal_json(
            Purpose.WAREHOUSE_SETTINGS, rows.WORKSPACE_ID, settings
        ),
    )
    async with database.sessions.begin() as session:
        for row in (rows.organization(), workspace):
            session.add(row)
            await session.flush()
        key = await keys.create(
            session,
            PEPPER,
            organization_id=rows.ORGANIZATION_ID,
            name="Tests",
            workspace_id=rows.WORKSPACE_ID if restricted else None,
        )
    return key.text


async def _initialize(settings: Mapping[str, object]) -> None:
    opened = await POSTGRESQL.open(POSTGRESQL.read_settings(settings), NEAR)
    try:
        async with opened.initializing(decode_schema(json.dumps(PROFILE_SCHEMA))):
            pass
    finally:
        await opened.close()


@asynccontextmanager
async def serving(
    database: Database,
    runtime_address: str,
    *,
    tracing: Tracing | None = None,
    more: Sequence[Connector] = (),
    oauth_clients: Clients | None = None,
) -> AsyncIterator[tuple[Edge, Metrics]]:
    """Make the API over a database and a runtime, with more connectors than the usual ones."""
    metrics, traces, warehouses = Metrics(), tracing or NoTracing(), KeptWarehouses()
    async with await connect(runtime_address, options=client_options(traces)) as client:
        app = create_app(
            Parts(
                database=database,
                transformer=Transformer(client, metrics, traces),
                catalogue=catalogue(with_test_connectors=True, more=more),
                vault=VAULT,
                pepper=PEPPER,
                oauth_clients=oauth_clients or {},
                state_key=bytes(32),
                clock=lambda: NOW,
                metrics=metrics,
                tracing=traces,
                rate_limit=RateLimit(burst=100_000),
                reach=NEAR,
                warehouses=warehouses,
            )
        )
        try:
            yield app, metrics
        finally:
            await warehouses.close()
