"""What is sent back: JSON with a newline, nothing at all, or the envelope of an error."""

from typing import Any, Final

import msgspec
from litestar import Response
from litestar.response.base import ASGIResponse

from api.errors import ApiError

JSON: Final = "application/json"
ERROR_JSON: Final = "application/json; charset=utf-8"


class ErrorBody(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What went wrong: a stable code to match on, words for people, and the reason underneath."""

    code: str
    message: str
    cause: str = ""


class ErrorEnvelope(msgspec.Struct, frozen=True, kw_only=True):
    """The body of every response that is no success (API-12)."""

    error: ErrorBody


class _EmptyResponse(Response[None]):
    """A success without a body, and so without a type of it (API-10)."""

    def to_asgi_response(self, *arguments: Any, **options: Any) -> ASGIResponse:  # noqa: ANN401
        response = super().to_asgi_response(*arguments, **options)
        del response.headers["content-type"]
        return response

    def render(self, *_arguments: Any, **_options: Any) -> bytes:  # noqa: ANN401
        return b""


def success(value: object) -> Response[Any]:
    """Answer with what a handler gives: a struct, nothing, or a response that it made itself."""
    if isinstance(value, Response):
        return value
    if value is None:
        return _EmptyResponse(None, status_code=200)
    return Response(msgspec.json.encode(value) + b"\n", media_type=JSON, status_code=200)


def failure(error: ApiError) -> Response[bytes]:
    """Answer with an error in its envelope."""
    return Response(
        failure_content(error),
        media_type=ERROR_JSON,
        status_code=error.status,
        headers=error.headers,
    )


def failure_content(error: ApiError) -> bytes:
    body = ErrorBody(code=error.code, message=_sound(error.message), cause=_sound(error.cause))
    return msgspec.json.encode(ErrorEnvelope(error=body)) + b"\n"


def _sound(text: str) -> str:
    """Make text of others fit to be sent: half a surrogate pair has no UTF-8."""
    return text.encode("utf-8", "replace").decode()
