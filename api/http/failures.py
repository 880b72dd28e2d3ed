"""From whatever was raised to what is told: the one place where errors become responses."""

from typing import Any, Final

import structlog
from litestar import Request, Response
from litestar.exceptions import HTTPException, MethodNotAllowedException, NotFoundException
from sqlalchemy.exc import IntegrityError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from api.errors import (
    ApiError,
    BadRequestError,
    InternalServerError,
    MethodNotAllowedError,
    NotFoundError,
    ServiceUnavailableError,
)
from api.http.exchange import Exchange, exchange_of
from api.http.responses import failure

_METHODS: Final = ("GET", "HEAD", "POST", "PUT", "DELETE")
_MIN_SERVER_STATUS: Final = 500
_FOREIGN_KEY_VIOLATION: Final = "23503"

_log = structlog.get_logger("api.http")


def answer_error(request: Request[Any, Any, Any], error: Exception) -> Response[bytes]:
    """Answer with an error, as a handler of Litestar."""
    exchange = exchange_of(request.scope)
    return failure(told(exchange, error))


def told(exchange: Exchange, error: Exception) -> ApiError:
    """Give what a client is told of an error, and log what it is not told."""
    telling = _telling(exchange, error)
    exchange.error_code = telling.code
    if telling is not error and telling.status >= _MIN_SERVER_STATUS:
        _log.error("request failed", code=telling.code, exc_info=error)
    return telling


def _telling(exchange: Exchange, error: Exception) -> ApiError:
    match error:
        case ApiError():
            return error
        case NotFoundException():
            return NotFoundError("there is no endpoint at this path")
        case MethodNotAllowedException():
            return MethodNotAllowedError(
                "this path does not have this method", allowed=_allowed(error)
            )
        case HTTPException(status_code=status) if status < _MIN_SERVER_STATUS:
            return BadRequestError(error.detail)
        case IntegrityError() if _is_missing(error):
            return NotFoundError("what this request refers to was deleted meanwhile")
        case OperationalError() | InterfaceError() | PoolTimeoutError():
            return ServiceUnavailableError("the database cannot be reached now; try again")
        case _:
            return InternalServerError(exchange.request_id)


def _is_missing(error: IntegrityError) -> bool:
    """Tell if a row refers to one that somebody else deleted after it was found."""
    return getattr(error.orig, "sqlstate", None) == _FOREIGN_KEY_VIOLATION


def _allowed(error: MethodNotAllowedException) -> tuple[str, ...]:
    """Take the methods of a path from Litestar, which answers OPTIONS itself and HEAD never."""
    found = set(((error.headers or {}).get("allow") or "").split(", "))
    if "GET" in found:
        found.add("HEAD")
    return tuple(method for method in _METHODS if method in found)
