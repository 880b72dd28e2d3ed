"""Operations in flight, as advisory locks: they end with their transaction, whatever happens.

Whoever works holds the lock of its operation together with others, and a change of mode asks for
it alone: it waits for all who have it, and all who come later wait for it.
"""

import struct
from collections.abc import Collection, Mapping

from warehouse.errors import ModeRefusedError
from warehouse.interface import ReadMode
from warehouse.operations import Operation
from warehouse.postgresql.driver import Connection, execute
from warehouse.sql import EMPTY, Sql, compose, value


def entering(schema: str, operation: Operation) -> Sql:
    """Be in flight until the transaction ends."""
    return compose(
        "SELECT pg_advisory_xact_lock_shared(hashtextextended({key}, 0))",
        key=value(_key(schema, operation)),
    )


async def enter(
    connection: Connection,
    schema: str,
    operation: Operation,
    read_mode: ReadMode,
    *,
    first: Sql = EMPTY,
) -> None:
    """Be in flight until the transaction ends, or be refused by the mode of the warehouse.

    `first` is done before the mode is asked: what the answer relies on does not change after it.
    """
    await execute(connection, entering(schema, operation))
    if first:
        await execute(connection, first)
    # The mode after that: a change of mode sees the operation or is seen by it.
    mode = await read_mode()
    if not mode.allows(operation):
        raise ModeRefusedError(mode, operation)


async def in_flight(connection: Connection, schema: str) -> Mapping[Operation, int]:
    """Count the operations in flight."""
    return {
        operation: len(await _holders(connection, schema, operation)) for operation in Operation
    }


async def drain(
    connection: Connection, schema: str, operations: Collection[Operation], *, cancel: bool
) -> None:
    """Wait until no operation of these kinds is in flight, or end those that are (WH-50)."""
    for operation in sorted(operations):
        if cancel:
            for pid in await _holders(connection, schema, operation):
                await execute(
                    connection, compose("SELECT pg_terminate_backend({pid})", pid=value(pid))
                )
        async with connection.transaction():
            await execute(
                connection,
                compose(
                    "SELECT pg_advisory_xact_lock(hashtextextended({key}, 0))",
                    key=value(_key(schema, operation)),
                ),
            )


async def _holders(connection: Connection, schema: str, operation: Operation) -> list[int]:
    cursor = await execute(
        connection,
        compose("SELECT hashtextextended({key}, 0)", key=value(_key(schema, operation))),
    )
    (number,) = await cursor.fetchone() or (0,)
    # A lock of 64 bits is shown as two numbers of 32.
    high, low = struct.unpack(">II", struct.pack(">q", number))
    cursor = await execute(
        connection,
        compose(
            "SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND granted AND objsubid = 1"
            " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
            " AND classid = {high}::bigint::oid AND objid = {low}::bigint::oid"
            " AND mode = 'ShareLock' ORDER BY pid",
            high=value(high),
            low=value(low),
        ),
    )
    return [int(pid) for (pid,) in await cursor.fetchall()]


def _key(schema: str, operation: Operation) -> str:
    return f"kiln {schema} {operation}"
