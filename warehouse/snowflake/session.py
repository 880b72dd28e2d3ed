"""A session of the driver of Snowflake. It blocks, so it works in a thread of its own."""

import tempfile
import uuid
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pyarrow as pa

from mapping_lang.types.arrow.layout import RecordBatch
from warehouse.errors import WarehouseUnavailableError
from warehouse.snowflake.driver import connect, fetch, telling_failures
from warehouse.snowflake.loading_sql import copy, put
from warehouse.sql import Sql, raw


class Session:
    """One connection; a transaction lasts from `begin` to `commit` or `rollback`."""

    def __init__(self, settings: Mapping[str, object]) -> None:
        self.thread = ThreadPoolExecutor(1, "kiln-warehouse")
        self._cancelled = False
        self._resources = ExitStack()
        self._connection = self._resources.enter_context(connect(settings))

    def fetch(self, statement: Sql) -> Sequence[tuple[Any, ...]]:
        """Run a statement and give its rows; one that changes rows tells how many."""
        if self._cancelled:
            raise WarehouseUnavailableError("Snowflake", "the load was cancelled")
        with telling_failures():
            return fetch(self._connection, statement)

    def copy(self, table: str, rows: RecordBatch) -> None:
        """Copy rows into a temporary table, by way of a file."""
        # As large as Arrow itself: loaded where it is used.
        from pyarrow import parquet

        with tempfile.TemporaryDirectory(prefix="kiln") as folder:
            path = Path(folder) / f"{uuid.uuid4().hex}.parquet"
            parquet.write_table(pa.Table.from_batches([rows]), path)
            self.fetch(put(str(path)))
        self.fetch(copy(table, path.name))

    def begin(self) -> None:
        self.fetch(raw("BEGIN"))

    def commit(self) -> None:
        self.fetch(raw("COMMIT"))

    def rollback(self) -> None:
        self.fetch(raw("ROLLBACK"))

    def cancel(self) -> None:
        """Refuse the statements after the one that runs, which ends by itself."""
        self._cancelled = True

    def close(self) -> None:
        with telling_failures():
            self._resources.close()
