"""Connections to a PostgreSQL warehouse, whose failures are told as ours."""

from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from typing import Final

import psycopg
from psycopg.rows import TupleRow

from forms.addresses import HostUnknownError, Reach
from warehouse.errors import WarehouseChangedError, WarehouseUnavailableError
from warehouse.sql import Sql

Connection = psycopg.AsyncConnection[TupleRow]

CONNECT_SECONDS: Final = 5
SILENCE_SECONDS: Final = 60
"""How long a connection may be dead before it is noticed."""

MAX_REASON_CHARS: Final = 500

_ADDRESSES: Final = "addresses"
"""The member of settings that `located` adds."""

_UNAVAILABLE: Final = (
    psycopg.OperationalError,
    psycopg.InterfaceError,
    psycopg.errors.InsufficientPrivilege,
    psycopg.errors.InvalidSchemaName,
)

# Somebody else has been at our tables.
_CHANGED: Final = (
    psycopg.errors.UndefinedTable,
    psycopg.errors.UndefinedColumn,
    psycopg.errors.UndefinedFunction,
    psycopg.errors.DatatypeMismatch,
    psycopg.errors.WrongObjectType,
    psycopg.errors.DependentObjectsStillExist,
)


async def located(settings: Mapping[str, object], reach: Reach) -> dict[str, object]:
    """Add to settings the addresses of their host, which may be connected to."""
    host = str(settings["host"])
    if "," in host:
        # To libpq it is a list of hosts.
        raise WarehouseUnavailableError("PostgreSQL", "`host` holds a comma, expected one host")
    try:
        return {**settings, _ADDRESSES: await reach.resolve(host)}
    except HostUnknownError as error:
        raise WarehouseUnavailableError("PostgreSQL", str(error)) from error


def connection_arguments(settings: Mapping[str, object]) -> dict[str, object]:
    """Give what libpq is told of `located` settings; nothing is outside the schema (WH-3)."""
    return {
        **_at(settings),
        "port": settings["port"],
        "user": settings["username"],
        "password": settings["password"],
        "dbname": settings["database"],
        "options": f"-csearch_path={settings['schema']} -ctimezone=UTC",
        "application_name": "kiln",
        "connect_timeout": CONNECT_SECONDS,
        # A server that is gone without a word is given up: by itself the system waits for hours.
        "keepalives_idle": SILENCE_SECONDS // 2,
        "keepalives_interval": SILENCE_SECONDS // 6,
        "keepalives_count": 3,
        "tcp_user_timeout": SILENCE_SECONDS * 1_000,
        "client_encoding": "UTF8",
    }


async def begin(settings: Mapping[str, object]) -> Connection:
    """Begin a connection in autocommit mode; what the server refuses is its reason."""
    with telling_failures():
        return await psycopg.AsyncConnection.connect(
            **connection_arguments(settings),  # type: ignore[arg-type]  # libpq's own parameters
            autocommit=True,
            # A statement that was prepared fails once the view that it reads has other columns.
            prepare_threshold=None,
        )


@asynccontextmanager
async def connect(settings: Mapping[str, object]) -> AsyncIterator[Connection]:
    """Open a connection for as long as the block."""
    connection = await begin(settings)
    try:
        with telling_failures():
            yield connection
    finally:
        await connection.close()


@contextmanager
def telling_failures() -> Iterator[None]:
    """Turn the loss of a server, and of objects of ours in it, into errors of ours."""
    try:
        yield
    except _UNAVAILABLE as error:
        raise WarehouseUnavailableError("PostgreSQL", _reason(error)) from error
    except _CHANGED as error:
        raise WarehouseChangedError("PostgreSQL", _reason(error)) from error


async def execute(connection: Connection, statement: Sql) -> psycopg.AsyncCursor[TupleRow]:
    """Run a statement of ours."""
    # Every `Sql` is made of text of ours; what is not is passed beside it.
    return await connection.execute(statement.text.encode(), statement.values)


def _at(settings: Mapping[str, object]) -> dict[str, object]:
    """Give what is connected to: the name is for TLS and for messages, and not looked up again."""
    host, addresses = str(settings["host"]), settings[_ADDRESSES]
    if not isinstance(addresses, tuple) or addresses == (host,):
        return {"host": host}
    return {"host": ",".join([host] * len(addresses)), "hostaddr": ",".join(addresses)}


def _reason(error: psycopg.Error) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return "; ".join(lines)[:MAX_REASON_CHARS] or type(error).__name__
