"""The client's side of an embedded server: keeps it alive for as long as it is held."""

import contextlib
import fcntl
import os
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Final, Self
from urllib.parse import quote

import psycopg
from psycopg import sql

import api
from api.db.embedded.binaries import installed_programs
from api.db.embedded.layout import (
    PORT,
    SOCKET_NAME,
    EmbeddedServerError,
    Layout,
    is_locked,
    is_shared,
    lock,
    locked,
)
from api.db.embedded.supervisor import READY, Order

START_SECONDS: Final = 300.0
"""A server that was killed under load reads its log again before it is ready."""
STOP_SECONDS: Final = 80.0
"""As long as the supervisor may take to stop it, whatever that needs."""
_POLL_SECONDS: Final = 0.02
_USER: Final = "postgres"

# Neither the environment nor installed packages have a say in how it starts.
_BOOTSTRAP: Final = (
    "import sys; sys.path.insert(0, sys.argv.pop(1));"
    " from api.db.embedded.supervisor import main; sys.exit(main(sys.argv[1:]))"
)


class EmbeddedServer:
    """A running PostgreSQL in a directory, shared by all processes that hold one of these."""

    def __init__(self, root: Path, parameters: Mapping[str, str], *, temporary: bool) -> None:
        self._layout = Layout(root)
        self._parameters = parameters
        self._temporary = temporary
        self._client: int | None = None

    @classmethod
    def open(
        cls,
        root: Path,
        parameters: Mapping[str, str] = MappingProxyType({}),
        *,
        temporary: bool = False,
    ) -> Self:
        """Start a server, or join the one that runs; a temporary one is deleted after the last."""
        server = cls(root.resolve(), parameters, temporary=temporary)
        try:
            server._layout.create()
            server._client = lock(server._layout.clients_lock, fcntl.LOCK_SH)
            server.ensure()
        except OSError as error:
            server.close()
            raise EmbeddedServerError(f"{root} cannot hold a database: {error}") from error
        except BaseException:
            server.close()
            raise
        return server

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def ensure(self) -> bool:
        """Start the server again if it is dead; tells whether it was."""
        layout = self._layout
        if self._answers():
            return False
        with locked(layout.start_lock):
            deadline = time.monotonic() + START_SECONDS
            while is_locked(layout.server_lock):
                if self._answers():
                    return False
                if time.monotonic() >= deadline:
                    raise EmbeddedServerError(
                        f"PostgreSQL in {layout.root} runs and does not answer; its log ends"
                        f" with\n{layout.log_end()}"
                    )
                time.sleep(_POLL_SECONDS)
            self._start()
        return True

    def url(self, database: str) -> str:
        """Give the URL of one of its databases."""
        host = quote(str(self._layout.socket_directory()), safe="")
        return f"postgresql://{_USER}@/{quote(database, safe='')}?host={host}&port={PORT}"

    def create_database(self, name: str) -> None:
        """Create a database, unless there is one of that name."""
        with (
            contextlib.suppress(psycopg.errors.DuplicateDatabase),
            psycopg.connect(self.url(_USER), autocommit=True) as connection,
        ):
            connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))

    def close(self) -> None:
        """Let go of the server, and wait for its end if nobody else holds it."""
        if self._client is None:
            return
        os.close(self._client)
        self._client = None
        deadline = time.monotonic() + STOP_SECONDS
        while is_locked(self._layout.server_lock) and time.monotonic() < deadline:
            if is_shared(self._layout.clients_lock):
                return
            time.sleep(_POLL_SECONDS)

    def _answers(self) -> bool:
        """Tell whether PostgreSQL takes connections."""
        if self._layout.status()[1] != READY or not is_locked(self._layout.server_lock):
            return False
        with socket.socket(socket.AF_UNIX) as client:
            try:
                client.connect(str(self._layout.socket_directory() / SOCKET_NAME))
            except OSError:
                return False
        return True

    def _start(self) -> None:
        order = Order(
            root=str(self._layout.root),
            programs=str(installed_programs()),
            parameters=dict(self._parameters),
            temporary=self._temporary,
            start_seconds=START_SECONDS,
        )
        tree = str(Path(api.__file__).parents[1])
        with self._layout.open_log() as log:
            result = subprocess.run(  # noqa: S603 - our own
                [sys.executable, "-I", "-S", "-c", _BOOTSTRAP, tree, order.to_json()],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=log,
                cwd="/",
                start_new_session=True,
                check=False,
            )
        answer = result.stdout.decode(errors="replace")
        if answer != READY:
            raise EmbeddedServerError(
                answer or f"its supervisor failed; the log ends with\n{self._layout.log_end()}"
            )
