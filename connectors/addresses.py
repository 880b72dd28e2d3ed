"""Connections to machines that people name, dialled at addresses that were checked.

A name is looked up once for each connection, and its addresses are what is dialled: a name that
means another machine a moment later leads nowhere else. A redirection is another connection.
"""

import asyncio
import socket
import ssl
from collections.abc import Iterable
from pathlib import Path
from typing import final

import httpcore
import httpx

from forms.addresses import HostUnknownError, Reach


async def connected_socket(
    reach: Reach, host: str, port: int, *, timeout_seconds: float
) -> socket.socket:
    """Give a socket that is connected, for drivers that take one; it does not block.

    Raises `AddressRefusedError`, `HostUnknownError`, or the `OSError` of the last address, which
    is a `TimeoutError` if the time was up.
    """
    last: OSError | None = None
    async with asyncio.timeout(timeout_seconds):
        for address in await reach.resolve(host):
            try:
                return await _dial(address, port)
            except OSError as error:
                last = error
    raise last or HostUnknownError(host)


async def _dial(address: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    dialled = socket.socket(family, socket.SOCK_STREAM)
    try:
        dialled.settimeout(0.0)  # asyncio waits for it
        dialled.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        await asyncio.get_running_loop().sock_connect(dialled, (address, port))
    except BaseException:
        dialled.close()
        raise
    return dialled


def trusting(authorities: Path) -> ssl.SSLContext:
    """Trust what some more authorities sign than those that come with us; raises `OSError`."""
    context = httpx.create_ssl_context(trust_env=False)
    context.load_verify_locations(authorities)
    return context


@final
class CheckedTransport(httpx.AsyncHTTPTransport):
    """The transport of an `httpx.AsyncClient`; certificates are those of names, as always.

    Its requests may raise `AddressRefusedError` and `HostUnknownError`. No proxy is asked: it would
    look up names by itself.
    """

    def __init__(self, reach: Reach, *, tls: ssl.SSLContext | None = None) -> None:
        context = tls or httpx.create_ssl_context(trust_env=False)
        super().__init__(verify=context, trust_env=False)
        self._pool = httpcore.AsyncConnectionPool(
            ssl_context=context, network_backend=_CheckedBackend(reach)
        )


@final
class _CheckedBackend(httpcore.AsyncNetworkBackend):
    """Dials what a name was found to mean, and not the name."""

    def __init__(self, reach: Reach) -> None:
        self._reach = reach
        self._inner = httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - the name is httpcore's
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        last: Exception | None = None
        for address in await self._reach.resolve(host):
            try:
                return await self._inner.connect_tcp(
                    address, port, timeout, local_address, socket_options
                )
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                last = error
        raise last or HostUnknownError(host)

    async def connect_unix_socket(
        self,
        path: str,
        timeout: float | None = None,  # noqa: ASYNC109 - the name is httpcore's
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        del timeout, socket_options
        raise HostUnknownError(path)

    async def sleep(self, seconds: float) -> None:
        await self._inner.sleep(seconds)
