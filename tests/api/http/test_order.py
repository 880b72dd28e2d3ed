"""What is checked first: each request is wrong in one way, and in every way that comes later."""

import json
from collections.abc import Mapping
from typing import Any, cast

import httpx
import pytest

from api.db.session import Sessions
from api.http.application import build
from api.http.rate import RateLimit, RateLimiter
from api.keys.door import KeyDoor
from api.telemetry.metrics import Metrics
from api.telemetry.tracing import NoTracing
from tests.api.client import PEPPER
from tests.api.http.conftest import Keys, told
from tests.api.http.echo import KNOWN_ID, ROUTES

pytestmark = pytest.mark.anyio

JSON = {"Content-Type": "application/json"}
BAD = (400, "BadRequest")
UNKNOWN = "/v1/things/999999999"
NO_JSON = b"{"


async def test_a_body_on_get_and_delete_is_refused_before_anything_else(
    http: httpx.AsyncClient,
) -> None:
    for method in ("GET", "HEAD", "DELETE"):
        for path in ("/v1/nowhere", "/v1/things/1/", "/v1/things/x"):
            response = await http.request(method, path, content=b"x")
            assert response.status_code == 400


async def test_a_body_that_is_too_large_is_refused_before_the_route_is_known(
    http: httpx.AsyncClient,
) -> None:
    for method in ("POST", "PUT"):
        response = await http.request(method, "/v1/nowhere", content=b" " * 512_001)
        assert told(response) == BAD
        assert "512001 bytes" in response.json()["error"]["message"]


async def test_the_largest_body_is_taken(
    http: httpx.AsyncClient, in_workspace: Mapping[str, str]
) -> None:
    content = b'{"name":"ok"' + b" " * (512_000 - 13) + b"}"
    response = await http.put(
        f"/v1/things/{KNOWN_ID}", content=content, headers={**in_workspace, **JSON}
    )
    assert (len(content), response.status_code) == (512_000, 200)


async def test_a_path_that_is_unknown_is_a_404_without_a_key(http: httpx.AsyncClient) -> None:
    for path in ("/v1/nowhere", "/v1/kinds/", "/v1//kinds", "/", "/v1", "/v1/things"):
        assert told(await http.get(path)) == (404, "NotFound")
        assert told(await http.post(path)) == (404, "NotFound")


@pytest.mark.parametrize("method", ["POST", "PATCH", "OPTIONS", "TRACE", "CONNECT"])
async def test_a_method_that_a_path_lacks_is_a_405_without_a_key(
    http: httpx.AsyncClient, method: str
) -> None:
    response = await http.request(method, f"/v1/things/{KNOWN_ID}")
    assert told(response) == (405, "MethodNotAllowed")
    assert response.headers["allow"] == "GET, HEAD, PUT, DELETE"


async def test_an_empty_body_comes_before_its_type_and_both_before_the_key(
    http: httpx.AsyncClient,
) -> None:
    empty = await http.put(UNKNOWN, headers={"Content-Type": "text/plain"})
    typed = await http.put(UNKNOWN, content=NO_JSON, headers={"Content-Type": "text/plain"})
    missing = await http.put(UNKNOWN, content=NO_JSON)
    keyless = await http.put(UNKNOWN, content=NO_JSON, headers=JSON)
    assert (told(empty), told(typed), told(missing)) == (BAD, BAD, BAD)
    assert "empty" in empty.json()["error"]["message"]
    assert "text/plain" in typed.json()["error"]["message"]
    assert "missing" in missing.json()["error"]["message"]
    assert told(keyless) == (401, "Unauthorized")


async def test_a_body_where_none_is_taken_is_refused_before_the_key(
    http: httpx.AsyncClient,
) -> None:
    response = await http.post(f"/v1/things/{KNOWN_ID}/touch", content=b"{}", headers=JSON)
    assert told(response) == BAD


async def test_the_key_comes_before_the_workspace_and_that_before_the_id(
    http: httpx.AsyncClient, issued: Keys
) -> None:
    key = {"Authorization": f"Bearer {issued.whole}", **JSON}
    path = "/v1/things/x"
    wrong_key = {**JSON, "Authorization": "Bearer api_x", "Krenalis-Workspace": "x"}
    wrong_workspace = {**key, "Krenalis-Workspace": "x"}
    assert told(await http.put(path, content=NO_JSON, headers=wrong_key)) == (401, "Unauthorized")
    assert told(await http.put(path, content=NO_JSON, headers=wrong_workspace)) == BAD
    assert told(await http.put(path, content=NO_JSON, headers=key)) == (403, "Forbidden")


async def test_a_malformed_id_comes_before_the_look_up_and_that_before_decoding(
    http: httpx.AsyncClient, in_workspace: Mapping[str, str]
) -> None:
    headers = {**in_workspace, **JSON}
    for text in (
        "x",
        "0",
        "-1",
        "01",
        "+1",
        "1.0",
        "99999999999",
        "2147483648",
        "%31%00",
        "\u0661",
    ):
        response = await http.put(f"/v1/things/{text}", content=NO_JSON, headers=headers)
        assert told(response) == BAD, text
    assert told(await http.put(UNKNOWN, content=NO_JSON, headers=headers)) == (404, "NotFound")
    known = f"/v1/things/{KNOWN_ID}"
    assert told(await http.put(known, content=NO_JSON, headers=headers)) == BAD
    refused = await http.put(known, json={"name": "taken"}, headers=headers)
    assert told(refused) == (422, "TargetExist")


async def test_rates_come_after_the_workspace_and_before_the_id(
    sessions: Sessions, issued: Keys
) -> None:
    app = build(
        ROUTES,
        {},
        door=KeyDoor(sessions, PEPPER),
        limiter=RateLimiter(RateLimit(burst=2, per_minute=1), lambda: 0.0),
        metrics=Metrics(),
        tracing=NoTracing(),
    )
    headers = {"Authorization": f"Bearer {issued.restricted}"}
    whole = {"Authorization": f"Bearer {issued.whole}"}
    transport = httpx.ASGITransport(app=cast("Any", app))
    async with httpx.AsyncClient(transport=transport, base_url="http://kiln") as http:
        statuses = [(await http.get("/v1/things/x", headers=headers)).status_code for _ in range(3)]
        assert statuses == [400, 400, 429]
        # Of another bucket, and refused before one is looked at.
        assert (await http.get("/v1/kinds", headers=whole)).status_code == 200
        assert (await http.get("/v1/things/x", headers=whole)).status_code == 403
        last = await http.get("/v1/things/x", headers=headers)
    assert (told(last), last.headers["retry-after"]) == ((429, "TooManyRequests"), "60")


@pytest.mark.parametrize(
    ("written", "accepted"),
    [
        ("application/json", True),
        ("APPLICATION/JSON", True),
        ("application/json; charset=utf-8", True),
        ("application/json;charset=UTF-8", True),
        ('application/json; charset="utf-8"', True),
        ("application/json; charset=latin-1", False),
        ("application/json; charset=utf-8; x=y", False),
        ("application/json; x=y", False),
        ("application/json;", False),
        ("text/json", False),
        ("application/jsonx", False),
        ("", False),
    ],
)
async def test_content_types(
    http: httpx.AsyncClient, in_workspace: Mapping[str, str], *, written: str, accepted: bool
) -> None:
    response = await http.put(
        f"/v1/things/{KNOWN_ID}",
        content=json.dumps({"name": "a"}).encode(),
        headers={**in_workspace, "Content-Type": written},
    )
    assert response.status_code == (200 if accepted else 400)


async def test_two_content_types_are_one_too_many(
    http: httpx.AsyncClient, in_workspace: Mapping[str, str]
) -> None:
    headers: Any = [*in_workspace.items(), *JSON.items(), *JSON.items()]
    response = await http.put(f"/v1/things/{KNOWN_ID}", content=b"{}", headers=headers)
    assert told(response) == BAD
