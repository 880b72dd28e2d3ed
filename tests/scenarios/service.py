"""The service as people start it, `kiln serve`, with a warehouse server and a folder of files."""

import queue
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Final

import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict

from api.db.embedded.server import EmbeddedServer
from tests.postgresql import FAST

START_SECONDS: Final = 120.0
STOP_SECONDS: Final = 60.0

_TREE: Final = Path(__file__).resolve().parents[2]
_KEY: Final = re.compile(r"\bapi_\w+")
_ADDRESS: Final = re.compile(r"Kiln is at (\S+)")


class ServiceError(Exception):
    """The service did not start."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """A running service, and what belongs to it."""

    address: str
    key: str
    files: Path
    warehouse: str
    process: "subprocess.Popen[str]"

    @contextmanager
    def schema(self) -> Iterator[dict[str, Any]]:
        """Give the settings of a warehouse with an empty schema, dropped afterwards."""
        name = "scenario"
        _administer(self.warehouse, sql.SQL("CREATE SCHEMA {}").format(sql.Identifier(name)))
        parts = conninfo_to_dict(self.warehouse)
        try:
            yield {
                "host": parts["host"],
                "port": int(parts.get("port") or 5432),
                "username": parts["user"],
                "password": "not asked for",
                "database": parts["dbname"],
                "schema": name,
            }
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
        listen = f"127.0.0.1:{_free_port()}"
        environment = {
            "PATH": "/usr/local/bin:/usr/bin:/bin",
            "HOME": str(folder),
            "KILN_DATA_DIR": str(folder / "data"),
            "KILN_LISTEN": listen,
            "KILN_FILESYSTEM_ROOT": str(files),
            "KILN_TEST_CONNECTORS": "on",
            "KILN_ALLOWED_NETWORKS": "127.0.0.0/8,sockets",
            "KILN_RATE_LIMIT_BURST": "1000000",
            "KILN_RATE_LIMIT_PER_MINUTE": "1000000",
            "PYTHONPATH": str(_TREE),
            "PYTHONUNBUFFERED": "1",
        }
        with (folder / "log").open("w", encoding="utf-8") as log:
            process = subprocess.Popen(
                [sys.executable, "-P", "-m", "api.cli", "serve"],
                env=environment,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
            )
            try:
                key, address = _greeting(process, folder / "log")
                yield Service(
                    address=address,
                    key=key,
                    files=files,
                    warehouse=server.url("postgres"),
                    process=process,
                )
            finally:
                process.send_signal(signal.SIGTERM)
                try:
                    process.wait(STOP_SECONDS)
                except subprocess.TimeoutExpired:
                    process.kill()
                    process.wait()


def _greeting(process: "subprocess.Popen[str]", log: Path) -> tuple[str, str]:
    """Read what the service prints at its first start: a key and its address."""
    assert process.stdout is not None
    lines: queue.Queue[str | None] = queue.Queue()

    def read(stream: IO[str]) -> None:
        for line in stream:
            lines.put(line)
        lines.put(None)

    threading.Thread(target=read, args=(process.stdout,), daemon=True).start()
    key = ""
    while True:
        try:
            line = lines.get(timeout=START_SECONDS)
        except queue.Empty:
            line = None
        if line is None:
            raise ServiceError(f"the service did not start:\n{log.read_text()[-4_000:]}")
        if found := _KEY.search(line):
            key = found.group()
        if found := _ADDRESS.search(line):
            return key, found[1]


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
        return port


def _administer(url: str, statement: sql.Composed) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(statement)
