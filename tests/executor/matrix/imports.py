"""Imports of every combination that is asked for, by one service that runs them together."""

import asyncio
import os
from collections.abc import AsyncIterator, Collection
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import psycopg
from psycopg import sql

from api.console.child import served
from api.console.client import Client, Document
from api.console.demo import warehouse_settings
from api.db.embedded.server import EmbeddedServer
from connectors.files import Compression
from connectors.registry import catalogue
from tests.architecture.tree import ROOT
from tests.connectors.compression.test_unpack import PACK
from tests.connectors.storages.places import AUTHORITY, PLACES, Place
from tests.executor.matrix.records import PROFILES, WRITTEN, Row, customers
from tests.postgresql import FAST

STORAGES: Final = ("filesystem", "s3", "sftp", "http-get")
RUN_SECONDS: Final = 100.0
_CONNECTORS: Final = catalogue().by_code
_COLUMNS: Final = ("_identity_id", *(each["name"] for each in PROFILES["properties"]))


@dataclass(frozen=True, slots=True, order=True)
class Combination:
    """A file of a format in a compression, in a storage."""

    format: str
    compression: Compression
    storage: str

    @property
    def path(self) -> str:
        extension = self.compression.lower() or "plain"
        return f"customers.{_CONNECTORS[self.format].extension}.{extension}"


ALL: Final = tuple(
    Combination(format_, compression, storage)
    for format_ in WRITTEN
    for compression in Compression
    for storage in STORAGES
)


@dataclass(frozen=True, slots=True)
class Imported:
    """What became of one combination."""

    run: Document
    rows: list[Row]


async def carry_out(
    folder: Path, combinations: Collection[Combination]
) -> dict[Combination, Imported]:
    """Import every combination and give what the warehouse holds of each."""
    async with _servers(folder) as places:
        for format_, compression in {(each.format, each.compression) for each in combinations}:
            packed = PACK[compression](WRITTEN[format_].write(customers()))
            for place in places.values():
                place.put(Combination(format_, compression, "").path, packed)
        # The servers answer in this loop meanwhile.
        return await asyncio.to_thread(_import, folder, places, combinations)


@asynccontextmanager
async def _servers(folder: Path) -> AsyncIterator[dict[str, Place]]:
    async with AsyncExitStack() as stack:
        places = {}
        for code in STORAGES:
            (folder / code).mkdir()
            opened = PLACES[code](_CONNECTORS[code], folder / code)
            places[code] = await stack.enter_async_context(opened)
        yield places


def _import(
    folder: Path, places: dict[str, Place], combinations: Collection[Combination]
) -> dict[Combination, Imported]:
    authority = folder / "authority.pem"
    AUTHORITY.cert_pem.write_to_path(str(authority))
    environment = {
        "PATH": os.defpath,
        "HOME": str(folder),
        "PYTHONPATH": str(ROOT),
        "KILN_DATA_DIR": str(folder / "data"),
        "KILN_LISTEN": "127.0.0.1:0",
        "KILN_ALLOWED_NETWORKS": "127.0.0.0/8,sockets",
        "KILN_FILESYSTEM_ROOT": str(folder / "filesystem"),
        "KILN_S3_ENDPOINT": places["s3"].site.s3_endpoint,
        "KILN_STORAGE_CA": str(authority),
        "KILN_RATE_LIMIT_BURST": "1000000",
        "KILN_RATE_LIMIT_PER_MINUTE": "1000000",
    }
    with (
        EmbeddedServer.open(folder / "warehouse", FAST, temporary=True) as server,
        served(environment, folder / "log") as installation,
        Client.open(installation.address, installation.key) as client,
    ):
        url = server.url("postgres")
        client.in_workspace(client.post("/v1/workspaces", _workspace(url))["id"])
        connections = {
            code: client.post("/v1/connections", _connection(place))["id"]
            for code, place in places.items()
        }
        pipelines = {
            each: client.post("/v1/pipelines", _pipeline(connections[each.storage], each))["id"]
            for each in combinations
        }
        started = {
            each: client.post(f"/v1/pipelines/{pipeline}/runs", {})["id"]
            for each, pipeline in pipelines.items()
        }
        return {
            each: Imported(
                client.ended(f"/v1/pipelines/runs/{started[each]}", RUN_SECONDS),
                _rows(url, pipelines[each]),
            )
            for each in combinations
        }


def _workspace(url: str) -> Document:
    return {
        "name": "Matrix",
        "profileSchema": PROFILES,
        "uiPreferences": {
            "userProfile": dict.fromkeys(("image", "firstName", "lastName", "extra"), "")
        },
        "warehouse": {
            "platform": "PostgreSQL",
            "mode": "Normal",
            "settings": warehouse_settings(url),
        },
    }


def _connection(place: Place) -> Document:
    code = place.connector.code
    return {"name": code, "role": "Source", "connector": code, "settings": dict(place.settings)}


def _pipeline(connection: int, combination: Combination) -> dict[str, Any]:
    written = WRITTEN[combination.format]
    optional = {"formatSettings": written.settings, "sheet": written.sheet}
    return {
        "name": "Customers",
        "connection": connection,
        "target": "User",
        "enabled": True,
        "format": combination.format,
        "path": combination.path,
        "compression": combination.compression.value,
        "userIDColumn": "id",
        "inSchema": written.schema,
        "outSchema": PROFILES,
        "transformation": {"mapping": dict(written.mapping)},
        **{name: value for name, value in optional.items() if value is not None},
    }


def _rows(url: str, pipeline: int) -> list[Row]:
    with psycopg.connect(url) as connection:
        columns = sql.SQL(", ").join(map(sql.Identifier, _COLUMNS))
        return connection.execute(
            sql.SQL(
                "SELECT {} FROM kiln_identities WHERE _pipeline = %s ORDER BY _identity_id"
            ).format(columns),
            [str(pipeline)],
        ).fetchall()
