"""The whole service over a real HTTP connection: the API, its operator, and workers on demand."""

import asyncio
import threading
import time
from collections.abc import Callable, Coroutine, Iterator
from concurrent.futures import Future
from contextlib import AsyncExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

from api.app import Parts, create_app
from api.db.session import Database
from api.http.rate import RateLimit
from api.operations.operator import Operator
from api.operations.registry import performers
from api.runs.imports import Carrier
from api.serve.http_server import Stop, answer, bind
from api.settings.settings import Listen
from api.telemetry.metrics import Metrics
from api.telemetry.tracing import NoTracing
from api.transformer.transformer import Transformer, client_options
from api.vault.keys import SecretKey
from api.vault.vault import Vault
from api.worker import Worker
from api.workspaces.kept import KeptWarehouses
from connectors.files import Patience, Root, Site
from connectors.registry import catalogue
from runtime.client import Client, connect
from tests.api.client import PEPPER, organization_key
from tests.connectors.storages.places import trusting
from tests.postgresql import NEAR

VAULT = Vault([SecretKey(bytes(range(32)))])
CATALOGUE = catalogue(with_test_connectors=True)
START_SECONDS = 60.0
DRAIN_SECONDS = 1.0

_Result = TypeVar("_Result")


def clock() -> datetime:
    return datetime.fromtimestamp(time.time(), UTC)


@dataclass(slots=True, kw_only=True)
class Service:
    """A service that answers, in a thread of its own."""

    address: str
    key: str
    database_url: str
    warehouse_url: str
    folder: Path
    database: Database
    runtime: Client
    loop: asyncio.AbstractEventLoop

    def do(self, work: Coroutine[Any, Any, _Result]) -> _Result:
        """Have something done in the thread of the service."""
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(START_SECONDS)

    @contextmanager
    def working(
        self, lease_seconds: float = 600.0, now: Callable[[], datetime] = clock
    ) -> Iterator[None]:
        """Have a worker for as long as the block; its leases outlast every test."""
        worker = Worker(
            database=self.database,
            carrier=Carrier(
                sessions=self.database.sessions,
                vault=VAULT,
                catalogue=CATALOGUE,
                site=site_of(self.folder),
                client=self.runtime,
                clock=now,
            ),
            lease_seconds=lease_seconds,
        )
        task = self.do(_begun(worker))
        try:
            yield
        finally:
            self.do(_ended(task))


async def _begun(worker: Worker) -> "asyncio.Task[None]":
    return asyncio.create_task(worker.run())


async def _ended(task: "asyncio.Task[None]") -> None:
    """Stop a worker, and wait for what it does at its end."""
    task.cancel()
    await asyncio.wait([task])
    if not task.cancelled() and (error := task.exception()) is not None:
        raise error


def site_of(folder: Path) -> Site:
    """Give what storages may touch; none of them is given up before a test is."""
    patience = Patience(read_seconds=600.0)
    return Site(root=Root(folder, "/files"), reach=NEAR, tls=trusting(), patience=patience)


@contextmanager
def running(
    database_url: str, warehouse_url: str, runtime_address: str, folder: Path
) -> Iterator[Service]:
    """Start the service, and stop it in the end."""
    ready: Future[Service] = Future()
    stopping: Future[Stop] = Future()

    async def main() -> None:
        async with AsyncExitStack() as stack:
            database = Database.open(database_url)
            stack.push_async_callback(database.close)
            client = await connect(runtime_address, options=client_options(NoTracing()))
            stack.push_async_callback(client.close)
            key = await organization_key(database.sessions)
            metrics, traces = Metrics(), NoTracing()
            warehouses = KeptWarehouses()
            stack.push_async_callback(warehouses.close)
            app = create_app(
                Parts(
                    database=database,
                    transformer=Transformer(client, metrics, traces),
                    catalogue=CATALOGUE,
                    vault=VAULT,
                    pepper=PEPPER,
                    oauth_clients={},
                    state_key=bytes(32),
                    clock=clock,
                    metrics=metrics,
                    tracing=traces,
                    rate_limit=RateLimit(burst=1_000_000),
                    reach=NEAR,
                    site=site_of(folder),
                    warehouses=warehouses,
                )
            )
            operator = asyncio.create_task(
                Operator(
                    database.sessions,
                    performers(database.sessions, VAULT, NEAR),
                    "tests",
                    poll_seconds=0.25,
                ).run()
            )
            stack.callback(operator.cancel)
            stop, started = Stop(), asyncio.Event()
            stopping.set_result(stop)
            bound = bind(Listen(host="127.0.0.1", port=0))
            answering = asyncio.create_task(
                answer(app, bound, started=started, stop=stop, drain_seconds=DRAIN_SECONDS)
            )
            await started.wait()
            ready.set_result(
                Service(
                    address=f"http://127.0.0.1:{bound.getsockname()[1]}",
                    key=key,
                    database_url=database_url,
                    warehouse_url=warehouse_url,
                    folder=folder,
                    database=database,
                    runtime=client,
                    loop=asyncio.get_running_loop(),
                )
            )
            await answering

    def serve() -> None:
        try:
            asyncio.run(main())
        except BaseException as error:
            if ready.done():
                raise
            ready.set_exception(error)

    thread = threading.Thread(target=serve, name="service", daemon=True)
    thread.start()
    started = ready.result(START_SECONDS)
    try:
        yield started
    finally:
        started.loop.call_soon_threadsafe(stopping.result().ask)
        thread.join(START_SECONDS)
