"""Connections to a Snowflake warehouse. Its driver blocks, so it works in threads."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from typing import Any, Final, TypeAlias

from warehouse.errors import WarehouseUnavailableError
from warehouse.sql import Sql

Connection: TypeAlias = Any
"""The driver ships no types that say more."""

CONNECT_SECONDS: Final = 10
MAX_REASON_CHARS: Final = 500


def connection_arguments(settings: Mapping[str, object]) -> dict[str, object]:
    """Give what the driver is told; an account is written with a hyphen when connecting (WH-2)."""
    return {
        "account": str(settings["account"]).replace(".", "-"),
        "user": settings["username"],
        "password": settings["password"],
        "role": settings["role"],
        "database": settings["database"],
        "schema": settings["schema"],
        "warehouse": settings["warehouse"],
        "login_timeout": CONNECT_SECONDS,
        "network_timeout": CONNECT_SECONDS * 6,
        "application": "kiln",
        "timezone": "UTC",
        "autocommit": True,
    }


@contextmanager
def connect(settings: Mapping[str, object]) -> Iterator[Connection]:
    """Open a connection; what the service refuses is its reason."""
    with telling_failures():
        # Loaded where it is used: it is large, and few installations have such a warehouse.
        from snowflake import connector

        with closing(connector.connect(**connection_arguments(settings))) as connection:
            yield connection


@contextmanager
def telling_failures() -> Iterator[None]:
    """Turn the failures of the service into `WarehouseUnavailableError`."""
    try:
        from snowflake.connector import errors
    except ImportError:
        raise WarehouseUnavailableError(
            "Snowflake", "its driver is not installed: install kiln[snowflake]"
        ) from None
    try:
        yield
    except errors.Error as error:
        raise WarehouseUnavailableError("Snowflake", _reason(error)) from error


def fetch(connection: Connection, statement: Sql) -> Sequence[tuple[Any, ...]]:
    """Run a statement of ours and give its rows."""
    with closing(connection.cursor()) as cursor:
        cursor.execute(statement.text, statement.values or None)
        rows: list[tuple[Any, ...]] = cursor.fetchall()
        return rows


def _reason(error: Exception) -> str:
    return " ".join(str(error).split())[:MAX_REASON_CHARS] or type(error).__name__
