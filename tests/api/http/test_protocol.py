"""What a client may do to a connection, over real sockets."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
import uvicorn

from api.http.protocol import MAX_HEAD_BYTES, MAX_MESSAGE_BYTES, LimitedProtocol

pytestmark = pytest.mark.anyio

Message = dict[str, Any]

ANSWER = b"HTTP/1.1 200 OK\r\n"
REFUSAL = b"HTTP/1.1 400 Bad Request\r\n"
TOO_LARGE = "the request is too large"
TOO_SLOW = "the request came too slowly"


class HastyProtocol(LimitedProtocol):
    """One that does not wait."""

    head_seconds = 0.1


class App:
    """An ASGI application that takes bodies in and tells their lengths, when it may answer."""

    def __init__(self) -> None:
        self.asked = asyncio.Event()
        self.may_answer = asyncio.Event()
        self.may_answer.set()

    async def __call__(
        self,
        scope: Message,
        receive: Callable[[], Awaitable[Message]],
        send: Callable[[Message], Awaitable[None]],
    ) -> None:
        assert scope["type"] == "http"
        self.asked.set()
        size, more = 0, True
        while more:
            message = await receive()
            size += len(message.get("body", b""))
            more = message.get("more_body", False)
        await self.may_answer.wait()
        length = (b"content-length", str(len(str(size))).encode())
        await send({"type": "http.response.start", "status": 200, "headers": [length]})
        await send({"type": "http.response.body", "body": str(size).encode()})


Connection = tuple[asyncio.StreamReader, asyncio.StreamWriter]


@asynccontextmanager
async def connected(
    app: App, protocol: type[asyncio.Protocol] = LimitedProtocol
) -> AsyncIterator[Connection]:
    bound = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(app, http=protocol, log_config=None, lifespan="off", ws="none")
    server = uvicorn.Server(config)
    config.load()
    server.lifespan = config.lifespan_class(config)
    await server.startup([bound])
    reader, writer = await asyncio.open_connection(*bound.getsockname())
    try:
        yield reader, writer
    finally:
        writer.close()
        server.should_exit = True
        await server.shutdown([bound])


async def ask(connection: Connection, *parts: bytes) -> bytes:
    """Send bytes, and give all that comes back until the other side closes."""
    reader, writer = connection
    try:
        for part in parts:
            writer.write(part)
            await writer.drain()
        return await reader.read()
    except ConnectionError:
        return b""


def refusal(answer: bytes) -> str:
    """Give the message of an error that no application sent."""
    head, _, content = answer.partition(b"\r\n\r\n")
    status, *lines = head.decode().split("\r\n")
    headers = dict(line.split(": ") for line in lines)
    assert status == REFUSAL.decode().strip()
    assert len(headers.pop("Request-Id")) == 22
    assert headers == {
        "Content-Type": "application/json; charset=utf-8",
        "Content-Length": str(len(content)),
        "Cache-Control": "no-store, max-age=0",
        "X-Content-Type-Options": "nosniff",
        "Connection": "close",
    }
    error = json.loads(content)["error"]
    assert error["code"] == "BadRequest"
    return str(error["message"])


@pytest.mark.parametrize(
    "sent",
    [b"\x16\x03\x01\x02\x00", b"hello\r\n\r\n", b"GET /" + b"x" * 66_000 + b" HTTP/1.1\r\n\r\n"],
)
async def test_what_is_no_request_is_refused_in_the_envelope(sent: bytes) -> None:
    async with connected(App()) as connection:
        found = await ask(connection, sent)
    assert refusal(found) == "Invalid HTTP request received."


async def test_a_request_is_answered_and_so_is_the_next_on_its_connection() -> None:
    async with connected(App()) as (reader, writer):
        for size in (0, 3, 100_000):
            head = f"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: {size}\r\n\r\n"
            writer.write(head.encode() + b"x" * size)
            found = await reader.readuntil(str(size).encode() if size > 9 else b"\r\n\r\n")
            assert found.startswith(ANSWER)
            if size <= 9:
                assert await reader.readexactly(1) == str(size).encode()


async def test_headers_as_large_as_allowed_are_taken() -> None:
    header = b"X: " + b"x" * (MAX_HEAD_BYTES - 200) + b"\r\n"
    async with connected(App()) as connection:
        found = await ask(
            connection, b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n", header, b"\r\n"
        )
    assert found.startswith(ANSWER)


@pytest.mark.parametrize(
    "filler", [b"X: " + b"x" * 65_000 + b"\r\n", b"X: y\r\n" * 10_000], ids=["long", "many"]
)
async def test_headers_without_end_are_refused(filler: bytes) -> None:
    async with connected(App()) as connection:
        # More than the network brings at once.
        found = await ask(connection, b"GET / HTTP/1.1\r\nHost: x\r\n", *[filler] * 32)
    # What was still under way when the connection was closed may have taken the words with it.
    assert found == b"" or refusal(found) == TOO_LARGE


async def test_a_body_without_end_is_cut() -> None:
    app = App()
    app.may_answer.clear()
    head = b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
    mebibyte = b"100000\r\n" + b"x" * 2**20 + b"\r\n"
    async with connected(app) as connection:
        found = await ask(connection, head, *[mebibyte] * (MAX_MESSAGE_BYTES // 2**20 + 2))
        app.may_answer.set()
    assert found == b""


@pytest.mark.parametrize("sent", [b"", b"GET / HT", b"GET / HTTP/1.1\r\nHost: x\r\n"])
async def test_headers_that_do_not_come_are_not_waited_for(sent: bytes) -> None:
    async with connected(App(), HastyProtocol) as connection:
        found = await ask(connection, sent)
    assert refusal(found) == TOO_SLOW


async def test_a_slow_request_after_a_good_one_is_not_waited_for() -> None:
    async with connected(App(), HastyProtocol) as connection:
        found = await ask(connection, b"GET / HTTP/1.1\r\nHost: x\r\n\r\nGET / HT")
    assert found.startswith(ANSWER)
    # Cut while the answer is under way, or told after it.
    assert found.count(REFUSAL) == 1


async def test_bodies_may_take_longer_than_headers() -> None:
    app = App()
    async with connected(app, HastyProtocol) as (reader, writer):
        writer.write(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\na")
        await app.asked.wait()
        await asyncio.sleep(3 * HastyProtocol.head_seconds)
        writer.write(b"b")
        assert await reader.readuntil() == ANSWER
