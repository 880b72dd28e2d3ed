"""A session of the driver of Snowflake. It blocks, so it works in a thread of its own."""

import tempfile
import threading
import uuid
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from pathlib import Path

import pyarrow as pa

from mapping_lang.types.arrow.layout import RecordBatch
from warehouse.errors import WarehouseError, WarehouseUnavailableError
from warehouse.operations import Operation
from warehouse.snowflake.driver import Row, connect, fetch, reading
from warehouse.snowflake.flight import cancel_statements, entering
from warehouse.snowflake.loading_sql import copy, put
from warehouse.sql import Sql, raw

_CURRENT: Sql = raw("SELECT TO_VARCHAR(CURRENT_TRANSACTION())")


class Session:
    """One connection; a transaction lasts from `begin` to `commit` or `rollback`.

    Nothing is durable before a `commit` that ended well, whoever ends the transaction meanwhile:
    without one of ours a statement begins another, which is never committed.
    """

    def __init__(self, settings: Mapping[str, object]) -> None:
        self.thread = ThreadPoolExecutor(1, "kiln-warehouse")
        self._settings = settings
        self._cancelled = False
        self._transaction: str | None = None
        self._resources = ExitStack()
        self._connection = self._resources.enter_context(connect(settings, autocommit=False))

    def fetch(self, statement: Sql) -> Sequence[Row]:
        """Run a statement and give its rows; one that changes rows tells how many."""
        self._check()
        return fetch(self._connection, statement)

    def change(self, statement: Sql) -> int:
        """Run a statement that changes rows, and say how many."""
        ((count, *_),) = self.fetch(statement)
        return int(count)

    def stream(self, statement: Sql, names: Sequence[str], rows: int) -> Iterator[RecordBatch]:
        """Run a query whose columns are text, truth or floats; give them piece by piece."""
        self._check()
        with reading(self._connection, statement) as cursor:
            while found := cursor.fetchmany(rows):
                self._check()
                yield columns_of(names, found)

    def copy(self, table: str, rows: RecordBatch) -> None:
        """Copy rows into a temporary table, by way of a file."""
        # As large as Arrow itself: loaded where it is used.
        from pyarrow import parquet

        with tempfile.TemporaryDirectory(prefix="kiln") as folder:
            path = Path(folder) / f"{uuid.uuid4().hex}.parquet"
            parquet.write_table(pa.Table.from_batches([rows]), path)
            self.fetch(put(str(path)))
        self.fetch(copy(table, path.name))

    def begin(self, operation: Operation) -> None:
        """Begin a transaction that others see in flight, and can end."""
        # Outside of one, a statement that changes rows has begun one by itself: where one goes on,
        # none is begun.
        self.fetch(raw("COMMIT"))
        self.fetch(entering(self._settings, operation))
        self._transaction = self._current()
        if self._transaction is None:
            raise WarehouseUnavailableError("Snowflake", "it began no transaction")

    def check_transaction(self) -> None:
        """Raise unless the transaction goes on: somebody may have ended it (WH-50)."""
        if self._transaction is None or self._current() != self._transaction:
            raise WarehouseUnavailableError("Snowflake", "the transaction was ended by others")

    def commit(self) -> None:
        """Make durable what was done, or raise."""
        self.check_transaction()
        self.fetch(raw("COMMIT"))
        # It may have been ended between the two: only its state tells.
        statement = raw("DESCRIBE TRANSACTION ") + raw(str(int(self._transaction or 0)))
        states = {str(each).lower() for row in self.fetch(statement) for each in row}
        self._transaction = None
        if "committed" not in states:
            raise WarehouseUnavailableError("Snowflake", "the transaction was ended by others")

    def rollback(self) -> None:
        self._transaction = None
        self.fetch(raw("ROLLBACK"))

    def cancel(self) -> None:
        """Stop the statement that runs in another thread, and refuse those after it."""
        self._cancelled = True
        # It takes a connection of its own, and nobody waits for it.
        threading.Thread(target=self._cancel_statements, daemon=True).start()

    def close(self) -> None:
        """End the session; a transaction that is not committed is undone."""
        with suppress(WarehouseError):
            if self._transaction is not None:
                # A session that is only left may be kept for a while, and its locks with it.
                fetch(self._connection, raw("ROLLBACK"))
        self._resources.close()

    def _check(self) -> None:
        if self._cancelled:
            raise WarehouseUnavailableError("Snowflake", "the session was cancelled")

    def _current(self) -> str | None:
        ((found,),) = self.fetch(_CURRENT)
        return None if found is None else str(found)

    def _cancel_statements(self) -> None:
        with suppress(WarehouseError), connect(self._settings) as connection:
            fetch(connection, cancel_statements(self._connection.session_id))


def columns_of(names: Sequence[str], rows: Sequence[Row]) -> RecordBatch:
    """Give rows of text, truth and floats as columns."""
    by_column = list(zip(*rows, strict=True)) if rows else [()] * len(names)
    return pa.RecordBatch.from_arrays([_array(each) for each in by_column], names=list(names))


def _array(values: Sequence[object]) -> pa.Array:
    some = next((each for each in values if each is not None), "")
    match some:
        case bool():
            return pa.array(values, pa.bool_())
        case float():
            return pa.array(values, pa.float64())
        case _:
            return pa.array(values, pa.string())
