"""Who may come in: what is checked after the route is known and before the handler is called.

In this order (API-5): presence and type of the body, key, workspace, rate.
"""

import re
from typing import Final, assert_never

from litestar.connection import ASGIConnection
from litestar.datastructures import State
from litestar.handlers import BaseRouteHandler
from litestar.types import Scope

from api.errors import (
    BadRequestError,
    ForbiddenError,
    NotFoundError,
    Refusal,
    UnauthorizedError,
    UnprocessableError,
)
from api.http.caller import Caller, Door
from api.http.endpoint import endpoint_of
from api.http.exchange import Exchange, exchange_of
from api.http.ids import read_id
from api.http.rate import RateLimiter
from api.http.requests import Access
from mapping_lang.diagnostics import quote

WORKSPACE_HEADER: Final = "Krenalis-Workspace"
KEY_PREFIX: Final = "api_"
MAX_KEY_CHARS: Final = 256

_CONTENT_TYPE: Final = re.compile(r"application/json(?:\s*;\s*charset=(?:utf-8|\"utf-8\"))?", re.I)
_BEARER: Final = re.compile(r"bearer +(\S+)", re.I)


class Admission:
    """Lets a request in, or says why not."""

    def __init__(self, door: Door, limiter: RateLimiter) -> None:
        self._door = door
        self._limiter = limiter

    async def check(
        self,
        connection: ASGIConnection[BaseRouteHandler, None, None, State],
        handler: BaseRouteHandler,
    ) -> None:
        """Check a request, as a guard of Litestar."""
        endpoint = endpoint_of(handler)
        scope = connection.scope
        exchange = exchange_of(scope)
        await _check_body(scope, exchange, expected=endpoint.body is not None)

        access = endpoint.request.access
        if access is Access.ANYBODY:
            return
        caller = await self._door.caller(_key(scope))
        exchange.caller = caller
        if not caller.organization_enabled:
            raise UnprocessableError(
                Refusal.ORGANIZATION_DISABLED, "the organisation of this key is disabled"
            )
        exchange.workspace_id = await self._workspace(scope, caller)
        _check_access(access, exchange.workspace_id)
        self._take_token(caller, exchange.workspace_id)

    async def _workspace(self, scope: Scope, caller: Caller) -> int | None:
        text = _one_header(scope, WORKSPACE_HEADER)
        if text is None:
            return caller.workspace_id
        workspace_id = read_id(f"the header {WORKSPACE_HEADER}", text)
        if caller.workspace_id is not None:
            raise BadRequestError(
                f"this key is restricted to one workspace: leave out {WORKSPACE_HEADER}"
            )
        if not await self._door.owns(caller.organization_id, workspace_id):
            raise NotFoundError(f"workspace {workspace_id} does not exist")
        return workspace_id

    def _take_token(self, caller: Caller, workspace_id: int | None) -> None:
        if workspace_id is None:
            self._limiter.take("organisation", caller.organization_id)
        else:
            self._limiter.take("workspace", workspace_id)


async def _check_body(scope: Scope, exchange: Exchange, *, expected: bool) -> None:
    """Refuse a body where there is none, and the other way round (API-20)."""
    if exchange.method not in {"POST", "PUT"}:
        return
    empty = await exchange.body.is_empty()
    if not expected:
        if not empty:
            raise BadRequestError("this endpoint takes no body")
        return
    if empty:
        raise BadRequestError("the body is empty, expected JSON")
    found = _one_header(scope, "Content-Type")
    if found is None or not _CONTENT_TYPE.fullmatch(found.strip()):
        shown = "missing" if found is None else quote(found)
        raise BadRequestError(
            f"the header Content-Type is {shown}, expected application/json,"
            " with charset=utf-8 or without"
        )


def _key(scope: Scope) -> str:
    text = _one_header(scope, "Authorization")
    if text is None:
        raise UnauthorizedError("the header Authorization is missing, expected Bearer and a key")
    match = _BEARER.fullmatch(text.strip())
    # What was found is not repeated: it may be a secret.
    if match is None:
        raise BadRequestError("the header Authorization is not of the form Bearer api_...")
    key = match[1]
    if not key.startswith(KEY_PREFIX):
        raise BadRequestError(f"the key in the header Authorization has no prefix {KEY_PREFIX}")
    if len(key) > MAX_KEY_CHARS:
        raise UnauthorizedError("the key is malformed")
    return key


def _one_header(scope: Scope, name: str) -> str | None:
    wanted = name.lower().encode()
    found = [value for key, value in scope["headers"] if key == wanted]
    if len(found) > 1:
        raise BadRequestError(f"the header {name} is there {len(found)} times, expected one")
    return found[0].decode("latin-1") if found else None


def _check_access(access: Access, workspace_id: int | None) -> None:
    match access:
        case Access.ORGANIZATION:
            if workspace_id is not None:
                raise UnauthorizedError(
                    "this endpoint is for the organisation: it takes neither the header"
                    f" {WORKSPACE_HEADER} nor a key that is restricted to a workspace"
                )
        case Access.WORKSPACE:
            if workspace_id is None:
                raise ForbiddenError(
                    f"no workspace is selected: send its id in the header {WORKSPACE_HEADER}"
                )
        case Access.ANY_KEY | Access.ANYBODY:
            return
        case _:
            assert_never(access)
