"""Every error that the documents name happens, with its status and a stable code."""

from typing import Any

import pytest

from tests.api import rows
from tests.api.client import Answer
from tests.api.contract.conftest import UNKNOWN_ID, World
from tests.api.contract.requests import (
    SERVED_ENDPOINTS,
    good_request,
    new_connection,
    new_pipeline,
    set_mode,
)
from tests.api.pipelines.bodies import prop, schema
from tests.api.pipelines.conftest import CONNECTION_IDS
from tests.api.seeds.documents import ENDPOINTS, Documented
from tests.postgresql import empty_schema

CODES = {
    "workspace does not exist": "NotFound",
    "pipeline does not exist": "NotFound",
    "connector does not exist": "ConnectorNotExist",
    "connection does not exist": "ConnectionNotExist",
    "linked connection does not exist": "LinkedConnectionNotExist",
    "settings are not valid": "InvalidSettings",
    "format does not exist": "FormatNotExist",
    "format settings are not valid": "InvalidSettings",
    "transformation language is not supported": "UnsupportedLanguage",
    "pipeline is disabled": "PipelineDisabled",
    "incremental requires an update time column": "CannotRunIncrementally",
    "pipeline is already in progress": "PipelineAlreadyRunning",
    "data warehouse is in inspection mode": "InspectionMode",
    "data warehouse is in maintenance mode": "MaintenanceMode",
    "warehouse platform does not exist": "WarehousePlatformNotExist",
    "data warehouse settings are not valid": "InvalidWarehouseSettings",
    "data warehouse cannot be initialized": "WarehouseNotInitializable",
}
"""The code of status 422; status 404 has one code whatever is missing."""

CASES = [
    pytest.param(endpoint, status, words, id=f"{endpoint.name}: {words}")
    for endpoint in SERVED_ENDPOINTS
    for status, words in endpoint.errors
]


@pytest.mark.parametrize(("endpoint", "status", "words"), CASES)
async def test_a_documented_error_happens(
    world: World, warehouse_database: str, endpoint: Documented, status: int, words: str
) -> None:
    if words == "data warehouse cannot be initialized":
        answer = await _full_warehouse(world, endpoint, empty_schema(warehouse_database))
    else:
        answer = await _provoke(world, endpoint, status, words)

    assert (answer.status, answer.code) == (status, "NotFound" if status == 404 else CODES[words])
    assert set(answer.json) == {"error"}
    assert set(answer.json["error"]) <= {"code", "message", "cause"}


async def _provoke(world: World, endpoint: Documented, status: int, words: str) -> Answer:
    sent = endpoint.sample_request
    if words == "workspace does not exist":
        nowhere = world.organization.of(UNKNOWN_ID)
        return await world.send(endpoint, sent, client=nowhere, query=endpoint.sample_query)
    if status == 404 and words != "connector does not exist":
        return await world.send(endpoint, sent)
    match endpoint.title:
        case "Create connection":
            return await _bad_connection(world, endpoint, words)
        case "Get authorization URL" | "Get authorization token":
            query = {**endpoint.sample_query, "connector": "nope"}
            return await world.send(endpoint, query=query)
        case "List connection identities":
            return await _in_mode(world, "Maintenance", endpoint, await new_connection(world))
        case "Run pipeline":
            return await _bad_run(world, endpoint, words)
        case "Create workspace" | "Test workspace creation":
            return await _bad_warehouse(world, endpoint, words)
        case _:
            return await _bad_pipeline(world, endpoint, words)


async def _bad_connection(world: World, endpoint: Documented, words: str) -> Answer:
    good = (await good_request(world, endpoint)).body or {}
    changed: dict[str, dict[str, Any]] = {
        "connector does not exist": {"connector": "nope"},
        "linked connection does not exist": {"linkedConnections": [UNKNOWN_ID]},
        "settings are not valid": {
            "connector": "http-get",
            "strategy": None,
            "linkedConnections": None,
            "settings": {"host": "", "port": 443},
        },
    }
    return await world.send(endpoint, {**good, **changed[words]})


async def _bad_run(world: World, endpoint: Documented, words: str) -> Answer:
    match words:
        case "pipeline is disabled":
            pipeline_id = await new_pipeline(world, "file_imports", enabled=False)
        case "incremental requires an update time column":
            pipeline_id = await _without_update_time(world)
        case _:
            pipeline_id = await new_pipeline(world, "file_imports")
    match words:
        case "pipeline is already in progress":
            started = await world.send(endpoint, {}, identifier=pipeline_id)
            assert started.status == 200
        case "data warehouse is in inspection mode":
            return await _in_mode(world, "Inspection", endpoint, pipeline_id)
        case "data warehouse is in maintenance mode":
            return await _in_mode(world, "Maintenance", endpoint, pipeline_id)
        case _:
            pass
    return await world.send(endpoint, endpoint.sample_request, identifier=pipeline_id)


async def _without_update_time(world: World) -> int:
    return await new_pipeline(
        world,
        "file_imports",
        updatedAtColumn=None,
        updatedAtFormat=None,
        incremental=False,
        inSchema=schema(*(prop(name) for name in ("email", "firstName", "lastName", "country"))),
    )


async def _in_mode(world: World, mode: str, endpoint: Documented, identifier: int) -> Answer:
    await set_mode(world, mode)
    try:
        return await world.send(endpoint, endpoint.sample_request, identifier=identifier)
    finally:
        await set_mode(world, "Normal")


async def _bad_warehouse(world: World, endpoint: Documented, words: str) -> Answer:
    good = (await good_request(world, endpoint)).body or {}
    changed: dict[str, dict[str, Any]] = {
        "warehouse platform does not exist": {"platform": "Oracle"},
        "data warehouse settings are not valid": {"settings": {}},
    }
    return await world.send(
        endpoint, {**good, "warehouse": {**good["warehouse"], **changed[words]}}
    )


async def _full_warehouse(
    world: World, endpoint: Documented, settings: dict[str, object]
) -> Answer:
    """Make a workspace where there is one."""
    good = (await good_request(world, endpoint)).body or {}
    sent = {**good, "warehouse": {"platform": "PostgreSQL", "settings": settings}}
    first = await world.organization.ask("POST", "/v1/workspaces", sent)
    assert first.status == 200, first.json
    return await world.send(endpoint, sent)


async def _bad_pipeline(world: World, endpoint: Documented, words: str) -> Answer:
    good = await good_request(world, endpoint)
    function = {
        "source": "def transform(profile):\n\treturn {}\n",
        "language": "Python",
        "inPaths": ["first_name", "last_name"],
        "outPaths": ["contact.firstname", "contact.lastname"],
    }
    export = endpoint.document == "application_exports"
    changed: dict[str, dict[str, Any]] = {
        "connection does not exist": {"connection": UNKNOWN_ID},
        "connector does not exist": {"connection": await _of_a_removed_connector(world)},
        "format does not exist": {"format": "pdf"},
        "format settings are not valid": {"formatSettings": {"HasColumnNames": "yes"}},
        "transformation language is not supported": (
            {"transformation": {"function": function}} if export else {}
        ),
    }
    return await world.send(
        endpoint,
        {**(good.body or {}), **changed[words]},
        identifier=good.identifier,
        client=world.no_functions if "language" in words else world.workspace,
    )


async def _of_a_removed_connector(world: World) -> int:
    """Give a connection whose connector is not part of the installation any more."""
    identifier = CONNECTION_IDS["K9"] + 1
    row = rows.destination(
        id=identifier, workspace_id=rows.WORKSPACE_ID, connector="gone", sending_mode=None
    )
    async with world.database.sessions.begin() as session:
        await session.merge(row)
    return identifier


def test_every_endpoint_of_the_documents_is_served() -> None:
    assert [each.name for each in ENDPOINTS if each not in SERVED_ENDPOINTS] == []
