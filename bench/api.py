"""`python -m bench api`: pipelines over HTTP, against a route of Litestar that does nothing.

The whole product serves, as `kiln serve` starts it: with its own database and its own runtime.
"""

import argparse
import asyncio
import functools
import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import psycopg
from psycopg.conninfo import conninfo_to_dict

from api.db.embedded.layout import Layout

CLIENTS: Final = (1, 16)
ROUNDS: Final = 3
REQUESTS: Final = 96
"""Of one round, by all clients together."""

ROOT: Final = Path(__file__).resolve().parents[1]

Json = dict[str, Any]
Send = Callable[["Connection"], Awaitable[object]]


def _text(name: str, **more: object) -> Json:
    return {"name": name, "type": {"kind": "string"}, **more}


IN_SCHEMA: Final = {
    "kind": "object",
    "properties": [_text("id"), _text("mail"), _text("first"), _text("last")],
}
PROFILE: Final = {
    "kind": "object",
    "properties": [_text("email", readOptional=True), _text("name", readOptional=True)],
}
MAPPING: Final = {"mapping": {"email": "lower(trim(mail))", "name": "first ' ' last"}}
FUNCTION: Final = {
    "function": {
        "language": "Python",
        "source": "def transform(user):\n    return {'email': user['mail'].lower()}\n",
        "inPaths": ["mail"],
        "outPaths": ["email"],
    }
}


def pipeline(connection: int, transformation: Json) -> bytes:
    """Give the body of an import of a CSV file."""
    only_mail = "function" in transformation
    in_schema = {**IN_SCHEMA, "properties": [_text("id"), _text("mail")]}
    out_schema = {**PROFILE, "properties": [_text("email", readOptional=True)]}
    members = {
        "name": "Customers",
        "connection": connection,
        "target": "User",
        "format": "csv",
        "path": "customers.csv",
        "formatSettings": {"separator": ",", "hasColumnNames": True},
        "userIDColumn": "id",
        "inSchema": in_schema if only_mail else IN_SCHEMA,
        "outSchema": out_schema if only_mail else PROFILE,
        "transformation": transformation,
    }
    return json.dumps(members).encode()


class Connection:
    """A connection that is kept, and costs little: what is measured is the other side."""

    def __init__(self, port: int, headers: Json) -> None:
        self._port = port
        self._lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())

    async def open(self) -> None:
        self._reader, self._writer = await asyncio.open_connection("127.0.0.1", self._port)

    async def ask(self, method: str, path: str, body: bytes = b"") -> bytes:
        """Give the body of the answer, which has to be one of success."""
        head = f"{method} {path} HTTP/1.1\r\nHost: kiln\r\n{self._lines}"
        if body:
            head += f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n"
        self._writer.write(f"{head}\r\n".encode() + body)
        answer = (await self._reader.readuntil(b"\r\n\r\n")).decode()
        length = re.search(r"content-length: (\d+)", answer, re.IGNORECASE)
        content = await self._reader.readexactly(int(length[1]) if length else 0)
        if not answer.startswith("HTTP/1.1 200"):
            raise RuntimeError(f"{method} {path}: {answer.splitlines()[0]} {content.decode()}")
        return content

    def close(self) -> None:
        self._writer.close()


@dataclass(frozen=True, slots=True)
class Round:
    """The latencies of one round, in seconds."""

    sorted_seconds: list[float]
    wall_seconds: float
    cpu_seconds: float
    """Of the process that answers, for one request; its database and its runtime are others."""

    def at(self, share: float) -> float:
        return self.sorted_seconds[int(share * (len(self.sorted_seconds) - 1))]


def run(arguments: list[str]) -> int:
    """Print p50 and p99 of creating and reading pipelines, and what they are to the bare routes."""
    argparse.ArgumentParser(prog="python -m bench api", description=__doc__).parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="kiln") as folder, _serving(Path(folder)) as served:
        kiln, key = served
        asyncio.run(_measure(kiln, key, _warehouse(Path(folder))))
    return 0


@dataclass(frozen=True, slots=True)
class Server:
    """A process that listens."""

    port: int
    pid: int

    def cpu_seconds(self) -> float:
        """Give what its threads have used; the clock of `times` ticks too seldom."""
        tasks = Path(f"/proc/{self.pid}/task").glob("*/schedstat")
        return sum(int(task.read_text().split()[0]) for task in tasks) / 1e9


@contextmanager
def _serving(folder: Path) -> Iterator[tuple[Server, str]]:
    """Serve everything, and give a key."""
    environment = {
        "PATH": os.defpath,
        "PYTHONPATH": str(ROOT),
        "KILN_DATA_DIR": str(folder),
        "KILN_LISTEN": "127.0.0.1:0",
        "KILN_ALLOWED_NETWORKS": "sockets",
        "KILN_RATE_LIMIT_BURST": "999999999",
        "KILN_LOG_LEVEL": "warning",
    }
    command = [sys.executable, "-P", "-m", "api.cli", "serve"]
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as kiln:  # noqa: S603 - ours
        try:
            assert kiln.stdout is not None  # noqa: S101 - a pipe was asked for
            told = ""
            while (found := re.search(r"Kiln is at \S+:(\d+)", told)) is None:
                line = kiln.stdout.readline()
                if not line:
                    raise RuntimeError(f"kiln ended with {kiln.wait()}")
                told += line
            key = re.search(r"only now: (\S+)", told)
            yield Server(int(found[1]), kiln.pid), key[1] if key else ""
        finally:
            kiln.terminate()


def _warehouse(folder: Path) -> Json:
    """Give the settings of a warehouse beside the database of the product."""
    host = str(Layout(folder / "postgresql").socket_directory())
    with psycopg.connect(
        host=host, user="postgres", dbname="postgres", autocommit=True
    ) as connection:
        connection.execute("CREATE DATABASE warehouse")
        parts = conninfo_to_dict(connection.info.dsn)
    return {
        "host": host,
        "port": 5432,
        "username": parts["user"],
        "password": "",
        "database": "warehouse",
        "schema": "public",
    }


async def _measure(kiln: Server, key: str, settings: Json) -> None:
    headers = {"Authorization": f"Bearer {key}"}
    first = Connection(kiln.port, headers)
    await first.open()
    warehouse = {"platform": "PostgreSQL", "settings": settings}
    sent = {"name": "Bench", "profileSchema": PROFILE, "warehouse": warehouse}
    headers["Krenalis-Workspace"] = str(await _made(first, "/v1/workspaces", sent))
    first.close()
    first = Connection(kiln.port, headers)
    await first.open()
    files = {"name": "Files", "role": "Source", "connector": "filesystem", "settings": {}}
    connection = await _made(first, "/v1/connections", files)
    bodies = {
        "mapping": pipeline(connection, MAPPING),
        "function": pipeline(connection, FUNCTION),
    }
    one = await _made(first, "/v1/pipelines", json.loads(bodies["mapping"]))
    shown = await first.ask("GET", f"/v1/pipelines/{one}")
    first.close()

    command = [sys.executable, "-m", "bench.bare"]
    with subprocess.Popen(  # noqa: ASYNC220, S603 - ours, and nobody waits for it
        command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as bare:
        try:
            assert bare.stdin is not None  # noqa: S101 - a pipe was asked for
            assert bare.stdout is not None  # noqa: S101 - a pipe was asked for
            baseline = Server(int(bare.stdout.readline()), bare.pid)
            print(json.dumps(json.loads(shown)), file=bare.stdin, flush=True)
            get = functools.partial(_get, f"/v1/pipelines/{one}")
            bare_get = functools.partial(_get, "/thing/1")
            heads = (
                "p50 ms",
                "p99 ms",
                "per s",
                "bare p50",
                "ratio",
                "CPU ms",
                "bare CPU",
                "ratio",
            )
            print(f"{'':40}" + "".join(f"{head:>10}" for head in heads))
            for clients in CLIENTS:
                for label, ours, theirs in (
                    ("get pipeline", get, bare_get),
                    (
                        "create pipeline, a mapping",
                        functools.partial(_post, "/v1/pipelines", bodies["mapping"]),
                        functools.partial(_post, "/thing", bodies["mapping"]),
                    ),
                    (
                        "create pipeline, a function",
                        functools.partial(_post, "/v1/pipelines", bodies["function"]),
                        functools.partial(_post, "/thing", bodies["function"]),
                    ),
                ):
                    pairs = [
                        (
                            await _round(kiln, headers, clients, ours),
                            await _round(baseline, {}, clients, theirs),
                        )
                        for _ in range(ROUNDS)
                    ]
                    _report(f"{label}, {clients} at once", pairs)
        finally:
            bare.terminate()


async def _made(connection: Connection, path: str, sent: Json) -> int:
    return int(json.loads(await connection.ask("POST", path, json.dumps(sent).encode()))["id"])


async def _get(path: str, connection: Connection) -> None:
    await connection.ask("GET", path)


async def _post(path: str, body: bytes, connection: Connection) -> None:
    await connection.ask("POST", path, body)


async def _round(server: Server, headers: Json, clients: int, send: Send) -> Round:
    """Let so many clients ask, each one question after the other."""
    connections = [Connection(server.port, headers) for _ in range(clients)]
    for connection in connections:
        await connection.open()
        await send(connection)
    seconds: list[float] = []

    async def ask(connection: Connection) -> None:
        for _ in range(REQUESTS // clients):
            begun = time.perf_counter()
            await send(connection)
            seconds.append(time.perf_counter() - begun)

    begun, used = time.perf_counter(), server.cpu_seconds()
    await asyncio.gather(*map(ask, connections))
    wall, cpu = time.perf_counter() - begun, server.cpu_seconds() - used
    for connection in connections:
        connection.close()
    return Round(sorted(seconds), wall, cpu / len(seconds))


def _report(label: str, pairs: list[tuple[Round, Round]]) -> None:
    median = statistics.median
    figures = (
        f"{median(ours.at(0.5) for ours, _ in pairs) * 1e3:10.2f}",
        f"{median(ours.at(0.99) for ours, _ in pairs) * 1e3:10.2f}",
        f"{median(REQUESTS / ours.wall_seconds for ours, _ in pairs):10.0f}",
        f"{median(theirs.at(0.5) for _, theirs in pairs) * 1e3:10.2f}",
        f"{median(theirs.at(0.5) / ours.at(0.5) for ours, theirs in pairs):10.3f}",
        f"{median(ours.cpu_seconds for ours, _ in pairs) * 1e3:10.2f}",
        f"{median(theirs.cpu_seconds for _, theirs in pairs) * 1e3:10.2f}",
        f"{median(theirs.cpu_seconds / ours.cpu_seconds for ours, theirs in pairs):10.3f}",
    )
    print(f"{label:<40}" + "".join(figures), flush=True)
