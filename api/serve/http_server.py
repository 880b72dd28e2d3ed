"""The HTTP server: uvicorn on a socket that is bound before anything else is started."""

import asyncio
import math
import signal
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final

import uvicorn

from api.http.protocol import LimitedProtocol
from api.settings.settings import Listen

BACKLOG: Final = 2_048
KEEP_ALIVE_SECONDS: Final = 75
"""Longer than the minute after which usual load balancers give up an idle connection."""


@dataclass(frozen=True, slots=True)
class Stop:
    """Whether this process is to stop, and whether it is to stop at once."""

    asked: asyncio.Event = field(default_factory=asyncio.Event)
    at_once: asyncio.Event = field(default_factory=asyncio.Event)

    def ask(self) -> None:
        """Ask; whoever asks twice cannot wait."""
        if self.asked.is_set():
            self.at_once.set()
        self.asked.set()


def stop_on_signals() -> Stop:
    """Make SIGTERM and Ctrl-C ask this process to stop."""
    stop = Stop()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.ask)
    return stop


class ListenError(Exception):
    """An address that cannot be listened on."""


def bind(listen: Listen) -> socket.socket:
    """Listen at once, so that a port that is taken is told before anything is started."""
    family = socket.AF_INET6 if ":" in listen.host else socket.AF_INET
    try:
        bound = socket.create_server((listen.host, listen.port), family=family, backlog=BACKLOG)
    except OSError as error:
        raise ListenError(
            f"{listen.host}:{listen.port} cannot be listened on: {error.strerror or error};"
            " choose another address in KILN_LISTEN"
        ) from error
    # Connections inherit it. asyncio sets it only where a protocol was named, and without it the
    # body of an answer waits 40 ms for its headers to be acknowledged.
    bound.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return bound


async def answer(
    app: Any,  # noqa: ANN401 - ASGI: each library has its own type of it
    bound: socket.socket,
    *,
    started: asyncio.Event,
    stop: Stop,
    drain_seconds: float,
) -> None:
    """Answer requests until told to stop, then those that are in flight."""
    server = _Server(
        uvicorn.Config(
            app,
            http=LimitedProtocol,
            log_config=None,  # ours is configured by whoever started the process
            access_log=False,  # the edge of the API writes a better one
            server_header=False,
            proxy_headers=False,
            timeout_keep_alive=KEEP_ALIVE_SECONDS,
            timeout_graceful_shutdown=math.ceil(drain_seconds),
        ),
        started,
    )
    stopping = asyncio.create_task(_stop(server, stop))
    try:
        await server.serve([bound])
    finally:
        stopping.cancel()
    if not started.is_set():
        raise ListenError("the HTTP server could not start; the log says why")


async def _stop(server: uvicorn.Server, stop: Stop) -> None:
    await stop.asked.wait()
    server.should_exit = True
    await stop.at_once.wait()
    server.force_exit = True
    for task in server.server_state.tasks:
        task.cancel()


class _Server(uvicorn.Server):
    """Tells when it answers, and leaves signals to whoever owns the process."""

    def __init__(self, config: uvicorn.Config, begun: asyncio.Event) -> None:
        super().__init__(config)
        self._begun = begun

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            self._begun.set()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield
