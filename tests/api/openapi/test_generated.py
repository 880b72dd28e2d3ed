"""What the OpenAPI document promises is kept, for requests that nobody thought of.

`python -m tests.api.openapi --seconds 300` goes on for longer, and is different every time.
"""

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from api.db.embedded.server import EmbeddedServer
from tests.api.openapi.generated import BOUNDED, Part, run
from tests.api.openapi.listening import EXPORT_CONNECTION, Service, listening
from tests.postgresql import empty_schema, new_database


@pytest.fixture(scope="module")
def service(
    postgresql: EmbeddedServer,
    migrated_template: str,
    warehouse_database: str,
    runtime_with_functions: str,
) -> Iterator[Service]:
    with (
        new_database(postgresql, migrated_template) as url,
        listening(url, runtime_with_functions, empty_schema(warehouse_database)) as found,
    ):
        yield found


@pytest.mark.parametrize("part", Part)
def test_generated_requests_are_answered_as_documented(service: Service, part: Part) -> None:
    """No 5xx but 503, no status, type or member that is not documented, no wrong data accepted."""
    found = run(service, part, *BOUNDED)

    assert found.returncode == 0, found.stdout


def test_the_examples_of_the_document_succeed_as_they_stand(service: Service) -> None:
    """All that create or try something; workspaces would need somebody's account."""
    headers = {
        "Authorization": f"Bearer {service.key}",
        "Krenalis-Workspace": str(service.workspace_id),
    }
    with httpx.Client(base_url=service.url, headers=headers, timeout=60) as client:
        document = client.get("/openapi.json").json()
        found = [
            (operation["operationId"], client.post(path, json=_at_home(example)).status_code)
            for path, operations in document["paths"].items()
            if "post" in operations and "{" not in path
            for operation in [operations["post"]]
            if operation["operationId"] not in NOT_OF_A_WORKSPACE
            for example in _examples(operation)
        ]

    assert [each for each in found if each[1] != 200] == []
    assert [name for name, _ in found] == [
        "createConnection",
        "createPipeline",
        "createPipeline",
        "tryTransformation",
        "validateExpression",
    ]


NOT_OF_A_WORKSPACE = {"createWorkspace", "testWorkspaceCreation", "createKey"}


def _examples(operation: dict[str, Any]) -> list[Any]:
    content = operation.get("requestBody", {}).get("content", {}).get("application/json", {})
    named = [each["value"] for each in content.get("examples", {}).values()]
    return [content["example"]] if "example" in content else named


def _at_home(example: dict[str, Any]) -> dict[str, Any]:
    """Send a pipeline to a connection of its kind: the documents have one id for both."""
    if example.get("exportMode"):
        return {**example, "connection": EXPORT_CONNECTION}
    return example
