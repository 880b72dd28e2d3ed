"""Requests generated from the OpenAPI document, sent to a running API by schemathesis."""

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
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
headers = {{ Authorization = "Bearer {key}" }}

# Headers that nobody knows are let through, as HTTP has it.
[generation]
allow-extra-parameters = false

# A warehouse or an application that is not there is no bug of ours.
[checks]
not_a_server_error.expected-statuses = ["2xx", "4xx", 503]

[[operations]]
include-operation-id = [{in_workspace}]
headers = {{ Krenalis-Workspace = "{workspace}" }}

# Whoever ends the tenant or its key ends the run.
[[operations]]
include-name = "DELETE /v1/workspaces/current"
enabled = false

[[operations]]
include-name = "DELETE /v1/keys/{{id}}"
enabled = false
"""


@contextmanager
def _command(service: Service, options: tuple[str, ...]) -> Iterator[list[str]]:
    document = httpx.get(f"{service.url}/openapi.json").json()
    in_workspace = ", ".join(f'"{name}"' for name in _without_header(document))
    with tempfile.TemporaryDirectory(prefix="kiln") as folder:
        configuration = Path(folder, "schemathesis.toml")
        configuration.write_text(
            _CONFIGURATION.format(
                key=service.key, workspace=service.workspace_id, in_workspace=in_workspace
            )
        )
        written = Path(folder, "openapi.json")
        written.write_text(json.dumps(document))
        yield [
            *(sys.executable, "-m", "schemathesis.cli"),
            *("--config-file", str(configuration)),
            *("run", str(written), "--url", service.url),
            *("--checks", ",".join(CHECKS)),
            *("--continue-on-failure", "--no-color"),
            *options,
        ]


def _without_header(document: dict[str, Any]) -> Iterator[str]:
    """Take the workspace out of the parameters, and give the operations that have it.

    It is the same in every request, and schemathesis would believe that it varies.
    """
    for operations in document["paths"].values():
        for operation in operations.values():
            kept = [each for each in operation["parameters"] if each["name"] != WORKSPACE_HEADER]
            if len(kept) < len(operation["parameters"]):
                operation["parameters"] = kept
                yield operation["operationId"]


def run(service: Service, *options: str) -> "subprocess.CompletedProcess[str]":
    """Run schemathesis to its end; the code is 0 if nothing was found."""
    with _command(service, options) as command:
        return subprocess.run(
            command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
        )
