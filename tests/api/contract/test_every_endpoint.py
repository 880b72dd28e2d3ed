"""The order of checks (API-5), keys, workspaces, ids and methods, for every endpoint there is."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import httpx
import pytest

from api.app import FEATURES
from api.http.endpoint import Endpoint, endpoint_of
from api.http.requests import Access
from tests.api import rows
from tests.api.contract.conftest import UNKNOWN_ID, World

BAD: Final = (400, "BadRequest")
UNAUTHORIZED: Final = (401, "Unauthorized")
FORBIDDEN: Final = (403, "Forbidden")
NOT_FOUND: Final = (404, "NotFound")

JSON: Final = {"Content-Type": "application/json"}
WORKSPACE: Final = {"Krenalis-Workspace": str(rows.WORKSPACE_ID)}
NOT_JSON: Final = b"{"
_PARAMETER: Final = re.compile(r"\{(\w+):str\}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """An endpoint as it is asked."""

    method: str
    path: str
    endpoint: Endpoint

    def __str__(self) -> str:
        return f"{self.method} {self.path}"

    def url(self, value: object = UNKNOWN_ID) -> str:
        return _PARAMETER.sub(str(value), self.path)

    @property
    def has_body(self) -> bool:
        return self.endpoint.body is not None

    @property
    def needs_workspace(self) -> bool:
        return self.endpoint.request.access is Access.WORKSPACE

    @property
    def has_ids(self) -> bool:
        """Whether something in its path is an id, and is looked up in a workspace or an account."""
        names = _PARAMETER.findall(self.path)
        return bool(names) and not set(names) & set(self.endpoint.path_types)


ROUTES: Final = [
    Route(method=method, path=path, endpoint=endpoint_of(route))
    for feature in FEATURES
    for route in feature
    for method in route.http_methods
    for path in route.paths
    if path.startswith("/v1/")
]

Sent = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A way of asking wrongly: also wrong is everything that is checked later."""

    name: str
    sent: Callable[[Route], Sent]
    answer: tuple[int, str]
    applies: Callable[[Route], bool] = lambda route: True
    with_key: bool = False


def _body(route: Route) -> Sent:
    """Give a body that is no JSON, where there is a body at all."""
    return {"content": NOT_JSON, "headers": JSON} if route.has_body else {}


def _with(route: Route, value: object = UNKNOWN_ID, **headers: str) -> Sent:
    found = _body(route)
    return {**found, "url": route.url(value), "headers": {**found.get("headers", {}), **headers}}


def _malformed(value: str) -> Row:
    """Ask for an id that none can be."""
    return Row(
        name=f"the id {value}",
        sent=lambda route: _with(route, value, **(WORKSPACE if route.needs_workspace else {})),
        answer=BAD,
        applies=lambda route: route.has_ids,
        with_key=True,
    )


TABLE: Final = [
    Row(
        name="a body where none may be",
        sent=lambda route: {"content": b"{}", "headers": JSON},
        answer=BAD,
        applies=lambda route: not route.has_body,
    ),
    Row(
        name="a body that is too large",
        sent=lambda route: {"content": b" " * 512_001},
        answer=BAD,
    ),
    Row(name="no body", sent=lambda route: {}, answer=BAD, applies=lambda route: route.has_body),
    Row(
        name="a body of another type",
        sent=lambda route: {"content": b"a=b", "headers": {"Content-Type": "text/plain"}},
        answer=BAD,
        applies=lambda route: route.has_body,
    ),
    Row(name="no key", sent=_body, answer=UNAUTHORIZED),
    Row(
        name="another scheme",
        sent=lambda route: _with(route, "x", Authorization="Basic YTpi"),
        answer=BAD,
    ),
    Row(
        name="a mistyped key",
        sent=lambda route: _with(route, "x", Authorization="Bearer api_" + "A" * 49),
        answer=UNAUTHORIZED,
    ),
    Row(
        name="a malformed workspace",
        sent=lambda route: _with(route, "x", **{"Krenalis-Workspace": "here"}),
        answer=BAD,
        with_key=True,
    ),
    Row(
        name="an unknown workspace",
        sent=lambda route: _with(route, "x", **{"Krenalis-Workspace": str(UNKNOWN_ID)}),
        answer=NOT_FOUND,
        with_key=True,
    ),
    Row(
        name="no workspace",
        sent=lambda route: _with(route, "x"),
        answer=FORBIDDEN,
        applies=lambda route: route.needs_workspace,
        with_key=True,
    ),
    Row(
        name="a workspace where none may be",
        sent=lambda route: _with(route, "x", **WORKSPACE),
        answer=UNAUTHORIZED,
        applies=lambda route: route.endpoint.request.access is Access.ORGANIZATION,
        with_key=True,
    ),
    *(_malformed(value) for value in ("x", "0", "-1", "1.0", "2147483648", "%00")),
    Row(
        name="an unknown id",
        sent=lambda route: _with(
            route, UNKNOWN_ID, **(WORKSPACE if route.needs_workspace else {})
        ),
        answer=NOT_FOUND,
        applies=lambda route: route.has_ids,
        with_key=True,
    ),
    Row(
        name="no JSON",
        sent=lambda route: _with(route, **(WORKSPACE if route.needs_workspace else {})),
        answer=BAD,
        applies=lambda route: route.has_body and not _PARAMETER.search(route.path),
        with_key=True,
    ),
    Row(
        name="a slash at the end",
        sent=lambda route: {**_with(route), "url": route.url() + "/"},
        answer=NOT_FOUND,
    ),
    Row(
        name="another method",
        sent=lambda route: {"method": "PATCH", "headers": {"Authorization": "Basic YTpi"}},
        answer=(405, "MethodNotAllowed"),
    ),
]  # fmt: skip

CASES: Final = [
    pytest.param(route, row, id=f"{route}: {row.name}")
    for route in ROUTES
    for row in TABLE
    if row.applies(route)
]


@pytest.mark.parametrize(("route", "row"), CASES)
async def test_what_is_wrong_first_is_told(
    world: World, http: httpx.AsyncClient, route: Route, row: Row
) -> None:
    sent = {"method": route.method, "url": route.url(), **row.sent(route)}
    if row.with_key:
        sent["headers"] = {"Authorization": f"Bearer {world.key}", **sent.get("headers", {})}

    answer = await http.request(**sent)

    assert (answer.status_code, answer.json()["error"]["code"]) == row.answer
    assert answer.headers["content-type"] == "application/json; charset=utf-8"
    assert answer.headers["cache-control"] == "no-store, max-age=0"
    assert answer.headers["x-content-type-options"] == "nosniff"
    if answer.status_code == 405:
        allowed = answer.headers["allow"].split(", ")
        assert route.method in allowed
        assert ("HEAD" in allowed) is ("GET" in allowed)


@pytest.mark.parametrize(
    "route", [each for each in ROUTES if each.needs_workspace and each.has_body], ids=str
)
async def test_every_body_is_strict_json(
    world: World, http: httpx.AsyncClient, route: Route
) -> None:
    """API-22, API-23. Where the path names something, that is looked for first."""
    headers = {"Authorization": f"Bearer {world.key}", **WORKSPACE, **JSON}
    for content in (b'{"a":1,"a":2}', b"{} {}", b"[1]", b'{"a":"\xff"}', b'{"a":"\\u0000"}', b"5"):
        answer = await http.request(route.method, route.url(), content=content, headers=headers)

        expected = 404 if route.has_ids else 400
        assert answer.status_code == expected, content
