"""The service as people start it, `kiln serve`, with a warehouse server and a folder of files."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import psycopg
from psycopg import sql

from api.console.child import served
from api.console.demo import warehouse_settings
from api.db.embedded.server import EmbeddedServer
from tests.postgresql import FAST

_TREE: Final = Path(__file__).resolve().parents[2]


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """A running service, and what belongs to it."""

    address: str
    key: str
    files: Path
    warehouse: str

    @contextmanager
    def schema(self) -> Iterator[dict[str, Any]]:
        """Give the settings of a warehouse with an empty schema, dropped afterwards."""
        name = "scenario"
        _administer(self.warehouse, sql.SQL("CREATE SCHEMA {}").format(sql.Identifier(name)))
        try:
            yield {**warehouse_settings(self.warehouse), "schema": name}
        finally:
            _administer(
                self.warehouse, sql.SQL("DROP SCHEMA {} CASCADE").format(sql.Identifier(name))
            )

    def clear_files(self) -> None:
        """Remove every file that was put into the storage."""
        for path in self.files.iterdir():
            if path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink()


@contextmanager
def running(folder: Path) -> Iterator[Service]:
    """Start a service whose data lies in a folder, and stop it in the end."""
    files = folder / "files"
    files.mkdir()
    with EmbeddedServer.open(folder / "warehouse", FAST, temporary=True) as server:
        environment = {
            "PATH": "/usr/local/bin:/usr/bin:/bin",
            "HOME": str(folder),
            "KILN_DATA_DIR": str(folder / "data"),
            "KILN_LISTEN": "127.0.0.1:0",
            "KILN_FILESYSTEM_ROOT": str(files),
            "KILN_TEST_CONNECTORS": "on",
            "KILN_ALLOWED_NETWORKS": "127.0.0.0/8,sockets",
            "KILN_RATE_LIMIT_BURST": "1000000",
            "KILN_RATE_LIMIT_PER_MINUTE": "1000000",
            "PYTHONPATH": str(_TREE),
        }
        with served(environment, folder / "log") as installation:
            yield Service(
                address=installation.address,
                key=installation.key,
                files=files,
                warehouse=server.url("postgres"),
            )


def _administer(url: str, statement: sql.Composed) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(statement)
