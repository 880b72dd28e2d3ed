"""Connections to the control plane's database, and sessions on them."""

import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Final, Self

from sqlalchemy import URL, Engine, event, make_url
from sqlalchemy.exc import ArgumentError, InvalidatePoolError
from sqlalchemy.ext.asyncio import (
    AsyncEngine,
    AsyncSession,
    async_sessionmaker,
    create_async_engine,
)

Sessions = async_sessionmaker[AsyncSession]
"""Opens a session; `async with sessions.begin() as session` is a transaction."""

_DRIVER: Final = "postgresql+psycopg"
_SCHEMES: Final = ("postgresql", "postgres", _DRIVER)
_DRIVER_OPTIONS: Final[Mapping[str, object]] = {
    "application_name": "kiln",
    "connect_timeout": 10,  # seconds; the default is to wait for ever
}


@asynccontextmanager
async def reading(sessions: Sessions) -> AsyncIterator[AsyncSession]:
    """Give a session for questions alone: every statement is on its own, without a transaction.

    It saves two exchanges with the database, which is most of what an answer takes.
    """
    async with sessions() as session:
        await session.connection(execution_options={"isolation_level": "AUTOCOMMIT"})
        yield session


class DatabaseUrlError(ValueError):
    """A URL that is not one of a PostgreSQL database. What it holds is not repeated."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolSize:
    """How many connections a process keeps, and how many more it opens when it is busy."""

    kept: int = 5
    more: int = 15
    wait_seconds: float = 10.0
    ping_after_seconds: float = 1.0
    """How long a connection is idle before it is asked whether it is still there."""


def database_url(text: str) -> URL:
    """Read the URL of a PostgreSQL database, as libpq and others write it."""
    try:
        url = make_url(text)
    except (ArgumentError, ValueError):
        raise DatabaseUrlError("expected a URL such as postgresql://user@host/name") from None
    if url.drivername not in _SCHEMES:
        raise DatabaseUrlError(
            f"found the scheme {url.drivername}, expected postgresql://user@host/name"
        )
    if not url.database:
        raise DatabaseUrlError("expected the name of a database: postgresql://user@host/name")
    return url.set(drivername=_DRIVER)


@dataclass(frozen=True, slots=True, kw_only=True)
class Database:
    """The database of one process: a pool, and sessions that take connections from it."""

    engine: AsyncEngine = field(repr=False)
    sessions: Sessions

    @classmethod
    def open(cls, url: str, pool: PoolSize | None = None) -> Self:
        """Prepare a pool; it connects when it is first used."""
        size = pool or PoolSize()
        engine = create_async_engine(
            database_url(url),
            pool_size=size.kept,
            max_overflow=size.more,
            pool_timeout=size.wait_seconds,
            connect_args=dict(_DRIVER_OPTIONS),
            # What is stored is nobody's business who reads logs.
            hide_parameters=True,
        )
        _ping_idle_connections(engine.sync_engine, size.ping_after_seconds)
        return cls(engine=engine, sessions=async_sessionmaker(engine, expire_on_commit=False))

    async def close(self) -> None:
        """Close every connection."""
        await self.engine.dispose()


def _ping_idle_connections(engine: Engine, after_seconds: float) -> None:
    """Have a server that was restarted cost a ping, not a failed request.

    SQLAlchemy would ping at each checkout, which takes as long as the question does.
    """
    dialect = engine.dialect

    def checked_in(_: Any, record: Any) -> None:  # noqa: ANN401 - the driver's, wrapped
        record.info["idle_since"] = time.monotonic()

    def checked_out(connection: Any, record: Any, _: Any) -> None:  # noqa: ANN401 - as above
        idle_since = record.info.get("idle_since")
        if idle_since is None or time.monotonic() - idle_since < after_seconds:
            return
        try:
            dialect.do_ping(connection)
        except dialect.loaded_dbapi.Error as error:
            # All others are of the same server: they are opened anew, too.
            raise InvalidatePoolError("the connection was lost while it was idle") from error

    event.listen(engine, "checkin", checked_in)
    event.listen(engine, "checkout", checked_out)
