"""The body of a request, taken in within its limits and only when somebody asks for it."""

import asyncio
import re
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from typing import Final

from litestar.types import Receive

from api.errors import BadRequestError

MAX_BODY_BYTES: Final = 512_000
"""API-21."""

MAX_BODY_SECONDS: Final = 60.0
"""How long a body may take to arrive: a client that dawdles holds memory and a connection."""

Headers = Iterable[tuple[bytes, bytes]]

_LENGTH: Final = re.compile(rb"[0-9]{1,18}")


class Body:
    """The bytes after the headers; nothing is read before `is_empty` or `read` is called."""

    def __init__(self, headers: Headers, receive: Receive) -> None:
        self._headers = headers
        self._receive = receive
        self._chunks: list[bytes] = []
        self._size = 0
        self._ended = False

    def check_announced(self) -> None:
        """Refuse a body that says of itself that it is too large."""
        announced = _announced(self._headers)
        if announced is not None and announced > MAX_BODY_BYTES:
            raise _too_large(f"{announced} bytes")

    async def is_empty(self) -> bool:
        """Tell if there is no body, after its first byte at most."""
        if not any(name == b"transfer-encoding" for name, _ in self._headers):
            return not _announced(self._headers)
        async with _in_time():
            while not self._size and not self._ended:
                await self._take()
        return self._size == 0

    async def read(self) -> bytes:
        """Take in all of it."""
        async with _in_time():
            while not self._ended:
                await self._take()
        return b"".join(self._chunks)

    async def _take(self) -> None:
        message = await self._receive()
        if message["type"] != "http.request":
            raise BadRequestError("the connection ended inside the body")
        chunk = message.get("body", b"")
        self._size += len(chunk)
        if self._size > MAX_BODY_BYTES:
            raise _too_large(f"more than {MAX_BODY_BYTES} bytes")
        self._chunks.append(chunk)
        self._ended = not message.get("more_body", False)


@asynccontextmanager
async def _in_time() -> AsyncIterator[None]:
    try:
        async with asyncio.timeout(MAX_BODY_SECONDS):
            yield
    except TimeoutError:
        raise BadRequestError(
            f"the body did not arrive within {MAX_BODY_SECONDS:.0f} seconds"
        ) from None


def _announced(headers: Headers) -> int | None:
    found = {value for name, value in headers if name == b"content-length"}
    if not found:
        return None
    if len(found) > 1 or not _LENGTH.fullmatch(value := found.pop()):
        raise BadRequestError("the header Content-Length is no length")
    return int(value)


def _too_large(found: str) -> BadRequestError:
    return BadRequestError(f"the body has {found}, expected at most {MAX_BODY_BYTES} bytes")
