"""`kiln demo`: three files become profiles, told step by step to whoever looks on."""

import json
import shutil
import signal
import socket
import tempfile
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from psycopg.conninfo import conninfo_to_dict
from rich.console import Console

from api.console import demo_view
from api.console.child import Served, served
from api.console.client import Client, Document
from api.db.embedded.server import EmbeddedServer
from api.settings.settings import Listen

FILES: Final = Path(__file__).with_name("demo_files")
IDENTIFIERS: Final = ("customer_id", "email")
PROFILES_SHOWN: Final = 4

_PIPELINES: Final = (
    ("customers", None),
    ("contacts", "contacts.function"),
    ("subscribers", "subscribers.function"),
)
_DATABASE: Final = "demo_warehouse"


def demo(environment: Mapping[str, str], console: Console, *, once: bool) -> None:
    """Set everything up in a folder of its own, show it, and wait unless it is to end at once."""
    with tempfile.TemporaryDirectory(prefix="kiln-demo-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        with _installed(folder, environment) as (installation, warehouse):
            with Client.open(installation.address, installation.key) as client:
                demo_view.started(console, installation.address, folder / "log")
                _tell_story(client, warehouse, console)
            if once:
                return
            demo_view.waits(console, installation.address, installation.key)
            _wait_for_the_end(installation)


@contextmanager
def _installed(
    folder: Path, environment: Mapping[str, str]
) -> Iterator[tuple[Served, dict[str, object]]]:
    """Give an installation whose database holds the warehouse too."""
    data, storage = folder / "data", folder / "files"
    storage.mkdir()
    for path in FILES.iterdir():
        if path.suffix in {".csv", ".xlsx", ".parquet"}:
            shutil.copy(path, storage)
    told = {
        **{name: text for name, text in environment.items() if not name.startswith("KILN_")},
        "KILN_DATA_DIR": str(data),
        "KILN_LISTEN": environment.get("KILN_LISTEN", _free_address()),
        "KILN_FILESYSTEM_ROOT": str(storage),
        "KILN_ALLOWED_NETWORKS": "sockets",
        "KILN_LOG_FORMAT": "text",
    }
    with (
        served(told, folder / "log") as installation,
        EmbeddedServer.open(data / "postgresql") as server,
    ):
        server.create_database(_DATABASE)
        yield installation, warehouse_settings(server.url(_DATABASE))


def _tell_story(client: Client, warehouse: dict[str, object], console: Console) -> None:
    workspace = client.post("/v1/workspaces", _workspace(warehouse))["id"]
    client.in_workspace(workspace)
    client.put(
        "/v1/identity-resolution/settings",
        {"identifiers": IDENTIFIERS, "runOnBatchImport": False},
    )
    connection = client.post(
        "/v1/connections",
        {"name": "Files", "role": "Source", "connector": "filesystem", "settings": {}},
    )["id"]
    demo_view.made(console, workspace, connection, IDENTIFIERS)
    for name, function in _PIPELINES:
        definition = _definition(name, function)
        pipeline = client.post("/v1/pipelines", {**definition, "connection": connection})["id"]
        started = client.post(f"/v1/pipelines/{pipeline}/runs", {})
        run = client.ended(f"/v1/pipelines/runs/{started['id']}")
        failures = client.all(f"/v1/pipelines/runs/{started['id']}/failures", "failures")
        demo_view.ran(console, definition, run, failures)
    client.post("/v1/identity-resolution/start")
    resolution = client.ended("/v1/identity-resolution/latest")
    identities = client.get(f"/v1/connections/{connection}/identities", limit=1)["total"]
    profiles = client.get("/v1/profiles", limit=1_000)
    demo_view.resolved(console, resolution, identities, profiles["total"])
    for profile in _richest(profiles["profiles"]):
        parts = client.all(f"/v1/profiles/{profile['kpid']}/identities", "identities")
        demo_view.profile(console, profile, [each["userId"] for each in parts])


def _workspace(warehouse: dict[str, object]) -> Document:
    return {
        "name": "Demo",
        "profileSchema": _read("profile_schema.json"),
        "uiPreferences": {
            "userProfile": {
                "image": "",
                "firstName": "first_name",
                "lastName": "last_name",
                "extra": "email",
            }
        },
        "warehouse": {"platform": "PostgreSQL", "mode": "Normal", "settings": warehouse},
    }


def _definition(name: str, function: str | None) -> Document:
    definition: Document = _read(f"{name}.json")
    if function is not None:
        source = (FILES / function).read_text(encoding="utf-8")
        definition["transformation"]["function"]["source"] = source
    return definition


def _read(name: str) -> Any:  # noqa: ANN401 - JSON of any shape
    return json.loads((FILES / name).read_text(encoding="utf-8"))


def _richest(profiles: list[Document]) -> list[Document]:
    """Choose those that tell most, in an order that does not depend on their new ids."""
    ranked = sorted(
        profiles,
        key=lambda each: (-len(each["attributes"]), str(each["attributes"].get("email"))),
    )
    return ranked[:PROFILES_SHOWN]


def warehouse_settings(url: str) -> dict[str, object]:
    """Give the settings of a warehouse in a database that asks nobody for a password."""
    parts = conninfo_to_dict(url)
    return {
        "host": parts["host"],
        "port": int(parts["port"] or 0),
        "username": parts["user"],
        "password": "not asked for",
        "database": parts["dbname"],
        "schema": "public",
    }


def _free_address() -> str:
    """Give the usual address, or another one if it is taken."""
    host, port = Listen().host, Listen().port
    try:
        with socket.create_server((host, port)):
            return f"{host}:{port}"
    except OSError:
        with socket.create_server((host, 0)) as found:
            return f"{host}:{found.getsockname()[1]}"


def _wait_for_the_end(installation: Served) -> None:
    """Wait for Ctrl-C or SIGTERM, or for the service to end by itself."""
    stopped = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopped.set())
    while not stopped.wait(1.0) and installation.process.poll() is None:
        pass
