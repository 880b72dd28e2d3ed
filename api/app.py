"""The composition root of the API: features, what they work with, and the HTTP side around them."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from litestar.handlers import HTTPRouteHandler
from sqlalchemy import QueuePool

from api.catalogue import routes as catalogue
from api.connections import files, links
from api.connections import routes as connections
from api.connections.oauth import Clients
from api.db.session import Database
from api.health import routes as health
from api.health.checks import Checks
from api.http.application import build
from api.http.edge import Edge
from api.http.rate import RateLimit, RateLimiter
from api.keys import routes as keys
from api.keys.door import KeyDoor
from api.keys.pepper import Pepper
from api.openapi import routes as openapi
from api.openapi.document import document
from api.operations import routes as operations
from api.operations import schema_routes
from api.pipelines import routes as pipelines
from api.pipelines.validation.checks import Checker
from api.profiles import routes as profiles
from api.profiles.service import Reader
from api.runs import routes as runs
from api.telemetry.metrics import Metrics, PoolState
from api.telemetry.tracing import Tracing
from api.transformations import routes as transformations
from api.transformer.transformer import Transformer
from api.vault.vault import Vault
from api.workspaces import routes as workspaces
from api.workspaces.kept import KeptWarehouses
from connectors.files import Site
from connectors.registry import Catalogue
from forms.addresses import Reach

FEATURES: Final[tuple[tuple[HTTPRouteHandler, ...], ...]] = (
    workspaces.ROUTES,
    connections.ROUTES,
    links.ROUTES,
    files.ROUTES,
    pipelines.ROUTES,
    runs.ROUTES,
    operations.ROUTES,
    schema_routes.ROUTES,
    profiles.ROUTES,
    transformations.ROUTES,
    catalogue.ROUTES,
    keys.ROUTES,
    health.ROUTES,
    openapi.ROUTES,
)
"""The routes of every feature; the OpenAPI document has them in this order."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """What an installation is made of, opened and closed by whoever serves."""

    database: Database
    transformer: Transformer
    catalogue: Catalogue
    vault: Vault
    pepper: Pepper
    oauth_clients: Clients
    state_key: bytes = field(repr=False)
    """What the states of authorisations are signed with."""
    clock: Callable[[], datetime]
    metrics: Metrics
    tracing: Tracing
    rate_limit: RateLimit
    reach: Reach
    """What warehouses and connections may be connected to."""
    site: Site = field(default_factory=Site)
    """What storages may touch."""
    warehouses: KeptWarehouses
    """Those that are read from, open between requests."""


def create_app(parts: Parts) -> Edge:
    """Make the ASGI application; nothing is opened or connected here."""
    database = parts.database
    parts.metrics.watch_pool(lambda: pool_state(database))
    routes = [route for feature in FEATURES for route in feature]
    collaborators: dict[str, object] = {
        "catalogue": parts.catalogue,
        "checker": Checker(catalogue=parts.catalogue, compiler=parts.transformer),
        "checks": Checks(database, parts.transformer),
        "clock": parts.clock,
        "database": database,
        "documentation": document(routes),
        "metrics": parts.metrics,
        "oauth_clients": parts.oauth_clients,
        "pepper": parts.pepper,
        "profile_reader": Reader(
            sessions=database.sessions,
            vault=parts.vault,
            reach=parts.reach,
            warehouses=parts.warehouses,
        ),
        "reach": parts.reach,
        "sessions": database.sessions,
        "site": parts.site,
        "state_key": parts.state_key,
        "transformer": parts.transformer,
        "vault": parts.vault,
    }
    return build(
        routes,
        collaborators,
        door=KeyDoor(database.sessions, parts.pepper),
        limiter=RateLimiter(parts.rate_limit),
        metrics=parts.metrics,
        tracing=parts.tracing,
    )


def pool_state(database: Database) -> PoolState:
    """Tell how many connections to the database there are, and how many are in use."""
    pool = database.engine.pool
    if not isinstance(pool, QueuePool):
        return PoolState(opened=0, used=0)
    used = pool.checkedout()
    return PoolState(opened=used + pool.checkedin(), used=used)
