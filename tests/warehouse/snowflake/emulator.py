"""An emulator of Snowflake inside the process of the tests, with what it lacks (`MISSING`)."""

import atexit
import itertools
import re
import shutil
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Final, TypeAlias

import duckdb
from fakesnow.instance import FakeSnow
from fakesnow.transforms import stage
from snowflake.connector import errors

# It makes a folder when it is loaded, and leaves it.
atexit.register(shutil.rmtree, stage.LOCAL_BUCKET_PATH, ignore_errors=True)

Row: TypeAlias = tuple[Any, ...]

DATABASE: Final = "DB"
SCHEMA: Final = "SC"

MISSING: Final[Mapping[str, str]] = MappingProxyType(
    {
        "named transactions": "their list, their ids, and what ends those of others",
        "AS_VARCHAR, AS_INTEGER, AS_DOUBLE, AS_ARRAY, TYPEOF": "of values inside JSON",
        "ARRAY_CONTAINS": "of arrays that it keeps as JSON",
        "NUMBER(38,0)": "it takes its values for integers of 64 bits",
        "temporary tables that files are copied into": "they are made permanent",
        "four views of INFORMATION_SCHEMA": "they are empty",
    }
)
"""What is added to it here, and so proves nothing of the service itself."""

_FUNCTIONS: Final = {
    "AS_VARCHAR(x)": "CASE WHEN json_type(x) = 'VARCHAR' THEN x ->> '$' END",
    "AS_INTEGER(x)": "CASE WHEN json_type(x) IN ('BIGINT', 'UBIGINT', 'HUGEINT')"
    " THEN CAST(CAST(x AS VARCHAR) AS DECIMAL(38,0)) END",
    "AS_DOUBLE(x)": "CASE WHEN json_type(x) IN ('BIGINT', 'UBIGINT', 'HUGEINT', 'DOUBLE')"
    " THEN CAST(CAST(x AS VARCHAR) AS DOUBLE) END",
    "AS_ARRAY(x)": "CASE WHEN json_type(x) = 'ARRAY' THEN x END",
    "TYPEOF(x)": "CASE json_type(x) WHEN 'BIGINT' THEN 'INTEGER' WHEN 'UBIGINT' THEN 'INTEGER'"
    " WHEN 'HUGEINT' THEN 'INTEGER' WHEN 'NULL' THEN 'NULL_VALUE' ELSE json_type(x) END",
    "ARRAY_CONTAINS(x, a)": "list_contains(CAST(a AS JSON[]), CAST(x AS JSON))",
}
_CALL: Final = re.compile(r"\b(AS_VARCHAR|AS_INTEGER|AS_DOUBLE|AS_ARRAY|TYPEOF|ARRAY_CONTAINS)\(")
_BEGIN: Final = re.compile(r"BEGIN TRANSACTION NAME (\w+)")
_DESCRIBE: Final = re.compile(r"DESCRIBE TRANSACTION (\d+)")
_ABORT: Final = re.compile(r"SELECT SYSTEM\$ABORT_TRANSACTION\((\d+)\)")
_CANCEL: Final = re.compile(r"SELECT SYSTEM\$CANCEL_ALL_QUERIES\((\d+)\)")
_EMPTY_VIEWS: Final = re.compile(
    r"SELECT COUNT\(\*\) FROM INFORMATION_SCHEMA\.(SEQUENCES|PROCEDURES|FUNCTIONS|STAGES)\b"
)


@dataclass(slots=True)
class _Transaction:
    id: int
    session: int
    name: str
    state: str = "running"


@dataclass(slots=True)
class Emulator:
    """What sessions share: the transactions, and who watches the statements."""

    transactions: dict[int, _Transaction] = field(default_factory=dict)
    watch: Callable[[str], None] = len  # type: ignore[assignment]  # does nothing
    rewritten: dict[tuple[str, str], list[Any]] = field(default_factory=dict)
    """Statements as it runs them, by their text and schema."""
    numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))
    lock: threading.RLock = field(default_factory=threading.RLock)
    """One statement at a time: what it emulates with does not wait for others, it refuses them."""


class _Connection:
    def __init__(self, emulator: Emulator, inner: Any) -> None:  # noqa: ANN401
        self.emulator = emulator
        self.inner = inner
        self.session_id = next(emulator.numbers)
        self.transaction: _Transaction | None = None

    def cursor(self) -> "_Cursor":
        return _Cursor(self, self.inner.cursor())

    def close(self) -> None:
        with self.emulator.lock:
            self.end("rolled back")
            self.inner.close()

    def end(self, state: str) -> None:
        if self.transaction is not None and self.transaction.state == "running":
            self.transaction.state = state
        self.transaction = None


class _Cursor:
    def __init__(self, connection: _Connection, inner: Any) -> None:  # noqa: ANN401
        self._connection = connection
        self._inner = inner
        self._rows: list[Row] | None = None

    def execute(self, command: str, params: Sequence[object] | None = None) -> "_Cursor":
        emulator = self._connection.emulator
        emulator.watch(command)
        with emulator.lock:
            if self._connection.inner.is_closed():
                raise errors.DatabaseError(
                    msg="Connection is closed", errno=250002, sqlstate="08003"
                )
            self._undo_what_was_aborted()
            self._rows = self._answer(command)
            if self._rows is None:
                self._run(command, params)
        return self

    def fetchall(self) -> list[Row]:
        if self._rows is not None:
            return self._rows
        rows: list[Row] = self._inner.fetchall()
        return rows

    def fetchmany(self, size: int) -> list[Row]:
        rows: list[Row] = self._inner.fetchmany(size)
        return rows

    def close(self) -> None:
        self._inner.close()

    def _undo_what_was_aborted(self) -> None:
        transaction = self._connection.transaction
        if transaction is not None and transaction.state == "aborted":
            self._raw("ROLLBACK")
            self._connection.inner._in_transaction = False  # noqa: SLF001 - its own bookkeeping
            self._connection.transaction = None

    def _answer(self, command: str) -> list[Row] | None:
        emulator, connection = self._connection.emulator, self._connection
        if found := _BEGIN.fullmatch(command):
            self._raw("BEGIN")
            connection.inner._in_transaction = True  # noqa: SLF001
            number = next(emulator.numbers)
            connection.transaction = _Transaction(number, connection.session_id, found[1])
            emulator.transactions[number] = connection.transaction
            return []
        if command in ("COMMIT", "ROLLBACK"):
            self._raw(command)
            connection.inner._in_transaction = False  # noqa: SLF001
            connection.end("committed" if command == "COMMIT" else "rolled back")
            return []
        if command == "SELECT TO_VARCHAR(CURRENT_TRANSACTION())":
            return [(None if connection.transaction is None else str(connection.transaction.id),)]
        if command == "SHOW TRANSACTIONS":
            return [
                (each.id, "U", each.session, each.name)
                for each in emulator.transactions.values()
                if each.state == "running"
            ]
        if found := _DESCRIBE.fullmatch(command):
            one = emulator.transactions[int(found[1])]
            return [(one.id, "U", one.session, one.name, "then", one.state)]
        if found := _ABORT.fullmatch(command):
            one = emulator.transactions[int(found[1])]
            one.state = "aborted" if one.state == "running" else one.state
            return [("Aborted",)]
        if _CANCEL.fullmatch(command):
            return [("0 cancelled",)]
        return [(0,)] if _EMPTY_VIEWS.match(command) else None

    def _run(self, command: str, params: Sequence[object] | None) -> None:
        text = _CALL.sub(r"_KILN_\1(", command)
        text = re.sub(r'REPLACE TEMPORARY TABLE ("KILN_STAGE)', r"REPLACE TABLE \1", text)
        text = text.replace("::NUMBER(38,0)", "::NUMBER(37,0)")
        self._remember(text if params is None else None)
        try:
            self._inner.execute(text, params)
        except errors.ProgrammingError as error:
            if "already exists" in str(error):
                raise errors.ProgrammingError(
                    msg=str(error), errno=2002, sqlstate="42710"
                ) from error
            raise
        except duckdb.TransactionException as error:
            raise errors.OperationalError(msg=str(error), errno=625, sqlstate="57014") from error
        except duckdb.Error as error:
            raise errors.ProgrammingError(
                msg=str(error), errno=100_000, sqlstate="22000"
            ) from error

    def _remember(self, text: str | None) -> None:
        """Let it rewrite a statement that has no values once: that takes most of its time."""
        rewrite: Callable[..., Any] = type(self._inner)._transform.__get__(self._inner)  # noqa: SLF001
        if text is None or text.startswith(("PUT", "COPY")):
            self._inner._transform = rewrite  # noqa: SLF001
            return
        key = (text, self._connection.inner.schema)
        known = self._connection.emulator.rewritten.get(key, [])
        parts = iter(known)
        made: list[Any] = []

        def remembered(statement: Any, params: Any) -> Any:  # noqa: ANN401 - of `sqlglot`
            found = next(parts, None)
            if found is None:
                found = rewrite(statement, params)
                made.append(found.copy())
                self._connection.emulator.rewritten[key] = [*known, *made]
                return found
            return found.copy()

        self._inner._transform = remembered  # noqa: SLF001

    def _raw(self, command: str) -> None:
        try:
            self._connection.inner._duck_conn.execute(command)  # noqa: SLF001
        except duckdb.TransactionException as error:
            if "no transaction is active" not in str(error):
                raise errors.OperationalError(
                    msg=str(error), errno=625, sqlstate="57014"
                ) from error


class Account:
    """A database of its own in an emulator, for as many tests as want it."""

    def __init__(self) -> None:
        self.emulator = Emulator()
        # Nothing is created because somebody asks for it.
        self._inner = FakeSnow(create_database_on_connect=False, create_schema_on_connect=False)
        connection = self._inner.connect()
        connection.cursor().execute(f"CREATE DATABASE {DATABASE}")
        for signature, body in _FUNCTIONS.items():
            self._inner.duck_conn.execute(f"CREATE MACRO {DATABASE}._KILN_{signature} AS {body}")

    def connect(self, **arguments: Any) -> _Connection:  # noqa: ANN401 - as the driver's
        with self.emulator.lock:
            return _Connection(self.emulator, self._inner.connect(**arguments))

    @contextmanager
    def connected(self, schema: str) -> Iterator[Emulator]:
        """Let the driver connect to it, and make a schema for as long."""
        from snowflake import connector

        real = connector.connect
        with closing(self._inner.connect(database=DATABASE)) as inner:
            inner.cursor().execute(f"CREATE SCHEMA {DATABASE}.{schema}")
            connector.connect = self.connect  # type: ignore[assignment]  # another class
            try:
                yield self.emulator
            finally:
                connector.connect = real
                self.emulator.watch = len  # type: ignore[assignment]  # as it was
                inner.cursor().execute(f"DROP SCHEMA {DATABASE}.{schema}")

    def close(self) -> None:
        self._inner.duck_conn.close()


def settings_of(schema: str) -> Mapping[str, Any]:
    """Give the settings of a schema in it."""
    return {
        "account": "org-account",
        "username": "u",
        "password": "p",
        "role": "r",
        "database": DATABASE,
        "schema": schema,
        "warehouse": "w",
    }
