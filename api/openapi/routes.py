"""The document, and a page that shows it and sends requests; nothing of it comes from elsewhere."""

from pathlib import Path
from typing import Final

from litestar import Response

from api.http.requests import OpenRequest
from api.http.responses import JSON
from api.http.routes import get
from api.openapi.document import Documentation

_TAG: Final = "Documentation"
_ASSETS: Final = Path(__file__).parent / "assets"
_HEADERS: Final = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self';"
    " connect-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none';"
    " frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
}


def _asset(name: str, media_type: str) -> Response[bytes]:
    content = (_ASSETS / name).read_bytes()
    return Response(content, media_type=f"{media_type}; charset=utf-8", headers=_HEADERS)


@get("/openapi.json", tag=_TAG, summary="Read the OpenAPI document", documented=False)
async def read_document(request: OpenRequest, documentation: Documentation) -> Response[bytes]:
    """Gives the OpenAPI document of this API."""
    del request
    return Response(documentation.content, media_type=JSON)


@get("/docs", tag=_TAG, summary="See the documentation", documented=False)
async def show_page(request: OpenRequest) -> Response[bytes]:
    """Shows the documentation to a person."""
    del request
    return _asset("page.html", "text/html")


@get("/docs/page.js", tag=_TAG, summary="Read the script of the page", documented=False)
async def read_script(request: OpenRequest) -> Response[bytes]:
    """Gives the script of the page."""
    del request
    return _asset("page.js", "text/javascript")


@get("/docs/page.css", tag=_TAG, summary="Read the style of the page", documented=False)
async def read_style(request: OpenRequest) -> Response[bytes]:
    """Gives the style of the page."""
    del request
    return _asset("page.css", "text/css")


ROUTES: Final = (read_document, show_page, read_script, read_style)
