"""Connections to a Snowflake warehouse. Its driver blocks, so it works in threads."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from typing import Any, Final, TypeAlias

from warehouse.errors import WarehouseChangedError, WarehouseError, WarehouseUnavailableError
from warehouse.sql import Sql

Connection: TypeAlias = Any
"""The driver ships no types that say more."""

Row: TypeAlias = tuple[Any, ...]

CONNECT_SECONDS: Final = 10
MAX_REASON_CHARS: Final = 500

SESSION_PARAMETERS: Final = {
    # What people look for in the history of queries.
    "QUERY_TAG": "kiln",
    # Whose session is gone waits for no answer.
    "ABORT_DETACHED_QUERY": True,
    # Of two rows that would change one, neither is chosen in silence.
    "ERROR_ON_NONDETERMINISTIC_UPDATE": True,
    "ERROR_ON_NONDETERMINISTIC_MERGE": True,
}

# Objects and columns that are not there, or not as they were, or not ours to see any more.
_CHANGED: Final = (904, 2003, 2037, 2043, 2057)
_EXISTS: Final = 2002
_UNAVAILABLE_CLASSES: Final = ("08", "40", "42501", "53", "55", "57", "58")


class StatementRefusedError(WarehouseError):
    """The service refused a statement, or data in it: a mistake of ours."""


class ObjectExistsError(StatementRefusedError):
    """What was to be created is there already."""


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
        "session_parameters": dict(SESSION_PARAMETERS),
    }


@contextmanager
def connect(settings: Mapping[str, object], *, autocommit: bool = True) -> Iterator[Connection]:
    """Open a connection; what the service refuses is its reason."""
    with telling_failures():
        # Loaded where it is used: it is large, and few installations have such a warehouse.
        from snowflake import connector

        opened = connector.connect(**connection_arguments(settings), autocommit=autocommit)
    with closing(opened) as connection:
        yield connection


@contextmanager
def telling_failures() -> Iterator[None]:
    """Turn the failures of the service into errors of ours."""
    try:
        from snowflake.connector import errors
    except ImportError:
        raise WarehouseUnavailableError(
            "Snowflake", "its driver is not installed: install kiln[snowflake]"
        ) from None
    try:
        yield
    except errors.Error as error:
        raise _translated(error, isinstance(error, errors.ProgrammingError)) from error


def fetch(connection: Connection, statement: Sql) -> Sequence[Row]:
    """Run a statement of ours and give its rows."""
    with telling_failures(), closing(connection.cursor()) as cursor:
        cursor.execute(*_arguments(statement))
        rows: list[Row] = cursor.fetchall()
        return rows


@contextmanager
def reading(connection: Connection, statement: Sql) -> Iterator[Any]:
    """Run a statement of ours and give its cursor: the service keeps all of its rows."""
    with telling_failures(), closing(connection.cursor()) as cursor:
        cursor.execute(*_arguments(statement))
        yield cursor


def _arguments(statement: Sql) -> tuple[object, ...]:
    # Without values the driver takes `%%` for two characters.
    return (
        (statement.text, statement.values)
        if statement.values
        else (statement.text.replace("%%", "%"),)
    )


def _translated(error: Any, of_statement: bool) -> WarehouseError:  # noqa: ANN401, FBT001 - the driver's own class
    reason = " ".join(str(error).split())[:MAX_REASON_CHARS] or type(error).__name__
    state = str(error.sqlstate or "")
    if error.errno == _EXISTS:
        return ObjectExistsError(f"Snowflake refused a statement: {reason}")
    if error.errno in _CHANGED:
        return WarehouseChangedError("Snowflake", reason)
    if not of_statement or state.startswith(_UNAVAILABLE_CLASSES):
        return WarehouseUnavailableError("Snowflake", reason)
    return StatementRefusedError(f"Snowflake refused a statement: {reason}")
