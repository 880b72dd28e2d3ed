import asyncio
import signal
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest

from api.serve.http_server import ListenError, Stop, answer, bind
from api.settings.settings import Listen

ANY_PORT = Listen(port=0)

Message = dict[str, Any]


class App:
    """An ASGI application whose only answer waits until it may be sent."""

    def __init__(self) -> None:
        self.asked = asyncio.Event()
        self.may_answer = asyncio.Event()
        self.answered = False

    async def __call__(
        self,
        scope: Message,
        receive: Callable[[], Awaitable[Message]],
        send: Callable[[Message], Awaitable[None]],
    ) -> None:
        if scope["type"] == "lifespan":
            await receive()
            await send({"type": "lifespan.startup.complete"})
            await receive()
            await send({"type": "lifespan.shutdown.complete"})
            return
        self.asked.set()
        await self.may_answer.wait()
        self.answered = True
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"done"})


@asynccontextmanager
async def serving(app: App, drain_seconds: float = 60.0) -> AsyncIterator[tuple[str, Stop]]:
    bound = bind(ANY_PORT)
    stop, started = Stop(), asyncio.Event()
    server = asyncio.create_task(
        answer(app, bound, started=started, stop=stop, drain_seconds=drain_seconds)
    )
    await started.wait()
    yield f"http://127.0.0.1:{bound.getsockname()[1]}", stop
    stop.ask()
    await server


async def test_requests_in_flight_end_before_the_server() -> None:
    app = App()
    async with httpx.AsyncClient() as client, serving(app) as (url, stop):
        request = asyncio.create_task(client.get(url))
        await app.asked.wait()
        stop.ask()
        app.may_answer.set()
        assert (await request).text == "done"


async def test_who_asks_twice_does_not_wait() -> None:
    app = App()
    async with httpx.AsyncClient(timeout=60) as client:
        async with serving(app) as (url, stop):
            request = asyncio.create_task(client.get(url))
            await app.asked.wait()
            stop.ask()
            stop.ask()
        assert (await request).status_code == 500
        assert not app.answered


async def test_signals_are_left_to_the_process() -> None:
    before = signal.getsignal(signal.SIGTERM)
    async with serving(App()):
        assert signal.getsignal(signal.SIGTERM) is before


def test_a_port_that_is_taken_is_told() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(ListenError, match=f"127.0.0.1:{port} cannot be listened on: Address"):
            bind(Listen(port=port))


def test_an_answer_does_not_wait_for_an_acknowledgement() -> None:
    """Headers and body are sent one after the other: Nagle's algorithm would hold the body back."""
    with bind(ANY_PORT) as bound, socket.create_connection(bound.getsockname()) as connected:
        accepted, _ = bound.accept()
        with accepted:
            assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
        assert connected.getpeername() == bound.getsockname()


def test_both_families_can_be_listened_on() -> None:
    with bind(Listen(host="::1", port=0)) as bound:
        assert bound.family == socket.AF_INET6
    with bind(Listen(host="localhost", port=0)) as bound:
        assert bound.getsockname()[0] == "127.0.0.1"
