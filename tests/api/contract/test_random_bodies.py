"""Whatever is sent, an object is there as a whole or not at all, and what was there stays."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.api.contract.conftest import World
from tests.api.contract.requests import kept_request
from tests.api.seeds.conformance import mistakes
from tests.api.seeds.documents import Fields, documented

Json = dict[str, Any]

MODERATE = settings(
    max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
CREATIONS = [
    ("connections", "Create connection", "/v1/connections"),
    ("file_imports", "Create pipeline", "/v1/pipelines"),
    ("application_exports", "Create pipeline", "/v1/pipelines"),
]

texts = st.text(max_size=8) | st.sampled_from(["", "email", "a.b", "User", "csv", "x" * 61, "\0"])
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=6,
)


def places(value: object) -> Iterator[tuple[Any, Any]]:
    """Give every container in a JSON value, with every key or position in it."""
    match value:
        case dict():
            for name, member in value.items():
                yield value, name
                yield from places(member)
        case list():
            for position, item in enumerate(value):
                yield value, position
                yield from places(item)
        case _:
            return


edits = st.lists(
    st.tuples(
        st.integers(0, 10_000), st.sampled_from(["set", "drop", "add", "repeat"]), texts, values
    ),
    min_size=1,
    max_size=3,
)
Edits = list[tuple[int, str, str, Any]]


def changed(body: Json, wanted: Edits) -> Json:
    """Change a body in a few places: another value, one member less, one more."""
    found: Json = json.loads(json.dumps(body))
    for number, action, name, value in wanted:
        there = list(places(found))
        if not there:
            break
        container, key = there[number % len(there)]
        match action:
            case "set":
                container[key] = value
            case "drop":
                del container[key]
            case "add" if isinstance(container, dict):
                container[name] = value
            case _:
                container[key] = [container[key]] * 2
    return found


async def everything(world: World) -> dict[int, Json]:
    """Give all that the workspace has, by id."""
    connections = (await world.workspace.get("/v1/connections"))["connections"]
    pipelines = [each for connection in connections for each in connection["pipelines"]]
    return {each["id"]: each for each in (*connections, *pipelines)}


def shown_fields(document: str) -> Fields:
    if document == "connections":
        found = documented("connections", "Get connection").response
    else:
        listed = documented("connections", "List connections").response or {}
        found = listed["connections"]["fields"]["pipelines"]["fields"]
    assert found is not None
    return found


@pytest.mark.parametrize(("document", "title", "path"), CREATIONS)
@given(wanted=edits)
@MODERATE
async def test_a_creation_makes_one_whole_object_or_none(
    world: World, document: str, title: str, path: str, wanted: Edits
) -> None:
    good = await kept_request(world, documented(document, title))
    assert good.body is not None
    before = await everything(world)

    answer = await world.workspace.ask("POST", path, changed(good.body, wanted))

    after = await everything(world)
    if answer.status == 200:
        assert after.keys() - before.keys() == {answer.id}
        shown = await world.workspace.get(f"{path}/{answer.id}")
        assert list(mistakes(shown_fields(document), shown)) == []
        assert (await world.workspace.ask("DELETE", f"{path}/{answer.id}")).status == 200
    else:
        assert answer.status in (400, 422), answer.json
        assert after == before


@pytest.mark.parametrize("document", ["connections", "file_imports", "application_exports"])
@given(wanted=edits)
@MODERATE
async def test_an_update_replaces_the_whole_or_nothing(
    world: World, document: str, wanted: Edits
) -> None:
    is_connection = document == "connections"
    title = "Update connection" if is_connection else "Update pipeline"
    good = await kept_request(world, documented(document, title))
    assert good.body is not None
    path = f"/v1/{'connections' if is_connection else 'pipelines'}/{good.identifier}"
    before = await everything(world)

    answer = await world.workspace.ask("PUT", path, changed(good.body, wanted))

    after = await everything(world)
    assert after.keys() == before.keys()
    if answer.status == 200:
        shown = await world.workspace.get(path)
        assert list(mistakes(shown_fields(document), shown)) == []
        # What is shown is a whole definition: it can be sent back, and changes nothing.
        again = await world.workspace.ask("PUT", path, {**_settings(good.body), **shown})
        assert again.status == 200, again.json
        assert await world.workspace.get(path) == shown
    else:
        assert answer.status in (400, 422), answer.json
        assert after == before


def _settings(body: Json) -> Json:
    """Give what is never shown."""
    return {name: value for name, value in body.items() if name == "formatSettings"}


@given(wanted=edits)
@MODERATE
async def test_a_workspace_keeps_what_was_not_refused(world: World, wanted: Edits) -> None:
    good = documented("workspaces", "Update workspace").sample_request
    assert good is not None
    path = "/v1/workspaces/current"
    before = await world.workspace.get(path)

    answer = await world.workspace.ask("PUT", path, changed(good, wanted))

    after = await world.workspace.get(path)
    kept = {"name", "uiPreferences"}
    assert {name: after[name] for name in after.keys() - kept} == {
        name: before[name] for name in before.keys() - kept
    }
    assert list(mistakes(documented("workspaces", "Get workspace").response or {}, after)) == []
    if answer.status != 200:
        assert answer.status == 400, answer.json
        assert after == before
