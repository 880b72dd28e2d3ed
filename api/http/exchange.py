"""What is known of a request on its way: filled in as it is admitted, and logged at its end."""

from dataclasses import dataclass
from typing import Any, Final

from litestar.types import Scope

from api.http.body import Body
from api.http.caller import Caller

_KEY: Final = "kiln.exchange"


@dataclass(slots=True, kw_only=True)
class Exchange:
    """A request and what became of it."""

    request_id: str
    method: str
    """As the client sent it: what is routed as GET may be HEAD."""
    body: Body
    caller: Caller | None = None
    workspace_id: int | None = None
    error_code: str = ""


def put_exchange(scope: Scope, exchange: Exchange) -> None:
    _room(scope)[_KEY] = exchange


def exchange_of(scope: Scope) -> Exchange:
    exchange = _room(scope)[_KEY]
    if not isinstance(exchange, Exchange):
        raise TypeError("the request did not come through the edge")
    return exchange


def _room(scope: Scope) -> dict[str, Any]:
    # ASGI leaves room for what servers and applications add of their own.
    extended: dict[str, Any] = scope  # type: ignore[assignment]
    return extended
