"""Two processes of the API on one database, and fifty clients that are in each other's way."""

import asyncio
import re
import signal
from collections import Counter
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import func, select

from api.db.session import Database
from api.db.tables.api_key import ApiKey
from api.db.tables.connection import Connection
from api.db.tables.event_write_key import EventWriteKey
from api.db.tables.organization import Organization
from api.db.tables.pipeline import Pipeline
from api.db.tables.purge import Purge
from api.db.tables.run import Run
from api.db.tables.workspace import Workspace
from tests.api.concurrency.crowd import Crowd, crowd_of
from tests.api.serve.served import Kiln
from tests.postgresql import empty_schema
from tests.runtime.serving import running

pytestmark = pytest.mark.timeout(300)  # four processes and fifty clients

CLIENTS = 50
ACTIONS = 8
ANSWERS = 100
"""How many were given when one of two processes is killed: a quarter of all."""


@dataclass(frozen=True, slots=True)
class Pair:
    """Two processes of one installation, which were started at the same moment."""

    urls: tuple[str, str]
    keys: tuple[str, ...]
    """The first keys that they told."""
    processes: tuple[Kiln, Kiln]


@pytest.fixture
def pair(empty_database_url: str, tmp_path: Path) -> Iterator[Pair]:
    with running() as (_, runtime):
        processes = tuple(
            Kiln(
                tmp_path / "data",
                "api",
                KILN_DATABASE_URL=empty_database_url,
                KILN_RUNTIME=runtime,
                KILN_ALLOWED_NETWORKS="sockets",
                KILN_RATE_LIMIT_BURST="1000000",
            )
            for _ in range(2)
        )
        try:
            one, other = (process.wait_until_ready() for process in processes)
            told = "\n".join(line for process in processes for line in process.told)
            keys = re.findall(r"First API key, shown only now: (\S+)", told)
            yield Pair((one, other), tuple(keys), (processes[0], processes[1]))
        finally:
            for process in processes:
                process.end()


@pytest.fixture
async def database(empty_database_url: str) -> AsyncIterator[Database]:
    opened = Database.open(empty_database_url)
    yield opened
    await opened.close()


async def test_fifty_clients_are_in_each_others_way(
    pair: Pair, database: Database, warehouse_database: str
) -> None:
    # Both migrated an empty database and founded the installation: once.
    (key,) = pair.keys
    bearer = {"Authorization": f"Bearer {key}"}
    async with AsyncExitStack() as stack:
        first = await stack.enter_async_context(
            httpx.AsyncClient(base_url=pair.urls[0], headers=bearer, timeout=60)
        )
        workspace_id = await create_workspace(first, warehouse_database)
        headers = {**bearer, "Krenalis-Workspace": str(workspace_id)}
        clients = [
            await stack.enter_async_context(
                httpx.AsyncClient(base_url=pair.urls[number % 2], headers=headers, timeout=60)
            )
            for number in range(CLIENTS)
        ]
        crowd = await crowd_of(clients, ACTIONS)
        assert crowd.failures == []
        # Every action was tried. Who wins is chance: what is changed may always be gone already.
        assert {what for what, _ in crowd.told} >= {
            "create connection",
            "create pipeline",
            "update connection",
            "update pipeline",
            "change pipeline",
            "delete pipeline",
            "delete connection",
        }
        carried_out = {what for what, status in crowd.told if status == 200}
        assert carried_out >= {"create connection", "create pipeline", "delete connection"}
        shown = [(await each.get("/v1/connections")).json() for each in clients[:2]]
        assert shown[0] == shown[1]
        check_shown(crowd, shown[0]["connections"])
        await check_rows(database)
        await close_down(clients, first, workspace_id)
    async with database.sessions() as session:
        for table in (Workspace, Connection, Pipeline, Run, EventWriteKey, Purge):
            assert await session.scalar(select(func.count()).select_from(table)) == 0
        assert await session.scalar(select(func.count()).select_from(ApiKey)) == 1


async def test_a_process_that_is_killed_leaves_nothing_half_done(
    pair: Pair, database: Database, warehouse_database: str
) -> None:
    bearer = {"Authorization": f"Bearer {pair.keys[0]}"}
    async with AsyncExitStack() as stack:
        first = await stack.enter_async_context(
            httpx.AsyncClient(base_url=pair.urls[0], headers=bearer, timeout=60)
        )
        workspace_id = await create_workspace(first, warehouse_database)
        headers = {**bearer, "Krenalis-Workspace": str(workspace_id)}
        clients = [
            await stack.enter_async_context(
                httpx.AsyncClient(base_url=pair.urls[number % 2], headers=headers, timeout=60)
            )
            for number in range(CLIENTS)
        ]
        crowd = Crowd()
        acting = asyncio.create_task(crowd_of(clients, ACTIONS, crowd))
        await crowd.wait_for_answers(ANSWERS)
        # Half of the clients have asked it something.
        await asyncio.to_thread(pair.processes[1].end, signal.SIGKILL)
        await acting
        assert crowd.failures == []
        assert crowd.unanswered > 0
        shown = (await clients[0].get("/v1/connections")).json()["connections"]
        ids = {connection["id"] for connection in shown}
        pipelines = [each["id"] for connection in shown for each in connection["pipelines"]]
        for path in (
            *(f"/v1/connections/{each}" for each in ids),
            *(f"/v1/pipelines/{each}" for each in pipelines),
        ):
            assert (await clients[0].get(path)).status_code == 200
        # What was answered is so; what was not is there as a whole, or not at all.
        known = set(crowd.connections) - set(crowd.deleted)
        assert len(known ^ ids) <= crowd.unanswered
        writers = [each["id"] for each in shown if each["connector"] == "javascript"]
        for each in writers:
            found = (await clients[0].get(f"/v1/connections/{each}/event-write-keys")).json()
            assert found["eventWriteKeys"]
    await check_rows(database)


async def create_workspace(organization: httpx.AsyncClient, warehouse_database: str) -> int:
    email = {"name": "email", "type": {"kind": "string", "maxLength": 254}, "readOptional": True}
    settings = empty_schema(warehouse_database)
    made = await organization.post(
        "/v1/workspaces",
        json={
            "name": "Crowded",
            "profileSchema": {"kind": "object", "properties": [email]},
            "warehouse": {"platform": "PostgreSQL", "settings": settings},
        },
    )
    assert made.status_code == 200, made.text
    return int(made.json()["id"])


async def close_down(
    clients: Sequence[httpx.AsyncClient], organization: httpx.AsyncClient, workspace_id: int
) -> None:
    """Delete the workspace several times at once, while everybody goes on."""
    files = {"name": "Late", "role": "Source", "connector": "filesystem", "settings": {}}
    key = {"name": "Late", "workspace": workspace_id}
    asked = [
        request
        for http in clients[:8]
        for request in (
            http.post("/v1/connections", json=files),
            http.put("/v1/workspaces/current", json={"name": "Late"}),
            http.delete("/v1/workspaces/current"),
            organization.post("/v1/keys", json=key),
        )
    ]
    answers = await asyncio.gather(*asked)
    assert [each.text for each in answers if each.status_code not in {200, 404, 422}] == []
    deletions = Counter(answer.status_code for answer in answers[2::4])
    assert deletions == {200: 1, 404: 7}


def check_shown(crowd: Crowd, connections: list[dict[str, Any]]) -> None:
    """Check that what is shown is what was made and not deleted, once."""
    assert set(crowd.deleted.values()) <= {1}
    ids = [connection["id"] for connection in connections]
    assert sorted(ids) == sorted(set(crowd.connections) - set(crowd.deleted))
    pipelines = {
        pipeline["id"]: connection["id"]
        for connection in connections
        for pipeline in connection["pipelines"]
    }
    # Those of a deleted connection went with it.
    assert pipelines == {
        pipeline: connection
        for pipeline, connection in crowd.pipelines.items()
        if pipeline not in crowd.deleted and connection not in crowd.deleted
    }
    linked = {
        (connection["id"], other)
        for connection in connections
        for other in connection.get("linkedConnections") or ()
    }
    assert linked == {(other, one) for one, other in linked}
    assert {one for one, _ in linked} <= set(ids)


async def check_rows(database: Database) -> None:
    """Check what no answer shows."""
    async with database.sessions() as session:
        assert await session.scalar(select(func.count()).select_from(Organization)) == 1
        orphans = select(func.count()).where(Run.pipeline_id.not_in(select(Pipeline.id)))
        assert await session.scalar(orphans) == 0
        live = select(func.count()).where(Run.ended_at.is_(None)).group_by(Run.pipeline_id)
        assert set(await session.scalars(live)) <= {1}
        keys = select(func.count(EventWriteKey.key)).group_by(EventWriteKey.connection_id)
        assert all(1 <= count <= 20 for count in await session.scalars(keys))
