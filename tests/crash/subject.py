"""The workspace that an import is made in: its own schema of the warehouse, pipeline and file."""

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final, TypeVar

from psycopg import sql

from api.console.client import Client, Document
from api.console.demo import warehouse_settings
from tests.crash.fleet import WAREHOUSE, Fleet, connection
from tests.crash.records import COLUMNS, LONGEST_EMAIL, OTHER_COUNTRY, Files

UNDISTURBED_SECONDS: Final = 600.0
RESOLUTION_SECONDS: Final = 300.0
_POLL_SECONDS: Final = 0.05
_Found = TypeVar("_Found")


class Way(StrEnum):
    """How records are transformed."""

    MAPPING = "mapping"
    JAVASCRIPT = "JavaScript"
    PYTHON = "Python"


class StuckError(Exception):
    """Something that was waited for did not happen."""


_TEXT: Final[dict[str, object]] = {"kind": "string"}
_TYPES: Final[dict[str, dict[str, object]]] = {
    "email": {"kind": "string", "maxLength": LONGEST_EMAIL},
    "full_name": _TEXT,
    "age": {"kind": "int", "bitSize": 32},
    "country": _TEXT,
    "visits": {"kind": "json"},
}
_PROFILES: Final = {
    "kind": "object",
    "properties": [
        {"name": name, "type": type_, "readOptional": True} for name, type_ in _TYPES.items()
    ],
}
_USED: Final = [name for name in COLUMNS if name != "pad"]
_SOURCES: Final = {
    Way.JAVASCRIPT: """
function transform(user) {
  const age = parseInt(user.age);
  return {
    email: user.email.trim().toLowerCase(),
    full_name: user.full_name.toUpperCase(),
    age: Number.isNaN(age) ? user.age : age,
    country: user.country,
    visits: JSON.parse(user.visits),
  };
}
""",
    Way.PYTHON: """
import json

def transform(user):
    return {
        'email': user['email'].strip().lower(),
        'full_name': user['full_name'].upper(),
        'age': int(user['age']) if user['age'].isdigit() else user['age'],
        'country': user['country'],
        'visits': json.loads(user['visits']),
    }
""",
}
_MAPPING: Final = {
    "email": "lower(trim(email))",
    "full_name": "upper(full_name)",
    "age": "age",
    "country": "country",
    "visits": "json_parse(visits)",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """One pipeline, after its first file was imported; the second one is where it reads from."""

    client: Client
    schema: str
    workspace_id: int
    connection_id: int
    pipeline_id: int
    first_run_id: int

    def start(self) -> int:
        """Start the import of the second file."""
        run_id: int = self.client.post(f"/v1/pipelines/{self.pipeline_id}/runs", {})["id"]
        return run_id

    def totals(self) -> tuple[int, int]:
        """Ask the API how many profiles and identities there are."""
        identities = f"/v1/connections/{self.connection_id}/identities"
        return (
            self.client.get("/v1/profiles", limit=1)["total"],
            self.client.get(identities, limit=1)["total"],
        )

    def resolve(self) -> None:
        """Resolve identities, and wait for the end."""
        self.client.post("/v1/identity-resolution/start")
        ended = self.client.ended("/v1/identity-resolution/latest", RESOLUTION_SECONDS)
        if ended["error"]:
            raise StuckError(f"the resolution of identities ended with {ended['error']}")


@contextmanager
def a_subject(fleet: Fleet, files: Files, way: Way, schema: str) -> Iterator[Subject]:
    """Make a workspace and import the first file, undisturbed."""
    with connection(fleet.url(WAREHOUSE)) as warehouse:
        warehouse.execute(sql.SQL("CREATE SCHEMA {}").format(sql.Identifier(schema)))
    path = fleet.files / f"{schema}.csv"
    with Client.open(fleet.address, fleet.key) as client:
        workspace = client.post("/v1/workspaces", _workspace(fleet, schema))["id"]
        client.in_workspace(workspace)
        client.put(
            "/v1/identity-resolution/settings",
            {"identifiers": ["email"], "runOnBatchImport": False},
        )
        source = {"name": "Files", "role": "Source", "connector": "filesystem", "settings": {}}
        connection_id = client.post("/v1/connections", source)["id"]
        pipeline_id = client.post("/v1/pipelines", _pipeline(connection_id, way, path.name))["id"]
        os.link(files.first, path)
        run_id = client.post(f"/v1/pipelines/{pipeline_id}/runs", {})["id"]
        run = client.ended(f"/v1/pipelines/runs/{run_id}", UNDISTURBED_SECONDS)
        if run["error"] or any(run["failed"]):
            failed = client.get(f"/v1/pipelines/runs/{run_id}/failures", limit=1)["failures"]
            raise StuckError(f"the first file was not imported: {run}, {failed}")
        path.unlink()
        os.link(files.second, path)
        yield Subject(
            client=client,
            schema=schema,
            workspace_id=workspace,
            connection_id=connection_id,
            pipeline_id=pipeline_id,
            first_run_id=run_id,
        )
    path.unlink()


def wait_for(look: Callable[[], _Found | None], seconds: float, what: str) -> _Found:
    """Look again and again until there is something."""
    deadline = time.monotonic() + seconds
    while (found := look()) is None:
        if time.monotonic() > deadline:
            raise StuckError(f"{what} did not happen within {seconds:.0f} seconds")
        time.sleep(_POLL_SECONDS)
    return found


def _workspace(fleet: Fleet, schema: str) -> Document:
    return {
        "name": schema,
        "profileSchema": _PROFILES,
        "uiPreferences": {
            "userProfile": dict.fromkeys(("image", "firstName", "lastName", "extra"), "")
        },
        "warehouse": {
            "platform": "PostgreSQL",
            "mode": "Normal",
            "settings": {**warehouse_settings(fleet.url(WAREHOUSE)), "schema": schema},
        },
    }


def _pipeline(connection_id: int, way: Way, path: str) -> Document:
    transformation: dict[str, Any] = {"mapping": _MAPPING}
    if way is not Way.MAPPING:
        transformation = {
            "function": {
                "language": way.value,
                "source": _SOURCES[way],
                "preserveJSON": False,
                "inPaths": _USED,
                "outPaths": list(_TYPES),
            }
        }
    filter_ = {"property": "country", "operator": "is not", "values": [OTHER_COUNTRY]}
    return {
        "name": way.value,
        "connection": connection_id,
        "target": "User",
        "enabled": True,
        "format": "csv",
        "path": path,
        "formatSettings": {"separator": ",", "hasColumnNames": True},
        "userIDColumn": "id",
        "updatedAtColumn": "changed",
        "updatedAtFormat": "ISO8601",
        "incremental": False,
        "filter": {"logical": "and", "conditions": [filter_]},
        "inSchema": {
            "kind": "object",
            "properties": [
                {
                    "name": name,
                    "type": {"kind": "string", "maxLength": 2} if name == "country" else _TEXT,
                }
                for name in _USED
            ],
        },
        "outSchema": _PROFILES,
        "transformation": transformation,
    }
