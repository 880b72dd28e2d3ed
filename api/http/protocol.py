"""HTTP/1.1 as uvicorn speaks it, with limits that it does not have.

Its parser takes headers of any size and at any pace before an application hears of a request, so
whoever can connect could fill the memory of the process or hold its connections.
"""

import asyncio
from typing import Any, Final

import structlog
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from api.errors import BadRequestError
from api.http.responses import ERROR_JSON, failure_content
from api.telemetry.request_id import draw_request_id

MAX_HEAD_BYTES: Final = 65_536
"""Longest request line and headers, give or take what the network brings at once."""

MAX_MESSAGE_BYTES: Final = 16 * 2**20
"""Longest request in all: a body that is too large was answered long before."""

HEAD_SECONDS: Final = 30.0
"""How long a client may take from connecting, or from its first byte, to the end of its headers."""


_HEAD: Final = (
    "HTTP/1.1 400 Bad Request\r\n"
    f"Content-Type: {ERROR_JSON}\r\n"
    "Content-Length: {length}\r\n"
    "Cache-Control: no-store, max-age=0\r\n"
    "X-Content-Type-Options: nosniff\r\n"
    "Request-Id: {request_id}\r\n"
    "Connection: close\r\n"
    "\r\n"
)

_log = structlog.get_logger("api.http")


class LimitedProtocol(HttpToolsProtocol):
    """One connection, which is closed if its client goes beyond the limits."""

    head_seconds = HEAD_SECONDS
    _in_head = True
    _received_bytes = 0
    _chunk_bytes = 0
    _late: asyncio.TimerHandle | None = None

    def connection_made(self, transport: Any) -> None:  # noqa: ANN401 - as uvicorn has it
        super().connection_made(transport)
        self._wait_for_head()

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_waiting()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        # What came with the first byte of a request may be the end of the one before it.
        self._chunk_bytes = len(data)
        super().data_received(data)
        self._received_bytes += len(data)
        limit = MAX_HEAD_BYTES if self._in_head else MAX_MESSAGE_BYTES
        if self._received_bytes > limit and not self.transport.is_closing():
            self._refuse("the request is too large")

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._in_head = True
        self._received_bytes = -self._chunk_bytes
        self._wait_for_head()

    def on_headers_complete(self) -> None:
        self._in_head = False
        self._stop_waiting()
        super().on_headers_complete()

    def send_400_response(self, msg: str) -> None:
        """Refuse what is no request, as everything is refused (API-12)."""
        request_id = draw_request_id()
        content = failure_content(BadRequestError(msg))
        _log.info("request", code="BadRequest", status=400, reason=msg, request_id=request_id)
        self.transport.write(_HEAD.format(length=len(content), request_id=request_id).encode())
        self.transport.write(content)
        self.transport.close()

    def _wait_for_head(self) -> None:
        self._stop_waiting()
        loop = asyncio.get_running_loop()
        self._late = loop.call_later(self.head_seconds, self._refuse, "the request came too slowly")

    def _stop_waiting(self) -> None:
        if self._late is not None:
            self._late.cancel()
            self._late = None

    def _refuse(self, words: str) -> None:
        if self.transport.is_closing():
            return
        cycle: RequestResponseCycle | None = self.cycle
        if cycle is not None and not cycle.response_complete:
            # Its answer is under way: a second one would be taken for a part of it.
            self.transport.abort()
        else:
            self.send_400_response(words)
