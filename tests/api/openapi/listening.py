"""The whole API on a port of this machine, in a thread, with what the documents name in it."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

from api.db.session import Database
from api.serve.http_server import Stop, answer, bind
from api.settings.settings import Listen
from connectors.interface import Role
from tests.api import rows
from tests.api.client import Client
from tests.api.installation import serving, tenant
from tests.api.seeds.documents import sample_request

START_SECONDS: Final = 60.0
EXPORT_CONNECTION: Final = 700_000_006

EXAMPLE_CONNECTIONS: Final = (
    # The ids that the examples of the documentation name.
    (1371036433, "javascript", Role.SOURCE),
    (529774388, "mixpanel", Role.DESTINATION),
    (1432985021, "google-analytics", Role.DESTINATION),
    (230527183, "filesystem", Role.SOURCE),
    (EXPORT_CONNECTION, "mailchimp", Role.DESTINATION),
)


@dataclass(frozen=True, slots=True)
class Service:
    """Where it is, a key of its organisation, and a workspace with a warehouse."""

    url: str
    key: str
    workspace_id: int


@contextmanager
def listening(
    database_url: str, runtime_address: str, warehouse: dict[str, object]
) -> Iterator[Service]:
    """Serve until the block ends."""
    found: list[Service | BaseException] = []
    ready = threading.Event()
    stop = Stop()
    loop = asyncio.new_event_loop()

    async def serve() -> None:
        bound = bind(Listen(port=0))
        database = Database.open(database_url)
        started = asyncio.Event()
        key = await tenant(database, restricted=False)
        async with serving(database, runtime_address) as (app, _), asyncio.TaskGroup() as group:
            workspace_id = await new_workspace(Client(app, key), warehouse)
            await add_examples(database, workspace_id)
            group.create_task(answer(app, bound, started=started, stop=stop, drain_seconds=5.0))
            await started.wait()
            url = f"http://127.0.0.1:{bound.getsockname()[1]}"
            found.append(Service(url, key, workspace_id))
            ready.set()
        await database.close()

    def run() -> None:
        try:
            loop.run_until_complete(serve())
        except BaseException as error:  # noqa: BLE001 - told to whoever waits
            found.append(error)
        finally:
            ready.set()
            loop.close()

    thread = threading.Thread(target=run, name="api")
    thread.start()
    try:
        assert ready.wait(START_SECONDS), "the API did not start in time"
        match found[0]:
            case Service() as service:
                yield service
            case error:
                raise error
    finally:
        if not loop.is_closed():
            loop.call_soon_threadsafe(stop.ask)
        thread.join(START_SECONDS)


async def new_workspace(client: Client, warehouse: dict[str, object]) -> int:
    """Make the workspace of the documentation, with a warehouse that is there."""
    sent = {
        **sample_request("workspaces", "Create workspace"),
        "warehouse": {"platform": "PostgreSQL", "settings": warehouse},
    }
    return (await client.ask("POST", "/v1/workspaces", sent)).id


async def add_examples(database: Database, workspace_id: int) -> None:
    """Make what the examples name, so that they succeed as they stand."""
    async with database.sessions.begin() as session:
        for identifier, connector, role in EXAMPLE_CONNECTIONS:
            session.add(
                rows.source(
                    id=identifier,
                    workspace_id=workspace_id,
                    name=connector,
                    connector=connector,
                    role=role,
                    strategy="Conversion" if connector == "javascript" else None,
                    sending_mode="Server" if role is Role.DESTINATION else None,
                )
            )
        await session.flush()
        session.add(rows.pipeline(id=705981339, workspace_id=workspace_id, connection_id=230527183))
        await session.flush()
        session.add(
            rows.run(id=609461413, pipeline_id=705981339, definition=None, ended_at=rows.NOW)
        )
