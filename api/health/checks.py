"""Whether what the API needs is there: its database and the runtime."""

import asyncio
import time
from collections.abc import Callable
from typing import Final

from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from api.db.session import Database
from api.http.model import Model
from api.transformer.transformer import Transformer
from runtime.errors import KilnRuntimeError
from runtime.sandbox.interface import Language

DATABASE_SECONDS: Final = 2.0

REMEMBERED_SECONDS: Final = 1.0
"""Anybody may ask: the database and the runtime are asked so often at most."""


class DatabaseHealth(Model, frozen=True, kw_only=True):
    """The control plane's database."""

    ready: bool
    message: str


class RuntimeHealth(Model, frozen=True, kw_only=True):
    """The runtime, the languages whose functions it runs now, and what is known of its walls."""

    ready: bool
    message: str
    languages: list[Language]
    walls: str


class Readiness(Model, frozen=True, kw_only=True):
    """Whether requests can be answered; functions of a language may be missing all the same."""

    ready: bool
    database: DatabaseHealth
    runtime: RuntimeHealth


class Checks:
    """Asks the database and the runtime, and remembers the answers for a moment."""

    def __init__(
        self,
        database: Database,
        transformer: Transformer,
        monotonic_seconds: Callable[[], float] = time.monotonic,
    ) -> None:
        self._database = database
        self._transformer = transformer
        self._now = monotonic_seconds
        self._turn = asyncio.Lock()
        self._known: tuple[float, Readiness] | None = None

    async def readiness(self) -> Readiness:
        async with self._turn:
            now = self._now()
            if self._known is not None and now - self._known[0] < REMEMBERED_SECONDS:
                return self._known[1]
            database, runtime = await asyncio.gather(self._ask_database(), self._ask_runtime())
            found = Readiness(
                ready=database.ready and runtime.ready, database=database, runtime=runtime
            )
            self._known = (self._now(), found)
            return found

    async def _ask_database(self) -> DatabaseHealth:
        try:
            async with asyncio.timeout(DATABASE_SECONDS), self._database.sessions() as session:
                await session.execute(text("SELECT 1"))
        except TimeoutError:
            return DatabaseHealth(ready=False, message="no answer in time")
        except (SQLAlchemyError, OSError) as error:
            # Only the class: the text may name hosts and users.
            return DatabaseHealth(ready=False, message=f"not reachable: {type(error).__name__}")
        return DatabaseHealth(ready=True, message="")

    async def _ask_runtime(self) -> RuntimeHealth:
        try:
            health = await self._transformer.health()
        except KilnRuntimeError as error:
            message = f"not reachable: {type(error).__name__}"
            return RuntimeHealth(ready=False, message=message, languages=[], walls="")
        return RuntimeHealth(
            ready=health.serving,
            message="" if health.serving else "not serving",
            languages=sorted(health.languages),
            walls=health.walls,
        )
