"""A run whose statements something happens to: in this process, in another, or on the wire."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from functools import partial
from pathlib import Path

from mapping_lang.types.arrow.layout import RecordBatch
from tests.postgresql import NEAR
from tests.warehouse.postgresql.loads import T1, Identity, Settings, a_load, normal, write
from warehouse.errors import WarehouseUnavailableError
from warehouse.load import Load
from warehouse.postgresql.driver import located
from warehouse.postgresql.loading import PostgresqlLoading
from warehouse.postgresql.session import Row, Session
from warehouse.sql import Sql

BEFORE: list[Identity] = [(str(number), {"email": "old", "age": number}) for number in range(8)]
BATCHES: list[list[Identity]] = [
    [("0", {"email": "old", "age": 0}), ("1", {"email": "new"}), ("20", {"age": 20})],
    [("21", {"age": 21}), ("2", {"email": "old", "age": 2}), ("1", {"email": "newer"})],
    [("20", {"age": 99}), ("3", {"email": "x"})],
]
KEPT = [["5"], [], ["6", "unknown"]]

RUN = a_load(run=901, started=T1)


class Disturbed(Session):
    """A session that tells its statements before and after they are run."""

    def __init__(
        self,
        settings: Settings,
        before: Callable[[str], None],
        after: Callable[[str], None] = len,  # type: ignore[assignment]  # does nothing
    ) -> None:
        super().__init__(settings)
        self._before = before
        self._after = after

    def execute(self, statement: Sql) -> None:
        self._before(statement.text)
        super().execute(statement)
        self._after(statement.text)

    def fetch(self, statement: Sql) -> "list[Row]":
        self._before(statement.text)
        rows = [*super().fetch(statement)]
        self._after(statement.text)
        return rows

    def copy(self, table: str, rows: RecordBatch) -> None:
        self._before(f"COPY {table}")
        super().copy(table, rows)
        self._after(f"COPY {table}")


async def carry(load: Load, connect_session: Callable[[], Session]) -> None:
    """Carry a run from where it is to its end; a retryable failure is tried again."""
    loading = PostgresqlLoading(load, normal, "public", connect_session)
    try:
        await patiently(loading.open)
        done = 0 if loading.resumed is None else loading.resumed.sequence
        for number, (batch, kept) in enumerate(zip(BATCHES, KEPT, strict=True), 1):
            if number > done:
                await patiently(
                    partial(write, loading, number, *batch, kept=kept, state=str(number))
                )
        await patiently(partial(loading.purge, state="end"))
    finally:
        await loading.close()


async def patiently(work: Callable[[], Awaitable[object]]) -> None:
    for _ in range(5):
        try:
            await work()
        except WarehouseUnavailableError:
            continue
        return
    raise TimeoutError("it failed five times")


@contextmanager
def killer(settings: Settings) -> Iterator[Callable[[int], int]]:
    """Give a function that carries the run in a process that kills itself at a statement."""
    command = [sys.executable, "-m", "tests.warehouse.postgresql.disturbed"]
    arguments = [str(settings[each]) for each in ("host", "port", "username", "database")]
    with subprocess.Popen(
        [*command, *arguments],
        cwd=Path(__file__).parents[3],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        bufsize=1,
    ) as process:

        def kill_at(number: int) -> int:
            if process.stdin is None or process.stdout is None:
                raise AssertionError("the process has no pipes")
            process.stdin.write(f"{number}\n")
            return int(process.stdout.readline())

        yield kill_at
        if process.stdin is not None:
            process.stdin.close()
        process.wait(30)


def main(arguments: list[str]) -> None:
    """Carry the run in a child for every number that is read; tell the signal that ended it."""
    host, port, username, database = arguments
    settings = {
        "host": host,
        "port": int(port),
        "username": username,
        "password": "",
        "database": database,
        "schema": "public",
    }
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            asyncio.run(_killed(settings, int(line)))
            os._exit(0)
        _, status = os.waitpid(child, 0)
        sys.stdout.write(f"{os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0}\n")
        sys.stdout.flush()


async def _killed(settings: Settings, number: int) -> None:
    found = await located(settings, NEAR)
    said: list[str] = []

    def before(statement: str) -> None:
        if len(said) == number:
            os.kill(os.getpid(), signal.SIGKILL)
        said.append(statement)

    await carry(RUN, lambda: Disturbed(found, before))


class Cutting:
    """Passes bytes on between a client and a server, and cuts once after so many of them."""

    def __init__(self) -> None:
        self.passed = 0
        self.cuts = 0
        self._left: int | None = None

    def cut_after(self, size: int) -> None:
        self._left = size

    def passes(self, size: int) -> bool:
        self.passed += size
        if self._left is None:
            return True
        self._left -= size
        if self._left >= 0:
            return True
        self._left = None
        self.cuts += 1
        return False


@asynccontextmanager
async def cutting(folder: Path, real: str) -> AsyncIterator[Cutting]:
    """Serve a socket in a folder that leads to the real one."""
    state = Cutting()
    tasks: set[asyncio.Task[None]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        behind, ahead = await asyncio.open_unix_connection(real)
        both = [_pass(reader, ahead, state), _pass(behind, writer, state)]
        running = {asyncio.ensure_future(each) for each in both}
        tasks.update(running)
        await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
        for each in (writer, ahead):
            each.transport.abort()
        await asyncio.wait(running)

    server = await asyncio.start_unix_server(serve, folder / Path(real).name)
    try:
        yield state
    finally:
        server.close()
        for task in tasks:
            task.cancel()


async def _pass(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, state: Cutting) -> None:
    with suppress(OSError):
        while data := await reader.read(1_000):
            if not state.passes(len(data)):
                return
            writer.write(data)
            await writer.drain()


if __name__ == "__main__":
    main(sys.argv[1:])
