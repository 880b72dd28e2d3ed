"""A workspace with files, a real warehouse, a real runtime and workers, asked over HTTP."""

import asyncio
import os
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from api.connections import files
from api.db.session import Database
from api.db.tables.run import Run
from api.operations import routes as operations
from api.pipelines import routes as pipelines
from api.pipelines.validation.checks import Checker
from api.runs import routes as runs
from api.runs.imports import Carrier
from api.telemetry.metrics import Metrics
from api.telemetry.tracing import NoTracing
from api.transformer.transformer import Transformer, client_options
from api.vault.keys import SecretKey
from api.vault.vault import Purpose, Vault
from api.worker import Worker
from api.workspaces import routes as workspaces
from connectors.files import Root, Site
from connectors.registry import catalogue
from runtime.client import Client as RuntimeClient
from runtime.client import connect
from tests.api import rows
from tests.api.client import Answer, Client, application, organization_key
from tests.postgresql import NEAR, empty_schema
from tests.warehouse.postgresql.loads import identities

VAULT = Vault([SecretKey(bytes(range(32)))])
CATALOGUE = catalogue(with_test_connectors=True)
WAIT_SECONDS = 60.0
OF_THE_FILE = datetime(2026, 5, 1, 10, tzinfo=UTC)


def clock() -> datetime:
    return datetime.fromtimestamp(time.time(), UTC)


def _optional(name: str, **type_: object) -> dict[str, Any]:
    return {"name": name, "type": type_, "readOptional": True}


def _object(*properties: dict[str, Any]) -> dict[str, Any]:
    return {"kind": "object", "properties": list(properties)}


PROFILES = _object(
    _optional("email", kind="string", maxLength=20),
    _optional("age", kind="int", bitSize=32),
)
PIPELINE: Mapping[str, Any] = {
    "name": "Members",
    "connection": rows.SOURCE_ID,
    "target": "User",
    "enabled": True,
    "format": "csv",
    "path": "members.csv",
    "formatSettings": {"separator": ",", "hasColumnNames": True},
    "userIDColumn": "id",
    "transformation": {"mapping": {"email": "mail", "age": "age"}},
    "inSchema": _object(
        {"name": "id", "type": {"kind": "string"}},
        {"name": "mail", "type": {"kind": "string"}},
        {"name": "age", "type": {"kind": "string"}},
    ),
    "outSchema": PROFILES,
}


@dataclass(slots=True, kw_only=True)
class Workshop:
    """Everything that a run needs, and somebody who asks for runs."""

    database: Database
    client: Client
    workspace_id: int
    settings: Mapping[str, Any]
    folder: Path
    runtime: RuntimeClient
    now: Callable[[], datetime] = clock

    def put(self, name: str, text: str, modified: datetime = OF_THE_FILE) -> Path:
        path = self.folder / name
        path.write_text(text)
        os.utime(path, (modified.timestamp(),) * 2)
        return path

    async def create(self, **changed: object) -> int:
        return (await self.client.ask("POST", "/v1/pipelines", {**PIPELINE, **changed})).id

    async def start(self, pipeline_id: int, **body: object) -> int:
        return (await self.client.ask("POST", f"/v1/pipelines/{pipeline_id}/runs", body)).id

    async def run(self, pipeline_id: int, **body: object) -> Any:  # noqa: ANN401 - JSON
        """Start a run, and give it when it has ended."""
        return await self.ended(await self.start(pipeline_id, **body))

    async def ended(self, run_id: int) -> Any:  # noqa: ANN401 - JSON
        async with asyncio.timeout(WAIT_SECONDS):
            while True:
                found = await self.client.get(f"/v1/pipelines/runs/{run_id}")
                if found["endTime"] is not None:
                    return found
                await asyncio.sleep(0.01)

    async def until(self, met: Callable[[], bool]) -> None:
        async with asyncio.timeout(WAIT_SECONDS):
            while not met():  # noqa: ASYNC110 - what is awaited happens elsewhere
                await asyncio.sleep(0.01)

    async def ask(self, method: str, path: str, sent: object = None, /, **query: object) -> Answer:
        return await self.client.ask(method, path, sent, **query)

    def identities(self) -> dict[str, tuple[object, ...]]:
        found = identities(self.settings, "_identity_id", "email", "age")
        return {str(user_id): (email, age) for user_id, email, age in found}

    def worker(self, lease_seconds: float = 15.0) -> Worker:
        return Worker(
            database=self.database,
            carrier=Carrier(
                sessions=self.database.sessions,
                vault=VAULT,
                catalogue=CATALOGUE,
                site=Site(root=Root(self.folder, "/files"), reach=NEAR),
                client=self.runtime,
                clock=self.now,
            ),
            lease_seconds=lease_seconds,
        )

    @asynccontextmanager
    async def working(self, lease_seconds: float = 15.0) -> AsyncIterator["asyncio.Task[None]"]:
        """Have a worker in this process for as long as the block."""
        task = asyncio.create_task(self.worker(lease_seconds).run())
        try:
            yield task
        finally:
            task.cancel()
            await asyncio.wait([task])
            if not task.cancelled() and (error := task.exception()) is not None:
                raise error


@asynccontextmanager
async def workshop(
    database: Database, warehouse_url: str, runtime_address: str, folder: Path
) -> AsyncIterator[Workshop]:
    """Make a workspace on an empty warehouse, with a source that sees a folder."""
    async with await connect(runtime_address, options=client_options(NoTracing())) as runtime:
        transformer = Transformer(runtime, Metrics(), NoTracing())
        settings = empty_schema(warehouse_url)
        app = application(
            database.sessions,
            (
                *workspaces.ROUTES,
                *operations.ROUTES,
                *pipelines.ROUTES,
                *runs.ROUTES,
                *files.ROUTES,
            ),
            {
                "vault": VAULT,
                "reach": NEAR,
                "catalogue": CATALOGUE,
                "checker": Checker(catalogue=CATALOGUE, compiler=transformer),
                "clock": clock,
                "site": Site(root=Root(folder, "/files"), reach=NEAR),
            },
        )
        client = Client(app, await organization_key(database.sessions))
        made = await client.ask(
            "POST",
            "/v1/workspaces",
            {
                "name": "Customers",
                "profileSchema": PROFILES,
                "warehouse": {"platform": "PostgreSQL", "settings": settings},
            },
        )
        async with database.sessions.begin() as session:
            session.add(
                rows.source(
                    workspace_id=made.id,
                    sealed_settings=VAULT.seal_json(
                        Purpose.CONNECTION_SETTINGS,
                        rows.SOURCE_ID,
                        {"simulateHighIOLatency": False},
                    ),
                )
            )
        yield Workshop(
            database=database,
            client=client.of(made.id),
            workspace_id=made.id,
            settings=settings,
            folder=folder,
            runtime=runtime,
        )


def lines(*rows_: str) -> str:
    return "\n".join(("id,mail,age", *rows_, ""))


async def row_of(shop: Workshop, run_id: int) -> Run:
    async with shop.database.sessions() as session:
        return await session.get_one(Run, run_id)


async def wait_for_attempt(shop: Workshop, run_id: int, attempt: int) -> None:
    async with asyncio.timeout(60):
        while True:
            row = await row_of(shop, run_id)
            if row.attempt >= attempt and row.lease_owner is not None:
                return
            await asyncio.sleep(0.01)


async def held(shop: Workshop, mode: str = "Maintenance") -> tuple[int, int]:
    """Start a run that waits for the mode of its warehouse."""
    shop.put("members.csv", lines("a,a@x.io,30"))
    pipeline_id = await shop.create()
    run_id = await shop.start(pipeline_id)
    assert (await shop.ask("PUT", "/v1/warehouse/mode", {"mode": mode})).status == 200
    return pipeline_id, run_id
