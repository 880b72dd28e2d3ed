"""The outermost layer: every request passes it first, and every response last.

It gives the request its id, checks what can be checked without knowing the route (API-20, API-21),
answers HEAD with what GET would give, and counts and logs the outcome. Whatever happens further in,
it sends a response.
"""

import time
from collections.abc import Callable
from typing import Final

import structlog
from litestar.enums import ScopeType
from litestar.types import ASGIApp, HTTPScope, Message, Receive, Scope, Send

from api.errors import ApiError, BadRequestError, NotFoundError
from api.http.body import Body
from api.http.exchange import Exchange, put_exchange
from api.http.failures import told
from api.http.responses import ERROR_JSON, failure_content
from api.telemetry.metrics import NO_ROUTE, Metrics
from api.telemetry.request_id import current_request_id, draw_request_id
from api.telemetry.tracing import Tracing

MAX_PATH_CHARS: Final = 1_024
MAX_QUERY_BYTES: Final = 32_768

_BODILESS: Final = frozenset(("GET", "HEAD", "DELETE"))
_QUIET: Final = frozenset(("/healthz", "/readyz", "/metrics"))
"""Asked every few seconds by machines; their successes are not logged."""

_MIN_SERVER_STATUS: Final = 500
_HEADERS: Final = (
    (b"cache-control", b"no-store, max-age=0"),
    (b"x-content-type-options", b"nosniff"),
)
_ROUTABLE: Final = frozenset(("GET", "POST", "PUT", "DELETE"))
_UNROUTABLE: Final = "TRACE"
"""A method that no route has: Litestar would answer OPTIONS itself."""


class Edge:
    """An ASGI application around another."""

    def __init__(
        self,
        app: ASGIApp,
        metrics: Metrics,
        tracing: Tracing,
        monotonic_seconds: Callable[[], float] = time.monotonic,
    ) -> None:
        self._app = app
        self._metrics = metrics
        self._tracing = tracing
        self._now = monotonic_seconds
        self._log = structlog.get_logger("api.http")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request; anything else than HTTP goes through or is refused."""
        if scope["type"] == ScopeType.HTTP:
            await self._answer(scope, receive, send)
        elif scope["type"] == ScopeType.WEBSOCKET:
            await send({"type": "websocket.close", "code": 1008, "reason": "no web sockets here"})
        else:
            await self._app(scope, receive, send)

    async def _answer(self, scope: HTTPScope, receive: Receive, send: Send) -> None:
        exchange = Exchange(
            request_id=draw_request_id(),
            method=scope["method"],
            body=Body(scope["headers"], receive),
        )
        token = current_request_id.set(exchange.request_id)
        sender = _Sender(send, exchange.request_id, without_body=scope["method"] == "HEAD")
        inner = _routed(scope)
        put_exchange(inner, exchange)
        begun = self._now()
        self._metrics.request_began()
        try:
            with self._tracing.request(scope["method"], scope["headers"]) as span:
                try:
                    await self._go_in(inner, receive, sender, exchange)
                finally:
                    span.end(route=_route(inner), status=sender.status)
        finally:
            seconds = self._now() - begun
            self._metrics.request_ended(_route(inner), scope["method"], sender.status, seconds)
            self._note(scope, _route(inner), exchange, sender.status, seconds)
            current_request_id.reset(token)

    async def _go_in(
        self, scope: HTTPScope, receive: Receive, sender: "_Sender", exchange: Exchange
    ) -> None:
        try:
            await _check(scope, exchange.body)
            await self._app(scope, receive, sender)
        except Exception as error:
            if sender.status:
                # Too late for a response: the server cuts the connection.
                raise
            await sender.fail(told(exchange, error))

    def _note(
        self, scope: HTTPScope, route: str, exchange: Exchange, status: int, seconds: float
    ) -> None:
        if status < _MIN_SERVER_STATUS and scope["path"] in _QUIET:
            return
        caller = exchange.caller
        self._log.info(
            "request",
            method=scope["method"],
            path=scope["path"][:MAX_PATH_CHARS],
            route=route,
            status=status,
            code=exchange.error_code,
            seconds=round(seconds, 6),
            organization=None if caller is None else caller.organization_id,
            key=None if caller is None else caller.key_id,
            workspace=exchange.workspace_id,
        )


class _Sender:
    """Sends a response with the headers that every one has; keeps its status."""

    def __init__(self, send: Send, request_id: str, *, without_body: bool) -> None:
        self._send = send
        self._request_id = request_id
        self._without_body = without_body
        self.status = 0

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            headers = list(message["headers"])
            present = {name for name, _ in headers}
            headers += [each for each in _HEADERS if each[0] not in present]
            headers.append((b"request-id", self._request_id.encode()))
            message = {**message, "headers": headers}
        elif message["type"] == "http.response.body" and self._without_body:
            message = {**message, "body": b""}
        await self._send(message)

    async def fail(self, error: ApiError) -> None:
        """Send an error where there is no route that could."""
        content = failure_content(error)
        headers = [
            (b"content-type", ERROR_JSON.encode()),
            (b"content-length", str(len(content)).encode()),
            *((name.lower().encode(), value.encode()) for name, value in error.headers.items()),
        ]
        await self({"type": "http.response.start", "status": error.status, "headers": headers})
        await self({"type": "http.response.body", "body": content, "more_body": False})


async def _check(scope: HTTPScope, body: Body) -> None:
    """Check what needs no route, then what routing would overlook."""
    path = scope["path"]
    if scope["method"] in _ROUTABLE:
        body.check_announced()
    if scope["method"] in _BODILESS and not await body.is_empty():
        raise BadRequestError("request body not allowed")
    if len(path) > MAX_PATH_CHARS:
        raise BadRequestError(f"the path is longer than {MAX_PATH_CHARS} characters")
    if len(scope["query_string"]) > MAX_QUERY_BYTES:
        raise BadRequestError(f"the query string is longer than {MAX_QUERY_BYTES} bytes")
    if path != "/" and (path.endswith("/") or "//" in path):
        # Litestar takes them for the path without them.
        raise NotFoundError("there is no endpoint at this path")


def _routed(scope: HTTPScope) -> HTTPScope:
    """Copy a scope as routing is to see it."""
    method = "GET" if scope["method"] == "HEAD" else scope["method"]
    routed = scope.copy()
    routed["method"] = method if method in _ROUTABLE else _UNROUTABLE
    return routed


def _route(scope: HTTPScope) -> str:
    """Give the path of the route that was found, as it was declared."""
    return str(scope.get("path_template") or NO_ROUTE).replace(":str}", "}")
