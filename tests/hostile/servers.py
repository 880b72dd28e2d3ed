"""Servers that do not do what they should: they stall, drip, break off, redirect and refuse."""

import asyncio
import ssl
import threading
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from enum import Enum, auto
from pathlib import Path
from typing import TypeVar

import asyncssh

from tests.connectors.storages.places import AUTHORITY, PASSWORD, USERNAME

START_SECONDS = 30.0
DRIP_SECONDS = 0.1

_Value = TypeVar("_Value")


@contextmanager
def in_a_thread(server: AbstractAsyncContextManager[_Value]) -> Iterator[_Value]:
    """Serve in an event loop of its own, for tests that have none."""
    served: list[_Value] = []
    failed: list[BaseException] = []
    ready = threading.Event()
    stopping: list[tuple[asyncio.AbstractEventLoop, asyncio.Event]] = []

    async def main() -> None:
        stop = asyncio.Event()
        stopping.append((asyncio.get_running_loop(), stop))
        async with server as value:
            served.append(value)
            ready.set()
            await stop.wait()

    def run() -> None:
        try:
            asyncio.run(main())
        except BaseException as error:  # noqa: BLE001 - whoever waits is told
            failed.append(error)
            ready.set()

    thread = threading.Thread(target=run, name="hostile")
    thread.start()
    assert ready.wait(START_SECONDS)
    try:
        if failed:
            raise failed[0]
        yield served[0]
    finally:
        for loop, stop in stopping if not failed else ():
            loop.call_soon_threadsafe(stop.set)
        thread.join(START_SECONDS)


class Then(Enum):
    """What a server does when it has sent the first bytes of its answer."""

    CLOSE = auto()
    STALL = auto()
    DRIP = auto()


@dataclass(frozen=True, slots=True)
class Answer:
    """What is sent to whoever asks for a path."""

    first: bytes
    then: Then = Then.CLOSE


def answer(
    status: str,
    body: bytes = b"",
    /,
    *,
    length: int | None = None,
    then: Then = Then.CLOSE,
    **headers: str,
) -> Answer:
    """Make an answer of HTTP; `length` is what it says, whatever is true."""
    lines = [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    size = len(body) if length is None else length
    head = "\r\n".join([f"HTTP/1.1 {status}", f"Content-Length: {size}", *lines, "", ""])
    return Answer(head.encode() + body, then)


@asynccontextmanager
async def web(answers: Mapping[str, Answer], *, encrypted: bool = True) -> AsyncIterator[int]:
    """Answer each path as is said; gives the port."""

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError, asyncio.IncompleteReadError):
            request = await reader.readuntil(b"\r\n\r\n")
            found = answers[request.split(b" ")[1].decode().partition("?")[0]]
            writer.write(found.first)
            await writer.drain()
            if found.then is Then.STALL:
                await reader.read()
            while found.then is Then.DRIP:
                await asyncio.sleep(DRIP_SECONDS)
                writer.write(b"x")
                await writer.drain()
        writer.transport.abort() if writer.is_closing() else writer.close()

    context = None
    if encrypted:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        AUTHORITY.issue_cert("127.0.0.1").configure_cert(context)
    server = await asyncio.start_server(handle, "127.0.0.1", 0, ssl=context)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()


class Stall(Enum):
    """Where an SSH server stops answering."""

    CONNECT = "connect"
    AUTHENTICATION = "authentication"
    FILE = "file"


@dataclass(slots=True)
class StallingServer:
    """An SSH server that is good until it is told to stall."""

    ports: Mapping[Stall, int]
    is_stalling: bool = False


_FILE_BYTES = 1_000_000


class _Files(asyncssh.SFTPServer):
    """Sends the beginning of a file, and nothing more; it has no real one."""

    def open(self, path: bytes, pflags: int, attrs: asyncssh.SFTPAttrs) -> object:
        return object()

    def fstat(self, file_obj: object) -> asyncssh.SFTPAttrs:
        return asyncssh.SFTPAttrs(
            type=1, size=_FILE_BYTES, mtime=1_700_000_000, permissions=0o100600
        )

    def close(self, file_obj: object) -> None:
        del file_obj  # it was never open

    def read(self, file_obj: object, offset: int, size: int) -> "bytes | asyncio.Future[bytes]":
        if offset + size > _FILE_BYTES // 2:
            return asyncio.get_running_loop().create_future()
        content = b"id,mail,age\n" + b"1,a@x.io,2\n" * (_FILE_BYTES // 11)
        return content[offset : offset + size]


@asynccontextmanager
async def stalling_ssh() -> AsyncIterator[StallingServer]:
    """Serve SFTP at three ports, each of which can stall at another place."""
    key = asyncssh.generate_private_key("ssh-ed25519")
    stalling = StallingServer({})

    class Server(asyncssh.SSHServer):
        def password_auth_supported(self) -> bool:
            return True

        async def validate_password(self, username: str, password: str) -> bool:
            return (username, password) == (USERNAME, PASSWORD)

    class Undecided(Server):
        async def validate_password(self, username: str, password: str) -> bool:
            if stalling.is_stalling:
                await asyncio.get_running_loop().create_future()
            return await super().validate_password(username, password)

    async def listen(server: type[Server]) -> asyncssh.SSHAcceptor:
        return await asyncssh.listen(
            "127.0.0.1", 0, server_factory=server, server_host_keys=[key], sftp_factory=_Files
        )

    good, undecided = await listen(Server), await listen(Undecided)

    async def through(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Be the good server, or accept a connection and never say a word."""
        with suppress(OSError):
            if stalling.is_stalling:
                await reader.read()
            else:
                inner = await asyncio.open_connection("127.0.0.1", good.get_port())
                await asyncio.gather(_copy(reader, inner[1]), _copy(inner[0], writer))
        writer.close()

    front = await asyncio.start_server(through, "127.0.0.1", 0)
    stalling.ports = {
        Stall.CONNECT: front.sockets[0].getsockname()[1],
        Stall.AUTHENTICATION: undecided.get_port(),
        Stall.FILE: good.get_port(),
    }
    try:
        yield stalling
    finally:
        for server in (front, good, undecided):
            server.close()


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while chunk := await reader.read(2**16):
        writer.write(chunk)
        await writer.drain()
    writer.close()


def trusted(folder: Path) -> Path:
    """Write what the certificates of these servers are checked by."""
    file = folder / "authority.pem"
    AUTHORITY.cert_pem.write_to_path(str(file))
    return file
