"""Requests generated from the OpenAPI document, sent to a running API by schemathesis."""

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from enum import Enum
from pathlib import Path
from typing import Any, Final

import httpx

from api.http.admission import WORKSPACE_HEADER
from tests.api.openapi.listening import Service

CHECKS: Final = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
    "negative_data_rejection",
    "allow_header_conformance",
    "use_after_free",
)
BOUNDED: Final = (
    *("--phases", "fuzzing,stateful"),
    *("--max-examples", "2"),
    "--generation-deterministic",
)
"""The same requests in every run of the tests."""

_CONFIGURATION: Final = """
headers = {{ {headers} }}

# Headers that nobody knows are let through, as HTTP has it.
[generation]
allow-extra-parameters = false

# A warehouse or an application that is not there is no bug of ours.
[checks]
not_a_server_error.expected-statuses = ["2xx", "4xx", 503]

# Whoever ends the tenant or its key ends the run.
[[operations]]
include-name = "DELETE /v1/workspaces/current"
enabled = false

[[operations]]
include-name = "DELETE /v1/keys/{{id}}"
enabled = false
"""


class Part(Enum):
    """Which operations are asked: headers of a run are those of all of its operations."""

    WORKSPACE = "of the workspace"
    ORGANIZATION = "of the organisation"


@contextmanager
def _command(service: Service, part: Part, options: tuple[str, ...]) -> Iterator[list[str]]:
    document = httpx.get(f"{service.url}/openapi.json").json()
    _take_part(document, part)
    _let_null_be_absent(document)
    headers = {"Authorization": f"Bearer {service.key}"}
    if part is Part.WORKSPACE:
        headers[WORKSPACE_HEADER] = str(service.workspace_id)
    with tempfile.TemporaryDirectory(prefix="kiln") as folder:
        configuration = Path(folder, "schemathesis.toml")
        written = ", ".join(f'{name} = "{value}"' for name, value in headers.items())
        configuration.write_text(_CONFIGURATION.format(headers=written))
        schema = Path(folder, "openapi.json")
        schema.write_text(json.dumps(document))
        yield [
            *(sys.executable, "-m", "schemathesis.cli"),
            *("--config-file", str(configuration)),
            *("run", str(schema), "--url", service.url),
            *("--checks", ",".join(CHECKS)),
            *("--continue-on-failure", "--no-color"),
            *options,
        ]


def _take_part(document: dict[str, Any], part: Part) -> None:
    """Leave the operations of a part, without the header that all of them have or none.

    It is the same in every request, and schemathesis would believe that it varies.
    """
    for path, operations in list(document["paths"].items()):
        for method, operation in list(operations.items()):
            kept = [each for each in operation["parameters"] if each["name"] != WORKSPACE_HEADER]
            in_workspace = len(kept) < len(operation["parameters"])
            operation["parameters"] = kept
            if in_workspace is not (part is Part.WORKSPACE):
                del operations[method]
        if not operations:
            del document["paths"][path]


def _let_null_be_absent(document: dict[str, Any]) -> None:
    """Say what API-23 says: null is as good as nothing, which would make the document hard to read.

    Otherwise it is believed that null is wrong where a member or the whole body may be left out.
    """
    components = document["components"]["schemas"]
    waiting = []
    for operations in document["paths"].values():
        for operation in operations.values():
            for content in operation.get("requestBody", {}).get("content", {}).values():
                waiting.append(content["schema"])
                if not _followed(components, content["schema"]).get("required"):
                    content["schema"] = _or_null(content["schema"])
    seen: set[str] = set()
    while waiting:
        found = waiting.pop()
        name = found.get("$ref", "").rpartition("/")[2]
        # Schemas of records are strict.
        if name in seen | {"Schema", "Type", "Property"}:
            continue
        seen |= {name} - {""}
        schema = _followed(components, found)
        waiting += schema.get("anyOf", ())
        waiting += [schema["items"]] if "items" in schema else []
        for member, inner in schema.get("properties", {}).items():
            waiting.append(inner)
            if member not in schema.get("required", ()):
                schema["properties"][member] = _or_null(inner)


def _followed(components: dict[str, Any], schema: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = (
        components[schema["$ref"].rpartition("/")[2]] if "$ref" in schema else schema
    )
    return found


def _or_null(schema: dict[str, Any]) -> dict[str, Any]:
    return {"anyOf": [schema, {"type": "null"}]}


def run(service: Service, part: Part, *options: str) -> "subprocess.CompletedProcess[str]":
    """Run schemathesis to its end; the code is 0 if nothing was found."""
    with _command(service, part, options) as command:
        return subprocess.run(
            command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
        )
