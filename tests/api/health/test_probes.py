"""What machines are told of a process, whatever state its surroundings are in."""

from collections.abc import AsyncIterator
from contextlib import ExitStack

import pytest

from api.db.session import Database
from api.health.checks import REMEMBERED_SECONDS, Checks
from api.telemetry.metrics import Metrics
from api.telemetry.tracing import NoTracing
from api.transformer.transformer import Transformer
from runtime.client import ClientOptions, connect
from runtime.retry import RetryPolicy
from runtime.sandbox.interface import Language
from tests.api.installation import Installation, installed
from tests.runtime.serving import running, socket_address

NOWHERE = "postgresql://nobody:hunter2@127.0.0.1:1/nothing"
HASTY = ClientOptions(timeout_seconds=5.0, retry=RetryPolicy(total_seconds=0.2))


class Clock:
    """A clock that goes when it is told to."""

    def __init__(self) -> None:
        self.seconds = 1_000.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
async def installation(
    database: Database, runtime_with_functions: str
) -> AsyncIterator[Installation]:
    async with installed(database, runtime_with_functions) as found:
        yield found


async def test_a_process_that_answers_is_alive(installation: Installation) -> None:
    async with installation.client() as client:
        answer = await client.get("/healthz", headers={"Authorization": "nonsense"})

    assert (answer.status_code, answer.json()) == (200, {"alive": True})


async def test_readiness_tells_of_the_database_the_runtime_and_its_walls(
    installation: Installation,
) -> None:
    async with installation.client() as client:
        answer = await client.get("/readyz")

    found = answer.json()
    assert answer.status_code == 200
    assert found["runtime"].pop("walls")
    assert found == {
        "ready": True,
        "database": {"ready": True, "message": ""},
        "runtime": {"ready": True, "message": "", "languages": ["JavaScript", "Python"]},
    }


async def test_metrics_tell_routes_and_never_paths(installation: Installation) -> None:
    async with installation.client() as client:
        await client.get("/v1/connections/123456789")
        await client.get("/v1/no/such/path")
        answer = await client.get("/metrics")

    assert answer.headers["content-type"].startswith("text/plain; version=1.0.0")
    assert 'route="/v1/connections/{id}",status="404"} 1.0' in answer.text
    assert 'route="(none)",status="404"} 1.0' in answer.text
    assert "kiln_database_connections" in answer.text
    assert "123456789" not in answer.text
    assert "such" not in answer.text


async def test_what_cannot_be_reached_is_told_without_where_it_is() -> None:
    database = Database.open(NOWHERE)
    with socket_address() as nobody:
        async with await connect(nobody, options=HASTY) as client:
            transformer = Transformer(client, Metrics(), NoTracing())
            found = await Checks(database, transformer).readiness()
    await database.close()

    assert (found.ready, found.database.ready, found.runtime.ready) == (False, False, False)
    assert found.database.message.startswith("not reachable: ")
    assert found.runtime.message == "not reachable: UnavailableError"
    for secret in ("hunter2", "nobody", "127.0.0.1"):
        assert secret not in str(found)


async def test_a_runtime_without_languages_is_ready_all_the_same(database: Database) -> None:
    with running() as (_, address):
        async with await connect(address, options=HASTY) as client:
            transformer = Transformer(client, Metrics(), NoTracing())
            found = await Checks(database, transformer).readiness()

    assert (found.ready, found.runtime.languages) == (True, [])
    assert Language.PYTHON not in found.runtime.languages


async def test_an_answer_is_remembered_for_a_moment(database: Database) -> None:
    clock = Clock()
    with ExitStack() as serving:
        _, address = serving.enter_context(running())
        async with await connect(address, options=HASTY) as client:
            checks = Checks(database, Transformer(client, Metrics(), NoTracing()), clock)
            first = await checks.readiness()
            assert first.ready
            serving.close()
            assert await checks.readiness() is first
            clock.seconds += REMEMBERED_SECONDS
            later = await checks.readiness()

    assert (later.database.ready, later.runtime.ready) == (True, False)
