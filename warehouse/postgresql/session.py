"""A session of the Arrow driver of PostgreSQL. It blocks, so it works in threads."""

import re
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any, Final, TypeAlias

import pyarrow as pa
from psycopg.conninfo import make_conninfo

from mapping_lang.types.arrow.layout import RecordBatch
from warehouse.errors import WarehouseChangedError, WarehouseError, WarehouseUnavailableError
from warehouse.postgresql.driver import MAX_REASON_CHARS, connection_arguments
from warehouse.sql import Sql, raw

Row: TypeAlias = tuple[Any, ...]

# The types that are PostgreSQL's own, and no column of ours has another: to ask each server for all
# of its types takes thirty times as long as to connect to it (measured).
_OPTIONS: Final = {"adbc.postgresql.type_resolver_mode": "builtin"}

_PLACE: Final = re.compile("%[s%]")

# Objects or columns that are not there, or are of another type, or may not be used.
_CHANGED: Final = ("42P01", "42703", "42804", "42P07", "42701", "3F000", "42846")
_UNAVAILABLE_CLASSES: Final = ("08", "40", "53", "55", "57", "58", "25")
_REFUSED: Final = ("28000", "28P01", "3D000", "42501")


class DataRefusedError(WarehouseError):
    """The server refused data that was thought to be fit for it: a mistake of ours."""


class Session:
    """One connection; a transaction lasts from `begin` to `commit` or `rollback`."""

    def __init__(self, settings: Mapping[str, object]) -> None:
        # Loaded where it is used: few processes write to a warehouse.
        from adbc_driver_postgresql import dbapi

        self.thread = ThreadPoolExecutor(1, "kiln-warehouse")
        self._errors = dbapi.Error
        self._cancelled = False
        arguments = connection_arguments(settings)
        with self._telling_failures():
            # By itself the driver would begin the next transaction as soon as one ends.
            self._connection = dbapi.connect(
                make_conninfo(**arguments),  # type: ignore[arg-type]  # libpq's own parameters
                db_kwargs=_OPTIONS,
                autocommit=True,
            )

    def execute(self, statement: Sql) -> None:
        """Run a statement that gives no rows."""
        with self._cursor() as cursor:
            cursor.execute(_numbered(statement), statement.values or None)

    def fetch(self, statement: Sql) -> Sequence[Row]:
        """Run a statement and give its rows, which have to be few."""
        with self._cursor() as cursor:
            cursor.execute(_numbered(statement), statement.values or None)
            rows: list[Row] = cursor.fetchall()
            return rows

    def fetch_columns(self, statement: Sql) -> RecordBatch:
        """Run a statement that gives rows, and is no query: `FETCH`."""
        # For this driver every statement that gives rows is a query, and a COPY of it faster.
        with self._cursor(**{"adbc.postgresql.use_copy": "false"}) as cursor:
            cursor.execute(_numbered(statement))
            found = cursor.fetch_arrow_table().combine_chunks().to_batches()
            return found[0] if found else pa.RecordBatch.from_pylist([])

    def copy(self, table: str, rows: RecordBatch) -> None:
        """Copy rows into a temporary table, whose columns have exactly their types."""
        with self._cursor() as cursor:
            cursor.adbc_ingest(table, rows, mode="append", temporary=True)

    def begin(self) -> None:
        self.execute(raw("BEGIN"))

    def commit(self) -> None:
        self.execute(raw("COMMIT"))

    def rollback(self) -> None:
        self.execute(raw("ROLLBACK"))

    def cancel(self) -> None:
        """Stop the statement that runs in another thread, and refuse those after it."""
        self._cancelled = True
        with _ignoring(self._errors):
            self._connection.adbc_cancel()

    def close(self) -> None:
        """End the session; a transaction that is not committed is undone."""
        # A server that is gone has undone it already.
        with _ignoring(self._errors):
            self._connection.close()

    @contextmanager
    def _cursor(self, **options: str) -> Iterator[Any]:
        if self._cancelled:
            raise WarehouseUnavailableError("PostgreSQL", "the load was cancelled")
        with (
            self._telling_failures(),
            self._connection.cursor(adbc_stmt_kwargs=options) as cursor,
        ):
            yield cursor

    @contextmanager
    def _telling_failures(self) -> Iterator[None]:
        try:
            yield
        except self._errors as error:
            raise _translated(error) from error


@contextmanager
def _ignoring(errors: type[Exception]) -> Iterator[None]:
    try:
        yield
    except errors:
        return


def _numbered(statement: Sql) -> str:
    """Write the places of values as this driver wants them: `$1`, `$2`."""
    places = iter(range(1, len(statement.values) + 1))
    return _PLACE.sub(lambda match: "%" if match[0] == "%%" else f"${next(places)}", statement.text)


def _translated(error: Any) -> WarehouseError:  # noqa: ANN401 - the driver's own class
    state = str(error.sqlstate or "")
    reason = _reason(error)
    if not state or state[:2] in _UNAVAILABLE_CLASSES or state in _REFUSED:
        return WarehouseUnavailableError("PostgreSQL", reason)
    if state in _CHANGED:
        return WarehouseChangedError("PostgreSQL", reason)
    return DataRefusedError(f"PostgreSQL refused a batch: {reason}")


def _reason(error: Exception) -> str:
    text = str(error)
    _, _, told = text.rpartition("PGRES_FATAL_ERROR")
    lines = [line.strip(" ]") for line in told.splitlines() if line.strip(" ].")]
    return "; ".join(lines)[:MAX_REASON_CHARS] or type(error).__name__
