"""The processes of an installation that are not one: PostgreSQL, runtime, API and workers."""

import base64
import os
import queue
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import IO, Final, Self, cast

import psycopg

from api.db.embedded.server import EmbeddedServer
from tests.architecture.tree import ROOT

START_SECONDS: Final = 120.0
STOP_SECONDS: Final = 60.0

SERVICE: Final = "kiln"
WAREHOUSE: Final = "warehouse"

_POSTGRESQL: Final = {
    # Processes are killed here, never the machine: what was written stays without `fsync`. What
    # makes a commit durable is left as it comes.
    "fsync": "off",
    "max_connections": "200",
    "shared_buffers": "64MB",
    # It removes what the temporary tables of killed sessions leave in the catalogue.
    "autovacuum_naptime": "1s",
}


class Fleet:
    """Processes that can be killed and started again, one by one."""

    def __init__(self, folder: Path, server: EmbeddedServer, lease_seconds: float) -> None:
        self.folder = folder
        self.lease_seconds = lease_seconds
        self.files = folder / "files"
        self.temporary = folder / "tmp"
        self.server = server
        self.address = self.key = ""
        self.workers: list[subprocess.Popen[bytes]] = []
        self._wanted_workers = 0
        self.runtime = self._start_runtime()

    @classmethod
    @contextmanager
    def running(cls, folder: Path, lease_seconds: float) -> Iterator[Self]:
        """Start everything but workers, and stop it in the end; leases are short for a test."""
        for name in ("files", "tmp", "data", "logs"):
            (folder / name).mkdir()
        with (
            ExitStack() as stack,
            EmbeddedServer.open(folder / "pg", _POSTGRESQL, temporary=True) as server,
        ):
            for name in (SERVICE, WAREHOUSE):
                server.create_database(name)
            fleet = cls(folder, server, lease_seconds)
            stack.callback(fleet._stop)
            fleet._start_api(stack)
            yield fleet

    def url(self, database: str) -> str:
        return self.server.url(database)

    def have_workers(self, count: int) -> None:
        """Have so many workers from now on."""
        self._wanted_workers = count
        self.keep_workers()

    def expect_workers(self, count: int) -> None:
        """Do not make up for workers that end, as long as so many are left."""
        self._wanted_workers = count

    def keep_workers(self) -> None:
        """Start workers for those that have ended, as whoever manages services does.

        One that is started while PostgreSQL recovers says so and ends.
        """
        self.workers = [each for each in self.workers if each.poll() is None]
        while len(self.workers) > self._wanted_workers:
            _stop(self.workers.pop())
        while len(self.workers) < self._wanted_workers:
            command = [sys.executable, "-P", "-m", "api.cli", "work"]
            self.workers.append(self._start("worker", command))

    def restart_runtime(self) -> None:
        """Start a runtime where the one was that was killed."""
        self.runtime = self._start_runtime()

    def postmaster(self) -> int:
        """Give the id of the first process of PostgreSQL."""
        return int((self.folder / "pg" / "data" / "postmaster.pid").read_text().split()[0])

    def logs(self) -> str:
        """Give what the processes wrote, for whoever looks for a fault."""
        return "\n".join(
            f"--- {path.name}\n{path.read_text(errors='replace')}"
            for path in sorted((self.folder / "logs").iterdir())
        )

    def _start_runtime(self) -> "subprocess.Popen[bytes]":
        command = [sys.executable, "-P", "-m", "runtime.cli", "serve", "--listen", self._runtime]
        return self._start("runtime", command, new_session=True)

    def _start_api(self, stack: ExitStack) -> None:
        command = [sys.executable, "-P", "-m", "api.cli", "api"]
        process = self._start("api", command, stdout=subprocess.PIPE)
        stack.callback(_stop, process)
        told: queue.SimpleQueue[str] = queue.SimpleQueue()
        stream = cast("IO[bytes]", process.stdout)

        def read() -> None:
            with stream:
                for line in stream:
                    told.put(line.decode())

        threading.Thread(target=read, daemon=True).start()
        while not self.address:
            line = told.get(timeout=START_SECONDS)
            if found := re.search(r"\bapi_\w+", line):
                self.key = found.group()
            if found := re.match(r"Kiln is at (\S+)", line):
                self.address = found[1]

    def _start(
        self,
        name: str,
        command: Sequence[str],
        *,
        new_session: bool = False,
        stdout: int = subprocess.DEVNULL,
    ) -> "subprocess.Popen[bytes]":
        number = len(list((self.folder / "logs").iterdir()))
        with (self.folder / "logs" / f"{number:03}-{name}").open("wb") as log:
            return subprocess.Popen(
                command,
                env=self._environment,
                cwd="/",
                stdout=stdout,
                stderr=log,
                start_new_session=new_session,
            )

    def _stop(self) -> None:
        for process in (*self.workers, self.runtime):
            _stop(process)

    @property
    def _runtime(self) -> str:
        return f"unix:{self.folder}/runtime"

    @property
    def _environment(self) -> dict[str, str]:
        return {
            "PATH": os.defpath,
            "HOME": str(self.folder),
            "TMPDIR": str(self.temporary),
            "PYTHONPATH": str(ROOT),
            "KILN_DATA_DIR": str(self.folder / "data"),
            "KILN_LISTEN": "127.0.0.1:0",
            "KILN_DATABASE_URL": self.url(SERVICE),
            "KILN_RUNTIME": self._runtime,
            "KILN_SECRET_KEY": base64.b64encode(bytes(range(32))).decode(),
            "KILN_FILESYSTEM_ROOT": str(self.files),
            "KILN_ALLOWED_NETWORKS": "sockets",
            "KILN_LEASE_SECONDS": str(self.lease_seconds),
            "KILN_RATE_LIMIT_BURST": "1000000",
            "KILN_RATE_LIMIT_PER_MINUTE": "1000000",
        }


def connection(url: str) -> "psycopg.Connection[tuple[object, ...]]":
    """Connect to a database, to look at it."""
    return psycopg.connect(url, autocommit=True, connect_timeout=10)


def _stop(process: "subprocess.Popen[bytes]") -> None:
    if process.poll() is not None:
        return
    process.send_signal(signal.SIGCONT)
    process.terminate()
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
