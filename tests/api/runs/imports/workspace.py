"""A workspace on an empty warehouse, asked over HTTP as a client does."""

import json
import os
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import httpx
import psycopg
from psycopg import sql

from api.console.demo import warehouse_settings
from tests.api.client import Answer
from tests.api.runs.imports.service import Service
from tests.api.runs.imports.stored import Files

WAIT_SECONDS = 60.0
OF_THE_FILE = datetime(2026, 5, 1, 10, tzinfo=UTC)
EVER = "2000-01-01T00:00:00Z/2100-01-01T00:00:00Z"
ZEROS = [0] * 6


def optional(name: str, **type_: object) -> dict[str, Any]:
    return {"name": name, "type": type_, "readOptional": True}


def text(name: str, **limits: object) -> dict[str, Any]:
    """A column of a file: its values are text, whatever they look like."""
    return {"name": name, "type": {"kind": "string", **limits}}


def schema(*properties: dict[str, Any]) -> dict[str, Any]:
    return {"kind": "object", "properties": list(properties)}


EMAIL = optional("email", kind="string", maxLength=20)
AGE = optional("age", kind="int", bitSize=32)
PROFILES = schema(EMAIL, AGE)
PIPELINE: Mapping[str, Any] = {
    "name": "Members",
    "target": "User",
    "enabled": True,
    "format": "csv",
    "path": "members.csv",
    "formatSettings": {"separator": ",", "hasColumnNames": True},
    "userIDColumn": "id",
    "transformation": {"mapping": {"email": "mail", "age": "age"}},
    "inSchema": schema(text("id"), text("mail"), text("age")),
    "outSchema": PROFILES,
}


def function(source: str, *, language: str = "Python") -> dict[str, Any]:
    """A function of what the mapping of `PIPELINE` reads and gives."""
    return {
        "function": {
            "source": source,
            "language": language,
            "preserveJSON": False,
            "inPaths": ["mail", "age"],
            "outPaths": ["email", "age"],
        }
    }


def condition(property_: str, operator: str, *values: str) -> dict[str, Any]:
    """A filter of one condition."""
    found: dict[str, Any] = {"property": property_, "operator": operator, "values": list(values)}
    return {"logical": "and", "conditions": [found]}


def lines(*rows: str, header: str = "id,mail,age") -> str:
    return "\n".join((header, *rows, ""))


@dataclass(slots=True, kw_only=True)
class Workspace:
    """What a client of one workspace does, and what it sees."""

    service: Service
    http: httpx.Client
    id: int
    warehouse: Mapping[str, Any]
    files: Files
    _connections: dict[str, int] = field(default_factory=dict)

    def ask(self, method: str, path: str, sent: object = None, /, **query: Any) -> Answer:  # noqa: ANN401
        response = self.http.request(
            method,
            path,
            content=None if sent is None else json.dumps(sent),
            headers={} if sent is None else {"Content-Type": "application/json"},
            params=query,
        )
        return Answer(response.status_code, response.json() if response.content else None)

    def get(self, path: str, /, **query: Any) -> Any:  # noqa: ANN401 - JSON
        return self.done("GET", path, **query).json

    def done(self, method: str, path: str, sent: object = None, /, **query: Any) -> Answer:  # noqa: ANN401
        """Ask for what has to succeed."""
        answer = self.ask(method, path, sent, **query)
        assert answer.status == 200, answer.json
        return answer

    def connect(
        self, connector: str, settings: object = None, role: str = "Source", **more: object
    ) -> int:
        sent = {"name": connector, "role": role, "connector": connector, "settings": settings}
        return self.done("POST", "/v1/connections", {**sent, **more}).id

    def folder(self) -> int:
        """Give the connection to the folder of the service."""
        return self._known("filesystem", {"simulateHighIOLatency": False})

    def web(self) -> int:
        """Give the connection to the web server of held files."""
        settings = {"host": "127.0.0.1", "port": self.files.port, "headers": []}
        return self._known("http-get", settings)

    def _known(self, connector: str, settings: object) -> int:
        if connector not in self._connections:
            self._connections[connector] = self.connect(connector, settings)
        return self._connections[connector]

    def put(self, text_: "str | bytes", name: str = "members.csv") -> None:
        """Put a file into the folder."""
        path = self.service.folder / name
        path.write_bytes(text_ if isinstance(text_, bytes) else text_.encode())
        os.utime(path, (OF_THE_FILE.timestamp(),) * 2)

    def create(self, connection: int | None = None, **changed: object) -> int:
        """Create a pipeline, of the folder unless it is said otherwise."""
        chosen = self.folder() if connection is None else connection
        sent = {**PIPELINE, "connection": chosen, **changed}
        return self.done("POST", "/v1/pipelines", sent).id

    def update(self, pipeline: int, **changed: object) -> None:
        self.done("PUT", f"/v1/pipelines/{pipeline}", {**PIPELINE, **changed})

    def start(self, pipeline: int, **body: object) -> int:
        return self.done("POST", f"/v1/pipelines/{pipeline}/runs", body).id

    def run(self, pipeline: int, **body: object) -> Any:  # noqa: ANN401 - JSON
        """Start a run, and give it when it has ended."""
        return self.ended(self.start(pipeline, **body))

    def imported(self, rows: str, pipeline: int | None = None, **changed: Any) -> Any:  # noqa: ANN401
        """Put a file into the folder, and give the run that imports it."""
        self.put(rows)
        return self.run(self.create(**changed) if pipeline is None else pipeline)

    def ended(self, run: int) -> Any:  # noqa: ANN401 - JSON
        found: list[Any] = []

        def has_ended() -> bool:
            found[:] = [self.get(f"/v1/pipelines/runs/{run}")]
            return found[0]["endTime"] is not None

        until(has_ended)
        return found[0]

    def wait_until_noted(self, run: int, passed: int) -> None:
        """Wait until so many written records are noted with a run; clients see it at its end."""
        statement = "SELECT passed[6] FROM runs WHERE id = %s"
        with psycopg.connect(self.service.database_url, autocommit=True) as connection:
            until(lambda: connection.execute(statement, [run]).fetchone() == (passed,))

    def errors(self, pipeline: int) -> list[tuple[str, int, str]]:
        found = self.get(f"/v1/pipelines/errors/{EVER}", pipelines=pipeline)
        return sorted((each["step"], each["count"], each["message"]) for each in found["errors"])

    def failures(self, run: int, **query: Any) -> list[Any]:  # noqa: ANN401 - JSON
        found: list[Any] = self.get(f"/v1/pipelines/runs/{run}/failures", **query)["failures"]
        return found

    def set_mode(self, mode: str, *, cancel: bool = False) -> None:
        sent = {"mode": mode, "cancelIncompatibleOperations": cancel}
        self.done("PUT", "/v1/warehouse/mode", sent)

    def identities(self) -> dict[str, tuple[object, ...]]:
        return {row[0]: row[1:] for row in self.rows()}

    def rows(self, *columns: str) -> list[tuple[Any, ...]]:
        """Give columns of the identities in the warehouse, behind their user ids."""
        listed = [sql.Identifier(each) for each in ("_identity_id", *(columns or ("email", "age")))]
        statement = sql.SQL("SELECT {} FROM {}.kiln_identities ORDER BY 1").format(
            sql.SQL(", ").join(listed), sql.Identifier(self.warehouse["schema"])
        )
        with psycopg.connect(self.service.warehouse_url) as connection:
            return connection.execute(statement).fetchall()


def until(met: Callable[[], bool]) -> None:
    """Wait for what happens elsewhere."""
    deadline = time.monotonic() + WAIT_SECONDS
    while not met():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.03)


def _new_schema(url: str) -> dict[str, Any]:
    """Give the settings of an empty warehouse, which nobody of an earlier test still writes to."""
    name = f"w{uuid.uuid4().hex}"
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE SCHEMA {}").format(sql.Identifier(name)))
    return {**warehouse_settings(url), "schema": name}


@contextmanager
def workspace(
    service: Service, files: Files, profiles: Mapping[str, Any] = PROFILES
) -> Iterator[Workspace]:
    """Make a workspace, and delete it in the end."""
    headers = {"Authorization": f"Bearer {service.key}"}
    settings = _new_schema(service.warehouse_url)
    with httpx.Client(base_url=service.address, headers=headers, timeout=WAIT_SECONDS) as http:
        made = http.post(
            "/v1/workspaces",
            json={
                "name": "Customers",
                "profileSchema": profiles,
                "warehouse": {"platform": "PostgreSQL", "settings": settings},
            },
        )
        assert made.status_code == 200, made.text
        http.headers["Krenalis-Workspace"] = str(made.json()["id"])
        # Profiles are of no interest to most tests.
        unresolved = {"runOnBatchImport": False, "identifiers": []}
        http.put("/v1/identity-resolution/settings", json=unresolved).raise_for_status()
        yield Workspace(
            service=service, http=http, id=made.json()["id"], warehouse=settings, files=files
        )
        http.delete("/v1/workspaces/current")
