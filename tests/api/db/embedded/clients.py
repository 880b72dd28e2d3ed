"""Clients of an embedded server in processes of their own, which can be killed."""

import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from api.db.embedded.layout import Layout, is_locked
from tests.architecture.tree import ROOT

PATIENCE_SECONDS: Final = 60.0

PROGRAM: Final = """
import sys
from pathlib import Path
from api.db.embedded.server import EmbeddedServer
server = EmbeddedServer.open(Path(sys.argv[1]), {"fsync": "off"})
print(server.url("postgres"), flush=True)
sys.stdin.read()
server.close()
"""


@dataclass(frozen=True, slots=True)
class Person:
    """Who runs a client, and with which interpreter; None is who we are."""

    uid: int | None = None
    python: str = sys.executable

    def options(self) -> dict[str, Any]:
        if self.uid is None:
            return {}
        return {"user": self.uid, "group": self.uid, "extra_groups": []}


US: Final = Person()


class Client:
    """A process that holds a server until it is told to end, or is killed."""

    def __init__(self, root: Path, environment: Mapping[str, str], person: Person) -> None:
        self._process = subprocess.Popen(
            [person.python, "-c", PROGRAM, str(root)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd=ROOT,
            env={"PATH": "/usr/bin:/bin", **environment},
            text=True,
            **person.options(),
        )
        self._url: str | None = None

    @property
    def url(self) -> str:
        """Wait until the server is there."""
        if self._url is None:
            assert self._process.stdout is not None
            self._url = self._process.stdout.readline().strip()
        return self._url

    def end(self) -> int:
        self._process.communicate("")
        return self._process.wait(PATIENCE_SECONDS)

    def kill(self) -> None:
        self._process.send_signal(signal.SIGKILL)
        self._process.communicate()

    def clean(self) -> None:
        if self._process.poll() is None:
            self.kill()


@contextmanager
def clients(root: Path, person: Person = US) -> Iterator[Callable[..., Client]]:
    """Start clients of one root; whoever is left is killed, and the server with it."""
    started: list[Client] = []

    def start(**environment: str) -> Client:
        client = Client(root, environment, person)
        started.append(client)
        return client

    try:
        yield start
    finally:
        for client in started:
            client.clean()
        wait_until_stopped(root)


def wait_until_stopped(root: Path) -> None:
    eventually(lambda: not is_locked(Layout(root.resolve()).server_lock), "PostgreSQL still runs")


def eventually(holds: Callable[[], bool], otherwise: str) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not holds():
        assert time.monotonic() < deadline, otherwise
        time.sleep(0.01)
