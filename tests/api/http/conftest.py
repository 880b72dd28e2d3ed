"""Routes behind the real edge, with real keys in a real database."""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Any, cast

import httpx
import pytest

from api.db.session import Sessions
from api.http.edge import Edge
from api.keys import service as keys
from tests.api import rows
from tests.api.client import PEPPER, application
from tests.api.http.echo import ROUTES

OTHER_ORGANIZATION_ID = 600_000_001
OTHER_WORKSPACE_ID = 600_000_002


@dataclass(frozen=True, slots=True, kw_only=True)
class Keys:
    """The keys of two organisations with a workspace each."""

    whole: str
    restricted: str
    other: str


@pytest.fixture
def app(sessions: Sessions) -> Edge:
    return application(sessions, ROUTES, {})


@pytest.fixture
async def issued(sessions: Sessions) -> Keys:
    async with sessions.begin() as session:
        for organization_id, workspace_id in (
            (rows.ORGANIZATION_ID, rows.WORKSPACE_ID),
            (OTHER_ORGANIZATION_ID, OTHER_WORKSPACE_ID),
        ):
            session.add(rows.organization(id=organization_id))
            await session.flush()
            session.add(rows.workspace(id=workspace_id, organization_id=organization_id))
            await session.flush()

        async def key(organization_id: int, workspace_id: int | None = None) -> str:
            made = await keys.create(
                session,
                PEPPER,
                organization_id=organization_id,
                name="Tests",
                workspace_id=workspace_id,
            )
            return made.text

        return Keys(
            whole=await key(rows.ORGANIZATION_ID),
            restricted=await key(rows.ORGANIZATION_ID, rows.WORKSPACE_ID),
            other=await key(OTHER_ORGANIZATION_ID),
        )


@pytest.fixture
async def http(app: Edge) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(app=cast("Any", app), raise_app_exceptions=True)
    async with httpx.AsyncClient(transport=transport, base_url="http://kiln") as client:
        yield client


@pytest.fixture
def in_workspace(issued: Keys) -> Mapping[str, str]:
    """The headers of a key that opens one workspace."""
    return {"Authorization": f"Bearer {issued.restricted}"}


def told(response: httpx.Response) -> tuple[int, str]:
    """Give the status and the code of an error."""
    return response.status_code, response.json()["error"]["code"]
