"""Nothing of a tenant can be seen, named or guessed by another: every route is walked.

The routes are those of the application, so that a new one is walked without a word here. Whatever
an id of somebody else stands for, it is answered as an id that stands for nothing, byte for byte.
"""

import itertools
import json
import re
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from typing import Any

import httpx
import msgspec
import pytest
from litestar.handlers import HTTPRouteHandler
from sqlalchemy import select

from api.app import FEATURES
from api.db.metadata import METADATA
from api.db.session import Database
from api.http.endpoint import Endpoint, endpoint_of
from api.http.requests import Access
from api.ids import MIN_ID
from tests.api.installation import Installation, installed
from tests.api.pipelines.bodies import body
from tests.api.tenants.tenant import Tenant, settle
from tests.runtime.serving import running

ROUTES = [route for feature in FEATURES for route in feature]
PARAMETER = re.compile(r"\{[^}]*\}")
THEIRS = "<theirs>"
UNKNOWN = {9: "999999999", 10: "2000000000"}
"""Ids of nothing, by the number of their digits."""


@dataclass(frozen=True, slots=True)
class Question:
    """A request of a tenant, with an id of somebody else in one place at least."""

    method: str
    path: str
    query: tuple[tuple[str, str], ...] = ()
    body: str | None = None
    access: Access = Access.WORKSPACE

    def naming(self, id_: str) -> "Question":
        return Question(
            self.method,
            self.path.replace(THEIRS, id_),
            tuple((name, value.replace(THEIRS, id_)) for name, value in self.query),
            # In JSON an id is a number.
            None if self.body is None else self.body.replace(f'"{THEIRS}"', id_),
            self.access,
        )


def questions(route: HTTPRouteHandler, own: Tenant) -> Iterator[Question]:
    """Give every way to name something of somebody else to a route."""
    named = [str(id_) for id_ in own.ids.values()]
    # What a path that is the asker's own is of: one of each kind.
    kinds = [str(own.ids[kind]) for kind in ("files", "pipeline", "run")]
    endpoint = endpoint_of(route)
    access = endpoint.request.access
    sent = None if endpoint.body is None else json.dumps(example(endpoint))
    (method,) = route.http_methods
    for path in sorted(route.paths):
        places = PARAMETER.findall(path)
        for chosen in itertools.product([THEIRS, *named], repeat=len(places)):
            if THEIRS in chosen:
                yield Question(method, fill(path, chosen), (), sent, access)
        for filled in sorted({PARAMETER.sub(kind, path) for kind in kinds}):
            if sent is not None:
                for naming in (naming_in_example(endpoint), naming_in_members(endpoint)):
                    if THEIRS in naming:
                        yield Question(method, filled, (), naming, access)
            # Other methods carry out what such a number asks for, which is of nobody.
            if endpoint.query is not None and method == "GET":
                for field in msgspec.structs.fields(endpoint.query):
                    query = ((field.encode_name, THEIRS),)
                    yield Question(method, filled, query, sent, access)


def fill(path: str, chosen: tuple[str, ...]) -> str:
    values = iter(chosen)
    return PARAMETER.sub(lambda _: next(values), path)


def example(endpoint: Endpoint) -> object:
    return {} if endpoint.example is None else endpoint.example.request or {}


def naming_in_example(endpoint: Endpoint) -> str:
    """Put an id of somebody else wherever the example has an id."""

    def replaced(value: object) -> object:
        match value:
            case dict():
                return {name: replaced(each) for name, each in value.items()}
            case list() | tuple():
                return [replaced(each) for each in value]
            case int() if not isinstance(value, bool) and value >= MIN_ID:
                return THEIRS
            case _:
                return value

    return json.dumps(replaced(example(endpoint)))


def naming_in_members(endpoint: Endpoint) -> str:
    """Put an id of somebody else wherever the body may have a whole number."""
    assert endpoint.body is not None
    written = dict(example(endpoint))  # type: ignore[call-overload]  # examples are objects
    for field in msgspec.structs.fields(endpoint.body):
        if field.type in (int, int | None):
            written[field.encode_name] = THEIRS
        if field.type in (list[int], list[int] | None):
            written[field.encode_name] = [THEIRS]
    return json.dumps(written)


@pytest.fixture(scope="module")
def runtime() -> Iterator[str]:
    with running() as (_, address):
        yield address


@pytest.fixture
async def installation(database: Database, runtime: str) -> AsyncIterator[Installation]:
    async with installed(database, runtime) as found:
        yield found


@dataclass(frozen=True, slots=True)
class Town:
    """Two workspaces of one organisation, and one of another."""

    one: Tenant
    neighbour: Tenant
    stranger: Tenant


@pytest.fixture
async def town(database: Database, installation: Installation) -> Town:
    async with installation.client() as http:
        return Town(
            await settle(database, http, "alpha", 600_000_001, 1_600_000_011),
            await settle(database, http, "bravo", 600_000_001, 1_600_000_012),
            await settle(database, http, "charlie", 600_000_002, 1_600_000_013),
        )


def credentials(tenant: Tenant, access: Access, *, restricted: bool) -> dict[str, str]:
    if restricted:
        return tenant.by_workspace_key
    return tenant.by_organization if access is Access.ORGANIZATION else tenant.by_header


@dataclass(frozen=True, slots=True)
class Told:
    """What is told apart of a response."""

    status: int
    headers: tuple[tuple[str, str], ...]
    text: str


async def ask(http: httpx.AsyncClient, question: Question, headers: dict[str, str]) -> Told:
    response = await http.request(
        question.method,
        question.path,
        params=question.query,
        content=question.body,
        headers={**headers, "Content-Type": "application/json"},
    )
    kept = sorted((n, v) for n, v in response.headers.items() if n != "request-id")
    return Told(response.status_code, tuple(kept), response.text)


async def everything(database: Database) -> dict[str, list[tuple[Any, ...]]]:
    async with database.sessions() as session:
        return {
            table.name: sorted(
                (tuple(row) for row in await session.execute(select(table))), key=repr
            )
            for table in METADATA.sorted_tables
        }


@pytest.mark.timeout(600)  # a thousand questions, on a machine that may have much else to do
@pytest.mark.parametrize("restricted", [False, True], ids=["organisation key", "workspace key"])
async def test_what_belongs_to_somebody_else_is_nothing(
    installation: Installation, town: Town, database: Database, *, restricted: bool
) -> None:
    # A key of a workspace is no more than the workspace: its own organisation is a stranger, too.
    theirs = town.neighbour if restricted else town.stranger
    before = await everything(database)
    asked = 0
    async with installation.client() as http:
        http.headers = httpx.Headers()
        for route in ROUTES:
            for question in questions(route, town.one):
                headers = credentials(town.one, question.access, restricted=restricted)
                controls = {
                    digits: await ask(http, question.naming(unknown), headers)
                    for digits, unknown in UNKNOWN.items()
                }
                for name, id_ in theirs.ids.items():
                    asked += 1
                    told = await ask(http, question.naming(str(id_)), headers)
                    unknown = UNKNOWN[len(str(id_))]
                    control = controls[len(str(id_))]
                    expected = Told(
                        control.status,
                        control.headers,
                        control.text.replace(unknown, str(id_)),
                    )
                    assert told == expected, (question, name)
                    if THEIRS in question.path:
                        assert told.status >= 400, (question, name)
                    left = told.text.replace(str(id_), "")
                    assert not [trace for trace in theirs.traces() if trace in left]
    assert asked > len(ROUTES) * len(theirs.ids)
    assert await everything(database) == before


RIGHT: tuple[tuple[str, str, Access, object], ...] = (
    (
        "destination",
        "/v1/connections",
        Access.WORKSPACE,
        {
            "name": "Linked",
            "role": "Source",
            "connector": "javascript",
            "strategy": "Fusion",
            "linkedConnections": [THEIRS],
        },
    ),
    ("files", "/v1/pipelines", Access.WORKSPACE, {**body("K3"), "connection": THEIRS}),
    ("workspace", "/v1/keys", Access.ORGANIZATION, {"name": "Key", "workspace": THEIRS}),
)
"""Bodies that are right in every other respect: what the id is of, and where it is sent."""


@pytest.mark.parametrize(("kind", "path", "access", "sent"), RIGHT, ids=[each[0] for each in RIGHT])
async def test_a_body_that_is_right_but_for_an_id_of_somebody_else_is_refused(
    installation: Installation, town: Town, kind: str, path: str, access: Access, sent: object
) -> None:
    question = Question("POST", path, (), json.dumps(sent), access)
    headers = credentials(town.one, access, restricted=False)
    async with installation.client() as http:
        http.headers = httpx.Headers()
        theirs = str(town.stranger.ids[kind])
        unknown = UNKNOWN[len(theirs)]
        control = await ask(http, question.naming(unknown), headers)
        told = await ask(http, question.naming(theirs), headers)
        assert (told.status, told.headers) == (control.status, control.headers)
        assert told.text == control.text.replace(unknown, theirs)
        assert 400 <= told.status < 500
        own = await ask(http, question.naming(str(town.one.ids[kind])), headers)
        assert own.status == 200, own.text


@pytest.mark.parametrize("restricted", [False, True], ids=["organisation key", "workspace key"])
async def test_whatever_can_be_read_is_the_readers_own(
    installation: Installation, town: Town, *, restricted: bool
) -> None:
    traces = town.neighbour.traces() | town.stranger.traces()
    own = [str(id_) for id_ in town.one.ids.values()]
    shown = ""
    async with installation.client() as http:
        http.headers = httpx.Headers()
        for route in ROUTES:
            if route.http_methods != {"GET"}:
                continue
            access = endpoint_of(route).request.access
            headers = credentials(town.one, access, restricted=restricted)
            for path in route.paths:
                for chosen in itertools.product(own, repeat=len(PARAMETER.findall(path))):
                    question = Question("GET", fill(path, chosen))
                    told = await ask(http, question, headers)
                    if access is Access.ORGANIZATION and not restricted:
                        # The workspace beside it is of the same organisation.
                        assert not [each for each in town.stranger.traces() if each in told.text]
                    else:
                        assert not [each for each in traces if each in told.text], question
                    shown += told.text
    # The walk saw something.
    assert not [each for each in (town.one.name, town.one.write_key) if each not in shown]


async def test_a_workspace_of_somebody_else_cannot_be_selected(
    installation: Installation, town: Town
) -> None:
    theirs = str(town.stranger.ids["workspace"])
    async with installation.client() as http:
        http.headers = httpx.Headers()
        for route in ROUTES:
            access = endpoint_of(route).request.access
            if access is Access.ANYBODY:
                continue
            (method,), path = route.http_methods, min(route.paths)
            own = str(town.one.ids["pipeline"])
            sent = None if endpoint_of(route).body is None else "{}"
            question = Question(method, PARAMETER.sub(own, path), (), sent)
            answers = [
                await ask(
                    http, question, {**town.one.by_organization, "Krenalis-Workspace": workspace}
                )
                for workspace in (theirs, UNKNOWN[10])
            ]
            assert answers[0].status == 404, question
            assert answers[0].text == answers[1].text.replace(UNKNOWN[10], theirs)
