"""A real server for tests: in this process on a unix socket, or a process of its own."""

import asyncio
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

from mapping_lang.types.kinds import IntType, ObjectType, Property, Schema, StringType
from runtime.client import Client, ClientOptions, ClientTls, Job, connect
from runtime.contract import Mapping, Transformation
from runtime.functions import FunctionEngine
from runtime.limits import Limits
from runtime.server import Server
from runtime.settings import Settings

_Result = TypeVar("_Result")

IN_SCHEMA: Schema = ObjectType(
    (
        Property("id", IntType(32)),
        Property("name", StringType(), nullable=True, read_optional=True),
    )
)
OUT_SCHEMA: Schema = ObjectType(
    (
        Property("number", IntType(32), create_required=True),
        Property("name", StringType(max_length=8), nullable=True, update_required=True),
    )
)


def mapping(**expressions: str) -> Transformation:
    """A mapping between the schemas of these tests."""
    chosen = expressions or {"number": "id", "name": "upper(name)"}
    return Transformation.of(
        IN_SCHEMA, OUT_SCHEMA, Mapping(expressions=tuple(sorted(chosen.items())))
    )


def job(**expressions: str) -> Job:
    return Job(transformation=mapping(**expressions))


@contextmanager
def socket_address() -> Iterator[str]:
    """An address that is short, however long the folders of the tests are."""
    with tempfile.TemporaryDirectory(prefix="kiln") as folder:
        yield f"unix:{folder}/s"


@contextmanager
def running(
    limits: Limits | None = None, engine: FunctionEngine | None = None
) -> Iterator[tuple[Server, str]]:
    """A server in this process, and its address."""
    with socket_address() as address:
        settings = Settings(listen=address, limits=limits or Limits())
        server = Server(settings, address, engine)
        try:
            yield server, address
        finally:
            server.drain(5.0)


@contextmanager
def running_process(*arguments: str) -> Iterator["subprocess.Popen[bytes]"]:
    """`kiln-runtime serve` as a process, killed at the end if it is still there."""
    process = subprocess.Popen(
        [sys.executable, "-m", "runtime.cli", "serve", *arguments],
        cwd=Path(__file__).resolve().parents[2],
        stderr=subprocess.PIPE,
    )
    assert process.stderr is not None
    try:
        yield process
    finally:
        process.kill()
        process.stderr.close()
        process.wait()


def ask(
    address: str,
    question: Callable[[Client], Awaitable[_Result]],
    options: ClientOptions | None = None,
    tls: ClientTls | None = None,
) -> _Result:
    """Ask a server something with a client of its own."""

    async def main() -> _Result:
        async with await connect(address, options=options, tls=tls) as client:
            return await question(client)

    return asyncio.run(main())


def wait_until(condition: Callable[[], bool], seconds: float = 20.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.02)
