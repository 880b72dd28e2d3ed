"""The whole of the HTTP side, made of routes and of what they work with."""

from collections.abc import Mapping, Sequence
from typing import Any

from litestar import Litestar
from litestar.di import Provide
from litestar.handlers import HTTPRouteHandler

from api.http.admission import Admission
from api.http.caller import Door
from api.http.decoding import type_info
from api.http.edge import Edge
from api.http.endpoint import endpoint_of
from api.http.failures import answer_error
from api.http.rate import RateLimiter
from api.http.routes import RouteError
from api.telemetry.metrics import Metrics
from api.telemetry.tracing import Tracing


def build(
    routes: Sequence[HTTPRouteHandler],
    collaborators: Mapping[str, object],
    *,
    door: Door,
    limiter: RateLimiter,
    metrics: Metrics,
    tracing: Tracing,
) -> Edge:
    """Make an ASGI application of routes; each is given the collaborators that it names."""
    for route in routes:
        endpoint = endpoint_of(route)
        missing = set(endpoint.collaborators).difference(collaborators)
        if missing:
            raise RouteError(f"{route.name} asks for {sorted(missing)}, which nobody provides")
        for struct in (endpoint.body, endpoint.query):
            if struct is not None:
                # An annotation that cannot be is found now, and not by whoever sends a body.
                type_info(struct)
    app = Litestar(
        list(routes),
        dependencies={name: _provide(value) for name, value in collaborators.items()},
        guards=[Admission(door, limiter).check],
        exception_handlers={Exception: answer_error},
        openapi_config=None,
        # Ours is configured by whoever starts the process.
        logging_config=None,
    )
    return Edge(app, metrics, tracing)


def _provide(value: object) -> Provide:
    def provided() -> Any:  # noqa: ANN401 - Litestar is not to look at it
        return value

    return Provide(provided, sync_to_thread=False)
