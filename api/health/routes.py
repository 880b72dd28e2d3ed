"""The endpoints outside of `/v1` that need no key: for probes and for Prometheus."""

from typing import Final

import msgspec
from litestar import Response

from api.health.checks import Checks, Readiness
from api.http.model import Model
from api.http.requests import OpenRequest
from api.http.responses import JSON
from api.http.routes import get
from api.telemetry.metrics import CONTENT_TYPE, Metrics

_TAG: Final = "Health"


class Alive(Model, frozen=True):
    """This process answers."""

    alive: bool


@get("/healthz", tag=_TAG, summary="Tell if this process answers", documented=False)
async def tell_alive(request: OpenRequest) -> Alive:
    """Answers as long as the process does; restart it if it does not."""
    del request
    return Alive(alive=True)


@get("/readyz", tag=_TAG, summary="Tell if requests can be answered", documented=False)
async def tell_readiness(request: OpenRequest, checks: Checks) -> Response[bytes]:
    """Answers 503 while the database or the runtime cannot be reached."""
    del request
    found: Readiness = await checks.readiness()
    return Response(
        msgspec.json.encode(found) + b"\n", media_type=JSON, status_code=200 if found.ready else 503
    )


@get("/metrics", tag=_TAG, summary="Read the metrics", documented=False)
async def read_metrics(request: OpenRequest, metrics: Metrics) -> Response[bytes]:
    """Gives the metrics of this process as Prometheus reads them."""
    del request
    return Response(metrics.text(), media_type=CONTENT_TYPE)


ROUTES: Final = (tell_alive, tell_readiness, read_metrics)
