"""The worker among the processes of an installation: beside the API, or alone (`kiln work`)."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import datetime
from typing import Final

import structlog

from api.db.migrate import migrate
from api.db.session import Database
from api.runs.imports import Carrier
from api.serve.http_server import stop_on_signals
from api.serve.installation import Installation, InstallationError
from api.settings.settings import Settings
from api.telemetry.tracing import Tracing, open_tracing
from api.transformer.transformer import metadata_of
from api.vault.vault import Vault
from api.worker import Worker
from connectors.addresses import trusting
from connectors.files import BatchSizes, Root, Site
from connectors.registry import catalogue
from runtime.client import ClientOptions, connect

Tell = Callable[[str], None]
"""Says something to the person at the terminal."""

RESTART_SECONDS: Final = 1.0
CALL_SECONDS: Final = 60.0
"""One call: a batch whose function takes its whole time, and what goes before and after it."""

_log: Final = structlog.get_logger("api.serve")


async def work(settings: Settings, tell: Tell, clock: Callable[[], datetime]) -> None:
    """Carry out runs until SIGTERM or SIGINT, then hand over those in hand."""
    for name, told in (
        ("KILN_DATABASE_URL", settings.database_url),
        ("KILN_RUNTIME", settings.runtime),
    ):
        if told is None:
            raise InstallationError(
                f"{name} is not set: `kiln work` uses a database and a runtime that run already;"
                " `kiln serve` starts what is missing, and works too"
            )
    stop = stop_on_signals()
    installation = Installation(settings)
    async with AsyncExitStack() as stack:
        keys = stack.enter_context(installation.used())
        url, _ = stack.enter_context(installation.database())
        await asyncio.to_thread(migrate, url)
        database = Database.open(url, settings.database_pool)
        stack.push_async_callback(database.close)
        tracing = open_tracing(settings.trace_endpoint)
        stack.callback(tracing.close)
        address = settings.runtime or ""
        vault = Vault(keys)
        await stack.enter_async_context(working(settings, database, vault, address, tracing, clock))
        tell("Kiln works.")
        await stop.asked.wait()
        _log.info("stopping")


@asynccontextmanager
async def working(
    settings: Settings,
    database: Database,
    vault: Vault,
    runtime_address: str,
    tracing: Tracing,
    clock: Callable[[], datetime],
) -> AsyncIterator[Worker]:
    """Have a worker for as long as the block."""
    options = ClientOptions(timeout_seconds=CALL_SECONDS, metadata=metadata_of(tracing))
    async with await connect(runtime_address, tls=settings.runtime_tls, options=options) as client:
        worker = Worker(
            database=database,
            carrier=Carrier(
                sessions=database.sessions,
                vault=vault,
                catalogue=catalogue(with_test_connectors=settings.test_connectors),
                site=site_of(settings),
                client=client,
                clock=clock,
                sizes=BatchSizes(seconds=settings.batch_seconds),
            ),
            lease_seconds=settings.lease_seconds,
        )
        task = asyncio.create_task(_always(worker))
        try:
            yield worker
        finally:
            task.cancel()
            await asyncio.wait([task])


def site_of(settings: Settings) -> Site:
    """Give what storages may touch, and how they get there."""
    root = settings.filesystem_root
    return Site(
        root=None if root is None else Root(root.directory, root.displayed),
        reach=settings.reach,
        s3_endpoint=settings.s3_endpoint,
        tls=None if settings.storage_ca is None else trusting(settings.storage_ca),
        patience=settings.storage_patience,
    )


async def _always(worker: Worker) -> None:
    """Start a worker again that a bug has ended: its runs are not its own."""
    while True:
        try:
            await worker.run()
        except Exception:  # noqa: BLE001 - the outermost loop of a worker
            _log.exception("the worker failed and is started again")
        await asyncio.sleep(RESTART_SECONDS)
