"""A client of the API for tests: the application in this process, a real key, a real database."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

import httpx
from litestar.handlers import HTTPRouteHandler

from api.db.session import Sessions
from api.http.application import build
from api.http.edge import Edge
from api.http.rate import RateLimit, RateLimiter
from api.keys import service as keys
from api.keys.door import KeyDoor
from api.keys.pepper import Pepper
from api.telemetry.metrics import Metrics
from api.telemetry.tracing import NoTracing
from tests.api import rows

PEPPER = Pepper(bytes(range(32)))


@dataclass(frozen=True, slots=True)
class Answer:
    """What is looked at of a response: the status, and the JSON or the code of the error."""

    status: int
    json: Any = None

    @property
    def code(self) -> str:
        return str(self.json["error"]["code"])

    @property
    def cause(self) -> str:
        return str(self.json["error"].get("cause", ""))

    @property
    def id(self) -> int:
        assert self.status == 200, self.json
        return int(self.json["id"])


class Client:
    """Asks an application with a key, and perhaps for a workspace."""

    def __init__(self, app: Edge, key: str, workspace_id: int | None = None) -> None:
        headers = {"Authorization": f"Bearer {key}"}
        if workspace_id is not None:
            headers["Krenalis-Workspace"] = str(workspace_id)
        self._app, self._key = app, key
        self._client = httpx.AsyncClient(
            transport=httpx.ASGITransport(app=cast("Any", app)),
            base_url="http://kiln",
            headers=headers,
        )

    def of(self, workspace_id: int) -> "Client":
        """Give a client with the same key for a workspace."""
        return Client(self._app, self._key, workspace_id)

    def through(self, app: Edge) -> "Client":
        """Give a client with the same key of another application on the same database."""
        return Client(app, self._key)

    async def ask(self, method: str, path: str, sent: object = None, /, **query: object) -> Answer:
        response = await self._client.request(
            method,
            path,
            json=sent if method in ("POST", "PUT") and sent is not None else None,
            params={name: str(value) for name, value in query.items()},
        )
        return Answer(response.status_code, response.json() if response.content else None)

    async def get(self, path: str, /, **query: object) -> Any:  # noqa: ANN401 - JSON
        answer = await self.ask("GET", path, **query)
        assert answer.status == 200, answer.json
        return answer.json

    async def text(self, path: str) -> str:
        """Give an answer that is no JSON, as a whole."""
        response = await self._client.get(path)
        assert response.status_code == 200, response.text
        return response.text


def application(
    sessions: Sessions, routes: Sequence[HTTPRouteHandler], collaborators: Mapping[str, object]
) -> Edge:
    return build(
        routes,
        {"sessions": sessions, **collaborators},
        door=KeyDoor(sessions, PEPPER),
        limiter=RateLimiter(RateLimit()),
        metrics=Metrics(),
        tracing=NoTracing(),
    )


async def organization_key(sessions: Sessions, organization_id: int = rows.ORGANIZATION_ID) -> str:
    """Make an organisation, and give a key of it."""
    async with sessions.begin() as session:
        session.add(rows.organization(id=organization_id))
        await session.flush()
        key = await keys.create(session, PEPPER, organization_id=organization_id, name="Tests")
    return key.text
