from collections.abc import AsyncIterator

import httpx
import pytest

from api.db.session import Database, Sessions
from api.http.application import build
from api.http.rate import RateLimit, RateLimiter
from api.keys import service
from api.keys.door import KeyDoor
from api.keys.pepper import Pepper
from api.keys.routes import ROUTES
from api.telemetry.metrics import Metrics
from api.telemetry.tracing import NoTracing
from tests.api import rows

PEPPER = Pepper(bytes(range(32)))


@pytest.fixture
async def client(database: Database, sessions: Sessions) -> AsyncIterator[httpx.AsyncClient]:
    """A client with a key of the organisation."""
    async with sessions.begin() as session:
        await rows.tenant(session)
        key = await service.create(
            session, PEPPER, organization_id=rows.ORGANIZATION_ID, name="Ours"
        )
    app = build(
        ROUTES,
        {"database": database, "sessions": sessions, "pepper": PEPPER},
        door=KeyDoor(sessions, PEPPER),
        limiter=RateLimiter(RateLimit()),
        metrics=Metrics(),
        tracing=NoTracing(),
    )
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app),  # type: ignore[arg-type]
        base_url="http://kiln",
        headers={"Authorization": f"Bearer {key.text}"},
    ) as client:
        yield client


async def test_a_key_lives_and_ends(client: httpx.AsyncClient) -> None:
    created = await client.post("/v1/keys", json={"name": "CI", "workspace": rows.WORKSPACE_ID})
    assert created.status_code == 200
    key = created.json()
    assert set(key) == {"id", "key"}
    bearer = {"Authorization": f"Bearer {key['key']}"}

    listed = (await client.get("/v1/keys")).json()["keys"]
    assert [each["name"] for each in listed] == ["CI", "Ours"]
    shown = listed[0]
    assert shown.pop("createdAt").endswith("Z")
    assert shown == {
        "id": key["id"],
        "name": "CI",
        "workspace": rows.WORKSPACE_ID,
        "hint": f"{key['key'][:8]}...{key['key'][-6:]}",
    }

    renamed = await client.put(f"/v1/keys/{key['id']}", json={"name": "Nightly"})
    assert (renamed.status_code, renamed.content) == (200, b"")
    assert [each["name"] for each in (await client.get("/v1/keys")).json()["keys"]] == [
        "Nightly",
        "Ours",
    ]

    # A key of a workspace manages no keys.
    assert (await client.get("/v1/keys", headers=bearer)).status_code == 401

    assert (await client.delete(f"/v1/keys/{key['id']}")).status_code == 200
    assert (await client.delete(f"/v1/keys/{key['id']}")).status_code == 404
    again = await client.get("/v1/keys", headers=bearer)
    assert again.json()["error"]["message"] == "the key does not exist"


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({}, 400, "BadRequest"),
        ({"name": ""}, 400, "BadRequest"),
        ({"name": "n" * 101}, 400, "BadRequest"),
        ({"name": "a\0b"}, 400, "BadRequest"),
        ({"name": "a\0\n"}, 400, "BadRequest"),
        ({"name": "CI", "workspace": "705981339"}, 400, "BadRequest"),
        ({"name": "CI", "workspace": 705981339}, 422, "WorkspaceNotExist"),
    ],
)
async def test_a_key_that_cannot_be_is_refused(
    body: object, status: int, code: str, client: httpx.AsyncClient
) -> None:
    answer = await client.post("/v1/keys", json=body)
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)
    assert len((await client.get("/v1/keys")).json()["keys"]) == 1


async def test_what_is_not_there_comes_before_what_is_wrong(client: httpx.AsyncClient) -> None:
    """API-5."""
    assert (await client.put("/v1/keys/x", json={})).status_code == 400
    assert (await client.put("/v1/keys/705981339", json={})).status_code == 404
    own = (await client.get("/v1/keys")).json()["keys"][0]["id"]
    assert (await client.put(f"/v1/keys/{own}", json={})).status_code == 400
