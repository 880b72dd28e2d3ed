"""The processes of the API put together: everything that is opened is closed in reverse order."""

import asyncio
from collections.abc import Callable, Coroutine, Mapping
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from typing import Final
from uuid import uuid4

import structlog

from api.app import Parts, create_app
from api.db.embedded.layout import EmbeddedServerError
from api.db.embedded.server import EmbeddedServer
from api.db.migrate import migrate
from api.db.session import Database
from api.keys.founding import found
from api.keys.pepper import Pepper, load_pepper
from api.operations.operator import Operator
from api.operations.registry import performers
from api.serve.http_server import Stop, answer, bind, stop_on_signals
from api.serve.installation import Installation, InstallationError
from api.serve.runtime_child import RuntimeChild
from api.serve.working import site_of, working
from api.settings.settings import Listen, Settings
from api.telemetry.metrics import Metrics
from api.telemetry.tracing import open_tracing
from api.transformer.transformer import Transformer, client_options
from api.vault.vault import Vault
from api.workspaces.creation import settle_for_ever
from api.workspaces.kept import KeptWarehouses
from connectors.registry import catalogue
from runtime.client import connect
from runtime.errors import KilnRuntimeError

Tell = Callable[[str], None]
"""Says something to the person at the terminal."""

WATCH_SECONDS: Final = 1.0
RUNTIME_START_SECONDS: Final = 45.0
_POLL_SECONDS: Final = 0.1

_log = structlog.get_logger("api.serve")


async def serve(
    settings: Settings, environment: Mapping[str, str], tell: Tell, *, alone: bool
) -> None:
    """Serve until SIGTERM or SIGINT; `alone`, with all that the API needs."""
    if not alone:
        _check_that_others_are_named(settings)
    stop = stop_on_signals()
    async with AsyncExitStack() as stack:
        bound = stack.enter_context(bind(settings.listen))
        installation = Installation(settings)
        keys = stack.enter_context(installation.used())
        vault = Vault(keys)
        # It starts while the database does.
        address = await _runtime_address(stack, settings, environment, stop)
        database = await _database(stack, settings, installation)
        if stop.asked.is_set():
            return
        pepper = await _found(database, vault, tell)
        tracing = open_tracing(settings.trace_endpoint)
        stack.callback(tracing.close)
        client = await connect(address, tls=settings.runtime_tls, options=client_options(tracing))
        stack.push_async_callback(client.close)
        metrics = Metrics()
        _background(stack, settle_for_ever(database.sessions, vault, settings.reach))
        transformer = Transformer(client, metrics, tracing)
        warehouses = KeptWarehouses()
        stack.push_async_callback(warehouses.close)
        app = create_app(
            Parts(
                database=database,
                transformer=transformer,
                catalogue=catalogue(with_test_connectors=settings.test_connectors),
                vault=vault,
                pepper=pepper,
                oauth_clients=settings.oauth_clients,
                state_key=keys[0].derive("oauth states"),
                clock=now,
                metrics=metrics,
                tracing=tracing,
                rate_limit=settings.rate_limit,
                reach=settings.reach,
                site=site_of(settings),
                warehouses=warehouses,
            )
        )
        carried_out = performers(database.sessions, vault, settings.reach)
        _background(stack, Operator(database.sessions, carried_out, str(uuid4())).run())
        if alone:
            await stack.enter_async_context(
                working(settings, database, vault, address, tracing, now)
            )
        started = asyncio.Event()
        listen = Listen(host=settings.listen.host, port=bound.getsockname()[1])
        _background(stack, _announce(transformer, started, listen, tell))
        await answer(app, bound, started=started, stop=stop, drain_seconds=settings.drain_seconds)
        _log.info("stopping")


def now() -> datetime:
    """Give the moment; everything else is given this function."""
    return datetime.now(UTC)  # noqa: TID251 - the clock of the process


def _check_that_others_are_named(settings: Settings) -> None:
    for name, told in (
        ("KILN_DATABASE_URL", settings.database_url),
        ("KILN_RUNTIME", settings.runtime),
    ):
        if told is None:
            raise InstallationError(
                f"{name} is not set: `kiln api` uses a database and a runtime that run already;"
                " `kiln serve` starts what is missing"
            )


async def _runtime_address(
    stack: AsyncExitStack, settings: Settings, environment: Mapping[str, str], stop: Stop
) -> str:
    if settings.runtime is not None:
        return settings.runtime
    defaults = {"log_level": settings.log_level.value}
    if settings.log_format is not None:
        defaults["log_format"] = settings.log_format.value
    child = RuntimeChild(environment, defaults, settings.drain_seconds)
    await stack.enter_async_context(child)
    _background(stack, child.watch(stop.asked))
    return child.address


async def _database(
    stack: AsyncExitStack, settings: Settings, installation: Installation
) -> Database:
    opened = installation.database()
    url, server = await asyncio.to_thread(opened.__enter__)
    stack.push_async_callback(asyncio.to_thread, opened.__exit__, None, None, None)
    if server is not None:
        _background(stack, _keep_alive(server))
    await asyncio.to_thread(migrate, url)
    database = Database.open(url, settings.database_pool)
    stack.push_async_callback(database.close)
    return database


async def _found(database: Database, vault: Vault, tell: Tell) -> Pepper:
    async with database.sessions.begin() as session:
        pepper = await load_pepper(session, vault)
        first = await found(session, pepper)
    if first is not None:
        tell(f"First API key, shown only now: {first.text}")
    return pepper


async def _announce(
    transformer: Transformer, started: asyncio.Event, listen: Listen, tell: Tell
) -> None:
    """Say where we are as soon as everything can be used."""
    await started.wait()
    try:
        async with asyncio.timeout(RUNTIME_START_SECONDS):
            while not await _serves(transformer):  # noqa: ASYNC110 - another process cannot tell us
                await asyncio.sleep(_POLL_SECONDS)
    except TimeoutError:
        _log.warning("the runtime does not answer yet", waited_seconds=RUNTIME_START_SECONDS)
    tell(f"Kiln is at {listen.url()}")


async def _serves(transformer: Transformer) -> bool:
    try:
        return (await transformer.health()).serving
    except KilnRuntimeError:
        return False


async def _keep_alive(server: EmbeddedServer) -> None:
    """Start our own PostgreSQL again if somebody ended it."""
    while True:
        await asyncio.sleep(WATCH_SECONDS)
        try:
            if await asyncio.to_thread(server.ensure):
                _log.error("the embedded PostgreSQL had ended and was started again")
        except EmbeddedServerError as error:
            _log.error("the embedded PostgreSQL cannot be started", reason=str(error))


def _background(stack: AsyncExitStack, work: Coroutine[None, None, None]) -> None:
    task = asyncio.create_task(work)

    async def end() -> None:
        task.cancel()
        await asyncio.wait([task])

    stack.push_async_callback(end)
