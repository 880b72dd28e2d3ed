"""The documents' own requests succeed, and what comes back has the members that they name."""

from typing import Any

import pytest

from tests.api.contract.conftest import World
from tests.api.contract.requests import SERVED_ENDPOINTS, good_request, new_pipeline
from tests.api.pipelines.bodies import CONNECTIONS, body
from tests.api.pipelines.conftest import CONNECTION_IDS
from tests.api.seeds.conformance import mistakes
from tests.api.seeds.documents import Documented, documented
from tests.postgresql import empty_schema

ON_A_WAREHOUSE = ("Create workspace", "Test workspace creation", "Delete the workspace")
"""These are asked with a warehouse that is there, below."""

LEFT_OUT = {"file_imports: Get pipeline": {"filter is not documented"}}
"""The page about imports from files forgets a member; that about connections has it for them."""


@pytest.mark.parametrize(
    "endpoint",
    [each for each in SERVED_ENDPOINTS if each.title not in ON_A_WAREHOUSE],
    ids=lambda endpoint: endpoint.name,
)
async def test_a_request_succeeds_as_it_stands(world: World, endpoint: Documented) -> None:
    asked = await good_request(world, endpoint)

    answer = await world.send(endpoint, asked.body, identifier=asked.identifier, query=asked.query)

    assert answer.status == 200, answer.json
    if endpoint.response is None:
        assert answer.json is None
    else:
        assert set(mistakes(endpoint.response, answer.json)) == LEFT_OUT.get(endpoint.name, set())


async def test_a_workspace_is_tested_created_shown_and_deleted(
    world: World, warehouse_database: str
) -> None:
    """With PostgreSQL in the place of the document's Snowflake, which is somebody's account."""
    create = documented("workspaces", "Create workspace")
    settings = empty_schema(warehouse_database)
    sent = {
        **((await good_request(world, create)).body or {}),
        "warehouse": {"platform": "PostgreSQL", "mode": "Normal", "settings": settings},
    }

    tested = await world.organization.ask("POST", "/v1/workspaces/test", sent)
    assert (tested.status, tested.json) == (200, None)
    created = await world.organization.ask("POST", "/v1/workspaces", sent)
    assert create.response is not None
    assert list(mistakes(create.response, created.json)) == []

    workspace = world.organization.of(created.id)
    shown = await workspace.get("/v1/workspaces/current")
    sample = documented("workspaces", "Get workspace").sample_response
    assert sample is not None
    assert shown == {
        **sample,
        "id": created.id,
        # What nobody has set yet.
        "primarySources": {},
        "resolveIdentitiesOnBatchImport": True,
        "identifiers": [],
        "uiPreferences": {"userProfile": {"image": "", **sent["uiPreferences"]["userProfile"]}},
    }
    assert shown in (await world.organization.get("/v1/workspaces"))["workspaces"]
    gone = await workspace.ask("DELETE", "/v1/workspaces/current")
    assert (gone.status, gone.json) == (200, None)
    assert (await workspace.ask("GET", "/v1/workspaces/current")).status == 404


@pytest.mark.parametrize("title", ["Create workspace", "Test workspace creation"])
async def test_the_warehouse_of_the_documents_is_understood_and_cannot_be_reached(
    world: World, title: str
) -> None:
    """Platform, mode and settings pass every check but the last, which asks Snowflake."""
    endpoint = documented("workspaces", title)

    answer = await world.send(endpoint, endpoint.sample_request)

    assert (answer.status, answer.code) == (503, "ServiceUnavailable")


@pytest.mark.parametrize("kind", CONNECTIONS)
async def test_pipelines_of_every_kind_are_shown_with_connections_as_documented(
    world: World, kind: str
) -> None:
    connection_id = CONNECTION_IDS[kind]
    listed = documented("connections", "List connections").response
    got = documented("connections", "Get connection").response
    assert listed is not None
    assert got is not None
    created = await world.workspace.ask(
        "POST", "/v1/pipelines", body(kind, connection=connection_id)
    )
    pipeline_id = created.id

    one = await world.workspace.get(f"/v1/connections/{connection_id}")
    everything = await world.workspace.get("/v1/connections")

    assert list(mistakes(got, one)) == []
    assert list(mistakes(listed, everything)) == []
    (shown,) = [each for each in one["pipelines"] if each["id"] == pipeline_id]
    assert shown == await world.workspace.get(f"/v1/pipelines/{pipeline_id}")
    (of_list,) = [each for each in everything["connections"] if each["id"] == connection_id]
    assert {**of_list, "eventTypes": one["eventTypes"]} == one
    # Where members are optional the documents say of which pipelines they are.
    assert shown.keys() == _OPTIONAL[kind] | _ALWAYS
    await world.workspace.ask("DELETE", f"/v1/pipelines/{pipeline_id}")


_ALWAYS = {
    "id", "name", "connector", "connectorType", "connection", "connectionRole", "target", "enabled",
}  # fmt: skip
_BATCH = {"running", "scheduleStart", "schedulePeriod"}
_FILE = {"format", "path", "sheet", "compression"}
_COLUMNS = {"userIDColumn", "updatedAtColumn", "updatedAtFormat"}
_CHANGED = {"transformation", "inSchema", "outSchema"}
_OPTIONAL: dict[str, set[str]] = {
    "K1": {"filter", "incremental"} | _CHANGED | _BATCH,
    "K2": {"query", "incremental"} | _COLUMNS | _CHANGED | _BATCH,
    "K3": {"filter", "incremental"} | _FILE | _COLUMNS | _CHANGED | _BATCH,
    "K4": {"filter"} | _CHANGED,
    "K5": {"filter"},
    "K6": {"filter", "matching", "exportMode", "updateOnDuplicates"} | _CHANGED | _BATCH,
    "K7": {"filter", "eventType"} | _CHANGED,
    "K8": {"filter", "tableName", "tableKey"} | _CHANGED | _BATCH,
    "K9": {"filter", "orderBy", "inSchema"} | _FILE | _BATCH,
}


async def test_a_run_has_six_counters_for_each_side(world: World) -> None:
    run = documented("pipelines", "Run pipeline")
    pipeline_id = await new_pipeline(world, "file_imports")
    started = await world.send(run, run.sample_request, identifier=pipeline_id)

    shown = await world.workspace.get(f"/v1/pipelines/runs/{started.id}")

    sample = documented("pipelines", "Get pipeline run").sample_response
    assert sample is not None
    assert list(shown) == list(sample)
    assert (len(shown["passed"]), len(shown["failed"])) == (6, 6)
    runs: list[dict[str, Any]] = (await world.workspace.get("/v1/pipelines/runs"))["runs"]
    assert shown in runs
    assert list(mistakes(documented("pipelines", "List pipeline runs").response or {}, {
        "runs": runs
    })) == []  # fmt: skip


async def test_identities_of_every_form_are_listed(world: World) -> None:
    endpoint = documented("connections", "List connection identities")
    asked = await good_request(world, endpoint)

    everything = await world.send(
        endpoint, identifier=asked.identifier, query={**asked.query, "limit": "1000"}
    )
    page = await world.send(endpoint, identifier=asked.identifier, query=asked.query)

    identities = everything.json["identities"]
    assert everything.json["total"] == page.json["total"] == len(identities)
    assert page.json["identities"] == identities[: int(asked.query["limit"])]
    forms = {frozenset(each) & {"userId", "anonymousIds"} for each in identities}
    assert forms == {
        frozenset({"userId"}),
        frozenset({"anonymousIds"}),
        frozenset({"userId", "anonymousIds"}),
    }
