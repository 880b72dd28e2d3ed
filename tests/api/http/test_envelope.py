"""What responses look like, whoever makes them (API-10 to API-14)."""

import re
from collections.abc import Mapping

import httpx
import pytest
import structlog

from tests.api.http.conftest import told
from tests.api.http.echo import KNOWN_ID

pytestmark = pytest.mark.anyio

THING = f"/v1/things/{KNOWN_ID}"
REQUEST_ID = re.compile(r"[1-9A-HJ-NP-Za-km-z]{22}")


def check_usual_headers(response: httpx.Response) -> None:
    assert response.headers["cache-control"] == "no-store, max-age=0"
    assert response.headers["x-content-type-options"] == "nosniff"
    assert REQUEST_ID.fullmatch(response.headers["request-id"])
    assert len(response.headers.get_list("request-id")) == 1


async def test_a_success_is_json_and_ends_with_a_newline(
    http: httpx.AsyncClient, in_workspace: Mapping[str, str]
) -> None:
    response = await http.get(THING, headers=in_workspace)
    assert response.headers["content-type"] == "application/json"
    assert response.content == b'{"id":123456789,"first":0,"names":[]}\n'
    check_usual_headers(response)


async def test_no_response_is_an_empty_200_without_a_type(
    http: httpx.AsyncClient, in_workspace: Mapping[str, str]
) -> None:
    for method, path in (("DELETE", THING), ("POST", f"{THING}/touch")):
        response = await http.request(method, path, headers=in_workspace)
        assert (response.status_code, response.content) == (200, b"")
        assert "content-type" not in response.headers
        assert response.headers["content-length"] == "0"
        check_usual_headers(response)


async def test_head_answers_as_get_without_a_body(
    http: httpx.AsyncClient, in_workspace: Mapping[str, str]
) -> None:
    got = await http.get(THING, headers=in_workspace)
    head = await http.head(THING, headers=in_workspace)
    assert (head.status_code, head.content) == (200, b"")
    for name in ("content-type", "content-length"):
        assert head.headers[name] == got.headers[name]
    assert (await http.head("/v1/nowhere")).status_code == 404


async def test_every_error_is_in_the_envelope(
    http: httpx.AsyncClient, in_workspace: Mapping[str, str]
) -> None:
    answers = [
        await http.get("/v1/nowhere"),
        await http.patch("/v1/kinds"),
        await http.get(THING),
        await http.get("/v1/things/1", headers=in_workspace),
        await http.put(THING, json={"name": "taken"}, headers=in_workspace),
        await http.get("/v1/away"),
        await http.get("/open", headers={"Host": "a b"}),
    ]
    assert [told(each) for each in answers] == [
        (404, "NotFound"),
        (405, "MethodNotAllowed"),
        (401, "Unauthorized"),
        (404, "NotFound"),
        (422, "TargetExist"),
        (503, "ServiceUnavailable"),
        (400, "BadRequest"),
    ]
    for response in answers:
        assert response.headers["content-type"] == "application/json; charset=utf-8"
        check_usual_headers(response)
    assert answers[4].json() == {
        "error": {"code": "TargetExist", "message": "the name is taken", "cause": "by another"}
    }
    assert "cause" not in answers[3].json()["error"]


async def test_a_bug_tells_its_request_and_nothing_else(http: httpx.AsyncClient) -> None:
    with structlog.testing.capture_logs() as logs:
        response = await http.get("/v1/broken")
    assert told(response) == (500, "InternalServerError")
    check_usual_headers(response)
    assert response.headers["request-id"] in response.text
    assert "hunter2" not in response.text
    failed, request = logs
    assert (failed["event"], failed["log_level"]) == ("request failed", "error")
    assert isinstance(failed["exc_info"], RuntimeError)
    assert (request["route"], request["status"]) == ("/v1/broken", 500)


async def test_request_ids_are_ours_and_unique(http: httpx.AsyncClient) -> None:
    answers = [await http.get("/open", headers={"Request-Id": "mine"}) for _ in range(50)]
    found = {each.headers["request-id"] for each in answers}
    assert len(found) == 50
    assert all(each.json()["request"] == each.headers["request-id"] for each in answers)


async def test_one_line_is_logged_for_a_request(
    http: httpx.AsyncClient, in_workspace: Mapping[str, str]
) -> None:
    with structlog.testing.capture_logs() as logs:
        await http.get(f"{THING}?authCode=secret", headers=in_workspace)
        await http.get("/v1/things/5", headers=in_workspace)
    seen = [{**each, "seconds": 0, "key": 0} for each in logs]
    line = {
        "event": "request",
        "log_level": "info",
        "method": "GET",
        "path": THING,
        "route": "/v1/things/{id}",
        "status": 200,
        "code": "",
        "seconds": 0,
        "organization": 500_000_001,
        "key": 0,
        "workspace": 500_000_002,
    }
    assert seen == [line, {**line, "path": "/v1/things/5", "status": 404, "code": "NotFound"}]
