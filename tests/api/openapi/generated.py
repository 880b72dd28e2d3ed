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


def run(service: Service, part: Part, *options: str) -> "subprocess.CompletedProcess[str]":
    """Run schemathesis to its end; the code is 0 if nothing was found."""
    with _command(service, part, options) as command:
        return subprocess.run(
            command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
        )
