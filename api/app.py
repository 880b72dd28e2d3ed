"""The composition root of the API: features, what they work with, and the HTTP side around them."""

from collections.abc import Mapping
from typing import Final

from litestar.handlers import HTTPRouteHandler

from api.db.session import Database
from api.http.application import build
from api.http.caller import Door
from api.http.edge import Edge
from api.http.rate import RateLimit, RateLimiter
from api.telemetry.metrics import Metrics
from api.telemetry.tracing import Tracing

FEATURES: Final[tuple[tuple[HTTPRouteHandler, ...], ...]] = ()
"""The routes of every feature, one line each."""


def create_app(
    *,
    database: Database,
    door: Door,
    metrics: Metrics,
    tracing: Tracing,
    rate_limit: RateLimit | None = None,
    collaborators: Mapping[str, object],
) -> Edge:
    """Make the ASGI application; nothing is opened or connected here."""
    routes = [route for feature in FEATURES for route in feature]
    return build(
        routes,
        {"database": database, "sessions": database.sessions, **collaborators},
        door=door,
        limiter=RateLimiter(rate_limit or RateLimit()),
        metrics=metrics,
        tracing=tracing,
    )
