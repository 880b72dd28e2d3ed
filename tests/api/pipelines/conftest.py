"""The endpoints of pipelines and runs, over a real database and with a real key."""

from collections.abc import AsyncIterator, Sequence
from typing import Any

import httpx
import pytest

from api.db.session import Sessions
from api.http.application import build
from api.http.edge import Edge
from api.http.rate import RateLimit, RateLimiter
from api.keys import service as keys
from api.keys.door import KeyDoor
from api.pipelines import routes as pipeline_routes
from api.pipelines.validation.checks import Checker
from api.pipelines.validation.transformation import Compiler
from api.runs import routes as run_routes
from api.telemetry.metrics import Metrics
from api.telemetry.tracing import NoTracing
from api.vault.keys import SecretKey
from api.vault.vault import Vault
from connectors.interface import Role
from connectors.registry import catalogue
from tests.api import rows
from tests.api.client import PEPPER, Answer
from tests.api.pipelines.bodies import CONNECTIONS, Body, body
from tests.api.pipelines.checking import LocalCompiler

CONNECTION_IDS = {kind: 700_000_000 + number for number, kind in enumerate(CONNECTIONS)}
SCHEDULE_START = 641


class Api:
    """A client with a key for one workspace, which has a connection for every kind."""

    def __init__(self, app: Edge, key: str) -> None:
        self._client = httpx.AsyncClient(
            # Both mean ASGI, each with types of its own.
            transport=httpx.ASGITransport(app=app),  # type: ignore[arg-type]
            base_url="http://kiln",
            headers={"Authorization": f"Bearer {key}"},
        )

    async def close(self) -> None:
        await self._client.aclose()

    async def ask(self, method: str, path: str, sent: object = None) -> Answer:
        has_body = method in ("POST", "PUT")
        response = await self._client.request(
            method,
            f"/v1/pipelines{path}",
            json=({} if sent is None else sent) if has_body else None,
        )
        return Answer(response.status_code, response.json() if response.content else None)

    async def create(self, kind: str, **changed: Any) -> int:  # noqa: ANN401 - JSON
        return (await self.ask("POST", "", self.new(kind, **changed))).id

    async def get(self, pipeline_id: int) -> Body:
        answer = await self.ask("GET", f"/{pipeline_id}")
        assert answer.status == 200, answer.json
        return dict(answer.json)

    @staticmethod
    def new(kind: str, **changed: Any) -> Body:  # noqa: ANN401 - JSON
        return body(kind, **{"connection": CONNECTION_IDS[kind], **changed})


async def add_connections(sessions: Sessions, workspace_id: int = rows.WORKSPACE_ID) -> None:
    async with sessions.begin() as session:
        for kind, (code, role) in CONNECTIONS.items():
            row = rows.source(
                id=CONNECTION_IDS[kind],
                workspace_id=workspace_id,
                name=kind,
                connector=code,
                role=role,
                schedule_start=SCHEDULE_START,
                strategy="Fusion" if code == "javascript" else None,
                sending_mode="Server" if role is Role.DESTINATION and kind == "K7" else None,
            )
            session.add(row)


def application(sessions: Sessions, compiler: Compiler) -> Edge:
    offered = catalogue(with_test_connectors=True)
    routes: Sequence[Any] = (*pipeline_routes.ROUTES, *run_routes.ROUTES)
    return build(
        routes,
        {
            "sessions": sessions,
            "catalogue": offered,
            "checker": Checker(catalogue=offered, compiler=compiler),
            "clock": lambda: rows.NOW,
            "vault": Vault([SecretKey(bytes(range(32)))]),
        },
        door=KeyDoor(sessions, PEPPER),
        limiter=RateLimiter(RateLimit()),
        metrics=Metrics(),
        tracing=NoTracing(),
    )


@pytest.fixture
def compiler() -> LocalCompiler:
    return LocalCompiler()


async def open_api(sessions: Sessions, compiler: Compiler) -> Api:
    """Add a tenant with its connections, and give a client for it."""
    async with sessions.begin() as session:
        for row in (rows.organization(), rows.workspace()):
            session.add(row)
            await session.flush()
        key = await keys.create(
            session,
            PEPPER,
            organization_id=rows.ORGANIZATION_ID,
            name="Tests",
            workspace_id=rows.WORKSPACE_ID,
        )
    await add_connections(sessions)
    return Api(application(sessions, compiler), key.text)


@pytest.fixture
async def api(sessions: Sessions, compiler: LocalCompiler) -> AsyncIterator[Api]:
    opened = await open_api(sessions, compiler)
    yield opened
    await opened.close()
