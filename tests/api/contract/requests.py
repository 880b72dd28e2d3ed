"""Requests of the documents made good: their own JSON, with ids that are there."""

import re
from typing import Any
from urllib.parse import unquote

from api.app import FEATURES
from tests.api import rows
from tests.api.contract.conftest import Request, World, connection_of
from tests.api.pipelines.bodies import body
from tests.api.pipelines.conftest import CONNECTION_IDS
from tests.api.seeds.documents import ENDPOINTS, Documented, documented, sample_request
from tests.api.tenant import Tenant

Json = dict[str, Any]

_PARAMETER = re.compile(r"\{\w+:str\}")

SERVED = {
    (method, _PARAMETER.sub(":id", path))
    for feature in FEATURES
    for route in feature
    for method in route.http_methods
    for path in route.paths
}
SERVED_ENDPOINTS = [each for each in ENDPOINTS if (each.method, each.path) in SERVED]


async def good_request(world: World, endpoint: Documented) -> Request:
    """Give the request of a document, after making what it names."""
    query = {name: unquote(value) for name, value in endpoint.sample_query.items()}
    sent = None
    if endpoint.sample_request is not None:
        sent = sample_request(endpoint.document, endpoint.title)
    match endpoint.document, endpoint.title:
        case _, "Create connection":
            assert sent is not None
            return Request({**sent, "linkedConnections": await two_destinations(world)})
        case _, "List connection identities":
            return Request(None, await new_identities(world), query)
        case "connections", _ if ":id" in endpoint.path:
            return Request(sent, await new_connection(world), query)
        case (("file_imports" | "application_exports"), "Create pipeline"):
            assert sent is not None
            return Request({**sent, "connection": connection_of(endpoint)})
        case ("file_imports" | "application_exports") as document, _:
            return Request(sent, await new_pipeline(world, document))
        case _, "Get pipeline run":
            return Request(None, await new_run(world))
        case "pipelines", _ if ":id" in endpoint.path:
            return Request(sent, await new_pipeline(world, "file_imports"))
        case _:
            return Request(sent, query=query)


async def kept_request(world: World, endpoint: Documented) -> Request:
    """Give a good request that was made once: for those that change it into one that is refused."""
    if endpoint.name not in world.requests:
        world.requests[endpoint.name] = await good_request(world, endpoint)
    return world.requests[endpoint.name]


async def two_destinations(world: World) -> list[int]:
    """Give connections that events can be sent to, in no order."""
    new = {
        "name": "Analytics",
        "role": "Destination",
        "connector": "google-analytics",
        "settings": {
            "measurementID": "G-2XYZBEB6AB",
            "apiSecret": "ZuHCHFZbRBi8V7u8crWFUz",
            "collectionEndpoint": "EU",
        },
    }
    made = await world.workspace.ask("POST", "/v1/connections", new)
    return [made.id, CONNECTION_IDS["K7"]]


async def new_connection(world: World) -> int:
    """Make the connection of the documents."""
    endpoint = documented("connections", "Create connection")
    made = await good_request(world, endpoint)
    return (await world.send(endpoint, made.body)).id


async def new_identities(world: World) -> int:
    """Write identities of all forms, and give the connection that they came through."""
    connection_id = CONNECTION_IDS["K4"]
    made = await world.workspace.ask("POST", "/v1/pipelines", body("K4", connection=connection_id))
    tenant = Tenant(
        client=world.workspace, workspace_id=rows.WORKSPACE_ID, settings=world.warehouse
    )
    of = {"_pipeline": str(made.id), "_connection": str(connection_id)}
    tenant.write(**of, _identity_id="b8c24mEpaxC")
    tenant.write(**of, _identity_id="9f60d802", _is_anonymous=True)
    tenant.write(**of, _identity_id="u7x49LpQm12", _anonymous_ids=["0b12df7a", "c41f8d90"])
    return connection_id


async def new_pipeline(world: World, document: str, **changed: Any) -> int:  # noqa: ANN401 - JSON
    """Make the pipeline of a document, with members changed."""
    endpoint = documented(document, "Create pipeline")
    made = await good_request(world, endpoint)
    assert made.body is not None
    return (await world.send(endpoint, {**made.body, **changed})).id


async def new_run(world: World) -> int:
    """Start a run of a pipeline of its own."""
    endpoint = documented("pipelines", "Run pipeline")
    pipeline_id = await new_pipeline(world, "file_imports")
    return (await world.send(endpoint, endpoint.sample_request, identifier=pipeline_id)).id


async def set_mode(world: World, mode: str) -> None:
    """Set what may be done with the warehouse of the workspace."""
    answer = await world.workspace.ask("PUT", "/v1/warehouse/mode", {"mode": mode})
    assert answer.status == 200, (rows.WORKSPACE_ID, answer.json)
