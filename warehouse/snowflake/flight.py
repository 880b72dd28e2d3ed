"""Operations in flight, as named transactions: they end with their transaction, whatever happens.

Whoever works begins a transaction with the name of the operation and of the schema, and asks for
the mode after that. A change of mode writes the mode first and then looks at the transactions: it
sees whoever did not see it. A user sees and ends the transactions of all of its own sessions.
"""

import hashlib
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Final, final

from warehouse.operations import Operation
from warehouse.snowflake.driver import Connection, fetch
from warehouse.sql import Sql, raw

POLL_SECONDS: Final = 0.5
"""How long a change of mode waits before it looks again."""

_SHOWN: Final = ("id", "user", "session", "name")
"""The first columns of a list of transactions."""


@final
@dataclass(frozen=True, slots=True)
class Transaction:
    """A transaction of ours that is running."""

    id: int
    session: int
    operation: Operation


def transaction_name(settings: Mapping[str, object], operation: Operation) -> str:
    """Name the transactions of an operation in a schema of a database."""
    place = f"{settings['database']}\0{settings['schema']}"
    digest = hashlib.sha256(place.encode()).hexdigest()[:16]
    return f"KILN_{operation.upper()}_{digest.upper()}"


def entering(settings: Mapping[str, object], operation: Operation) -> Sql:
    """Begin a transaction, and be in flight until it ends."""
    return raw(f"BEGIN TRANSACTION NAME {transaction_name(settings, operation)}")


def in_flight(
    connection: Connection, settings: Mapping[str, object], operations: Collection[Operation]
) -> tuple[Transaction, ...]:
    """List the transactions of operations that are in flight."""
    names = {transaction_name(settings, each): each for each in operations}
    rows = [
        dict(zip(_SHOWN, row, strict=False)) for row in fetch(connection, raw("SHOW TRANSACTIONS"))
    ]
    return tuple(
        Transaction(int(row["id"]), int(row["session"]), names[str(row["name"]).upper()])
        for row in rows
        if str(row["name"]).upper() in names
    )


def abort(connection: Connection, transaction: Transaction) -> None:
    """End a transaction, and the statement that runs in it."""
    fetch(connection, cancel_statements(transaction.session))
    fetch(connection, abort_transaction(transaction.id))


def cancel_statements(session: int) -> Sql:
    """Stop what runs in a session. The service takes no value beside the text here."""
    return raw(f"SELECT SYSTEM$CANCEL_ALL_QUERIES({int(session)})")


def abort_transaction(transaction: int) -> Sql:
    """Undo a transaction of another session."""
    return raw(f"SELECT SYSTEM$ABORT_TRANSACTION({int(transaction)})")
