"""Whatever comes in, a response goes out, and none of them is a 500."""

import json
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from typing import Any, cast

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from api.app import FEATURES
from api.db.session import Database
from api.http.edge import Edge
from tests.api import rows
from tests.api.installation import Installation, installed
from tests.runtime.serving import running

pytestmark = pytest.mark.anyio

ROUTES = [route for feature in FEATURES for route in feature]
PATHS = sorted({path for route in ROUTES for path in route.paths})
ID = "123456789"

Header = tuple[bytes, bytes]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """A request as a server hands it on."""

    method: str
    path: str
    query: bytes = b""
    headers: tuple[Header, ...] = ()
    chunks: tuple[bytes, ...] = (b"",)
    cut: bool = False


@dataclass(frozen=True, slots=True)
class Received:
    """A response as a server is given it."""

    status: int
    headers: dict[bytes, bytes]
    body: bytes


@pytest.fixture(scope="module")
def runtime() -> Iterator[str]:
    with running() as (_, address):
        yield address


@pytest.fixture
async def installation(database: Database, runtime: str) -> AsyncIterator[Installation]:
    async with installed(database, runtime) as found:
        yield found


async def send(app: Edge, sent: Sent) -> Received:
    waiting = [
        {"type": "http.request", "body": chunk, "more_body": True} for chunk in sent.chunks
    ] + ([] if sent.cut else [{"type": "http.request", "body": b"", "more_body": False}])
    got: list[dict[str, Any]] = []

    async def receive() -> Any:  # noqa: ANN401 - ASGI
        return waiting.pop(0) if waiting else {"type": "http.disconnect"}

    async def take(message: Any) -> None:  # noqa: ANN401 - ASGI
        got.append(message)

    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": sent.method,
        "scheme": "http",
        "path": sent.path,
        "raw_path": sent.path.encode(),
        "query_string": sent.query,
        "root_path": "",
        "headers": list(sent.headers),
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 2),
    }
    await app(cast("Any", scope), receive, take)
    start, *bodies = got
    assert start["type"] == "http.response.start"
    assert bodies[-1].get("more_body", False) is False
    names = [name for name, _ in start["headers"]]
    assert len(names) == len(set(names))
    content = b"".join(each["body"] for each in bodies)
    return Received(start["status"], dict(start["headers"]), content)


def check(sent: Sent, received: Received) -> None:
    """What holds for every answer."""
    assert received.status != 500, received.body
    assert len(received.headers[b"request-id"]) == 22
    assert received.headers[b"x-content-type-options"] == b"nosniff"
    if sent.method == "HEAD":
        assert received.body == b""
    elif received.status >= 400 and sent.path != "/readyz":
        error = json.loads(received.body)["error"]
        assert set(error) <= {"code", "message", "cause"}
        assert error["message"]


methods = st.sampled_from(["GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "X"])
unicode_text = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
segments = st.sampled_from([ID, "1", "x", "..", "%", "\0", "\u0661"]) | unicode_text
paths = (
    st.builds(
        lambda path, segment: path.replace("{", "\1{").replace("}", "}\1"),
        st.sampled_from(PATHS),
        segments,
    ).flatmap(
        lambda path: st.lists(segments, min_size=3, max_size=3).map(
            lambda found: "".join(
                found.pop() if part.startswith("{") and found else part for part in path.split("\1")
            )
        )
    )
    | unicode_text.map(lambda text: "/" + text)
    | unicode_text
)
names = st.sampled_from(
    [
        b"authorization",
        b"krenalis-workspace",
        b"content-type",
        b"content-length",
        b"transfer-encoding",
        b"host",
        b"traceparent",
        b"cookie",
        b"accept",
    ]
)
values = st.sampled_from(
    [b"application/json", b"0", b"5", b"-1", b"999999999999999999999", b"chunked", b"Bearer api_x"]
) | st.binary(max_size=20)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | unicode_text,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(unicode_text, inner, max_size=3),
    max_leaves=8,
)
bodies = st.binary(max_size=80) | json_values.map(lambda value: json.dumps(value).encode())


strangers = st.builds(
    Sent,
    method=methods,
    path=paths,
    query=st.binary(max_size=40),
    headers=st.lists(st.tuples(names, values), max_size=5).map(tuple),
    chunks=st.lists(bodies, max_size=3).map(tuple),
    cut=st.booleans(),
)
CHUNKED = (b"transfer-encoding", b"chunked")
LENGTHS = ((b"content-length", b"1"), (b"content-length", b"2"))
QUICK = settings(
    max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@given(sent=strangers)
@example(sent=Sent(method="GET", path="/v1/kinds", headers=LENGTHS))
@example(sent=Sent(method="POST", path="/v1/pipelines", headers=(CHUNKED,), chunks=(), cut=True))
@example(sent=Sent(method="OPTIONS", path="*"))
@example(sent=Sent(method="GET", path=""))
@QUICK
async def test_strangers_get_an_answer_that_is_no_bug(
    installation: Installation, sent: Sent
) -> None:
    check(sent, await send(installation.app, sent))


def leaves(value: object) -> Iterator[tuple[Any, Any]]:
    match value:
        case dict():
            for name, member in value.items():
                yield value, name
                yield from leaves(member)
        case list():
            for position, item in enumerate(value):
                yield value, position
                yield from leaves(item)
        case _:
            return


@st.composite
def nearly_right(draw: st.DrawFn) -> tuple[str, str, bytes]:
    """A documented request, wrong in a few places at most."""
    route = draw(st.sampled_from(ROUTES))
    endpoint = route.opt["endpoint"]
    (method,) = route.http_methods
    path = draw(st.sampled_from(sorted(route.paths)))
    for name in ("id", "pipeline", "run", "code"):
        path = path.replace(f"{{{name}:str}}", draw(st.sampled_from([ID, str(rows.SOURCE_ID)])))
    if endpoint.body is None:
        return method, path, b""
    body = json.loads(json.dumps(endpoint.example.request if endpoint.example else {}))
    for _ in range(draw(st.integers(0, 3))):
        places = list(leaves(body))
        if not places:
            break
        container, key = draw(st.sampled_from(places))
        container[key] = draw(json_values)
    return method, path, json.dumps(body).encode()


@given(asked=nearly_right())
@QUICK
async def test_who_holds_a_key_gets_an_answer_that_is_no_bug(
    installation: Installation, asked: tuple[str, str, bytes]
) -> None:
    method, path, body = asked
    headers = [(b"authorization", f"Bearer {installation.key}".encode())]
    if body:
        headers.append((b"content-type", b"application/json"))
        headers.append((b"content-length", str(len(body)).encode()))
    sent = Sent(method=method, path=path, headers=tuple(headers), chunks=(body,) if body else ())
    if path == "/v1/workspaces/current" and method == "DELETE":
        return
    check(sent, await send(installation.app, sent))
