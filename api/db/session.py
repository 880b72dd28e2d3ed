"""Connections to the control plane's database, and sessions on them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Self

from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError
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


class DatabaseUrlError(ValueError):
    """A URL that is not one of a PostgreSQL database. What it holds is not repeated."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolSize:
    """How many connections a process keeps, and how many more it opens when it is busy."""

    kept: int = 5
    more: int = 15
    wait_seconds: float = 10.0


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
            # A server that was restarted costs a ping, not a failed request.
            pool_pre_ping=True,
            connect_args=dict(_DRIVER_OPTIONS),
        )
        return cls(engine=engine, sessions=async_sessionmaker(engine, expire_on_commit=False))

    async def close(self) -> None:
        """Close every connection."""
        await self.engine.dispose()
