"""Taking identities, or what they hold, out of a warehouse, a piece at a time (WH-32, DEC-48).

A piece is a transaction: nobody waits long for it, a crash undoes at most one, and the same asked
again goes on where it ended.
"""

from collections.abc import Iterable
from typing import Final

from mapping_lang.types.kinds import Schema
from mapping_lang.types.schema import Path, prune_to_paths
from warehouse.interface import ReadMode
from warehouse.layout import DESTINATION_PROFILES, IDENTITIES, LOADS, TOUCHED, columns
from warehouse.operations import Operation
from warehouse.postgresql.driver import Connection, execute
from warehouse.postgresql.flight import enter
from warehouse.postgresql.loading_sql import OVER
from warehouse.sql import Sql, commas, compose, join, name, raw, value

PIECE_ROWS: Final = 10_000

_NOTES: Final = ((TOUCHED, "pipeline"), (DESTINATION_PROFILES, "_pipeline"))


async def delete_identities(
    connection: Connection, warehouse_schema: str, pipeline_id: int, read_mode: ReadMode
) -> int:
    """Delete all that a pipeline has in the warehouse; gives how many identities that were."""
    # First, so that whoever still loads finds its pipeline gone, and stops (RUN-97).
    async with connection.transaction():
        gone = _gone(pipeline_id)
        await enter(connection, warehouse_schema, Operation.WRITE, read_mode, first=gone)
        for table, column in _NOTES:
            await execute(
                connection,
                compose(
                    "DELETE FROM {table} WHERE {column} = {pipeline}",
                    table=name(table),
                    column=name(column),
                    pipeline=value(str(pipeline_id)),
                ),
            )
    change = raw("DELETE FROM ") + name(IDENTITIES)
    pieces = _Pieces(connection, warehouse_schema, pipeline_id, read_mode, _gone(pipeline_id))
    return await pieces.change(change, raw("true"))


async def clear_properties(
    connection: Connection,
    warehouse_schema: str,
    pipeline_id: int,
    profiles: Schema,
    paths: Iterable[Path],
    read_mode: ReadMode,
) -> int:
    """Take away values that a pipeline no longer gives; tells from how many identities.

    A run that has ended may not know it yet, and give them again: it is fenced (RUN-80, RUN-97).
    """
    cleared = [name(column.name) for column in columns(prune_to_paths(profiles, paths))]
    if not cleared:
        return 0
    change = compose(
        "UPDATE {table} SET {nulls}",
        table=name(IDENTITIES),
        nulls=commas(column + raw(" = NULL") for column in cleared),
    )
    filled = join(" OR ", (column + raw(" IS NOT NULL") for column in cleared))
    over = compose(
        "UPDATE {loads} SET attempt = {over} WHERE pipeline = {pipeline}",
        loads=name(LOADS),
        over=value(OVER),
        pipeline=value(str(pipeline_id)),
    )
    pieces = _Pieces(connection, warehouse_schema, pipeline_id, read_mode, over)
    return await pieces.change(change, filled)


def _gone(pipeline_id: int) -> Sql:
    """Note that a pipeline is gone for ever: who opens a load of it later comes too late, too."""
    return compose(
        "INSERT INTO {loads} (pipeline, run, started_at, attempt)"
        " VALUES ({pipeline}, '', 'infinity', {over}) ON CONFLICT (pipeline) DO UPDATE SET"
        " run = excluded.run, started_at = excluded.started_at, attempt = excluded.attempt,"
        " batch = NULL, state = NULL, purged = false",
        loads=name(LOADS),
        pipeline=value(str(pipeline_id)),
        over=value(OVER),
    )


class _Pieces:
    """The identities of a pipeline, a piece after the other."""

    def __init__(
        self,
        connection: Connection,
        warehouse_schema: str,
        pipeline_id: int,
        read_mode: ReadMode,
        ledger: Sql,
    ) -> None:
        self._connection = connection
        self._schema = warehouse_schema
        self._pipeline = value(str(pipeline_id))
        self._read_mode = read_mode
        self._ledger = ledger

    async def change(self, statement: Sql, wanted: Sql) -> int:
        """Change those that are wanted, after which they are wanted no more; gives how many."""
        last, count = "", 0
        # A process that hangs must not keep the pipeline from its next run.
        await execute(self._connection, raw("SET idle_in_transaction_session_timeout = '30s'"))
        while True:
            async with self._connection.transaction():
                # Nobody begins to load the pipeline between the answer and the change.
                await enter(
                    self._connection,
                    self._schema,
                    Operation.WRITE,
                    self._read_mode,
                    first=self._ledger,
                )
                found = await self._next(last, wanted)
                if found is None:
                    return count
                last, pks = found
                cursor = await execute(
                    self._connection,
                    statement + compose(' WHERE "_pk" = ANY({pks})', pks=value(pks)),
                )
                count += cursor.rowcount

    async def _next(self, last: str, wanted: Sql) -> tuple[str, list[int]] | None:
        """Find the next identities, in the order of their index; None after the last."""
        table = name(IDENTITIES)
        # A resolution has the table for itself: until it ends, no row is locked.
        await execute(self._connection, compose("LOCK TABLE {t} IN ROW EXCLUSIVE MODE", t=table))
        cursor = await execute(
            self._connection,
            compose(
                'SELECT max("_identity_id"), array_agg("_pk") FROM ('
                'SELECT "_identity_id", "_pk" FROM {table} WHERE "_pipeline" = {pipeline}'
                ' AND "_identity_id" >= {last} AND ({wanted})'
                ' ORDER BY "_identity_id" LIMIT {rows}) AS piece',
                table=table,
                pipeline=self._pipeline,
                last=value(last),
                wanted=wanted,
                rows=value(PIECE_ROWS),
            ),
        )
        row = await cursor.fetchone()
        return None if row is None or row[1] is None else (str(row[0]), list(row[1]))
