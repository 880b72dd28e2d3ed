"""Loading on an emulator of Snowflake, where one is installed (`pip install fakesnow`).

What it cannot do, and so only a real account can show: that a batch is one transaction (it does not
run MERGE inside of one), that the tables of a session are temporary (it does not copy into those),
and that sessions wait for each other.
"""

from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest

from mapping_lang.types.kinds import Schema
from tests.warehouse.postgresql.loads import SCHEMA, T1, a_load, normal, write
from tests.warehouse.postgresql.test_stored import MOST
from tests.warehouse.schemas import EVERY_KIND
from warehouse.errors import FencedError, ModeRefusedError
from warehouse.interface import Mode
from warehouse.load import Resumed
from warehouse.snowflake import session as sessions
from warehouse.snowflake.definition import definition
from warehouse.snowflake.driver import Connection, fetch
from warehouse.snowflake.platform import SnowflakeWarehouse
from warehouse.snowflake.session import Session
from warehouse.sql import Sql

fakesnow = pytest.importorskip("fakesnow", reason="the emulator is not installed")

SETTINGS = {
    "account": "org-account",
    "username": "u",
    "password": "p",
    "role": "r",
    "database": "DB",
    "schema": "SC",
    "warehouse": "w",
}
ADA = ("1", {"email": "ada@x", "age": 36, "home": {"city": "London"}})
BOB = ("2", {"email": "bob@x", "age": 41})
NAMES = "_IDENTITY_ID, EMAIL, AGE, HOME_CITY, _RUN"


@pytest.fixture
def emulator(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    def nothing(session: Session) -> None:
        del session

    def permanent(connection: Connection, statement: Sql) -> Any:  # noqa: ANN401 - as the driver's
        text = statement.text.replace("REPLACE TEMPORARY TABLE", "REPLACE TABLE")
        return fetch(connection, Sql(text, statement.values))

    for name in ("begin", "commit", "rollback"):
        monkeypatch.setattr(Session, name, nothing)
    monkeypatch.setattr(sessions, "fetch", permanent)
    with fakesnow.patch():
        _rows("CREATE DATABASE DB", database=None)
        _rows("CREATE SCHEMA DB.SC", database="DB")
        yield


def _rows(text: str, database: str | None = "DB", schema: str | None = None) -> list[Any]:
    # Only once the emulator is in its place.
    from snowflake import connector

    with closing(connector.connect(database=database, schema=schema)) as connection:
        rows: list[Any] = connection.cursor().execute(text).fetchall()
        return rows


def _initialized(schema: Schema = SCHEMA) -> SnowflakeWarehouse:
    for statement in definition(schema):
        _rows(statement.text.replace("%%", "%"), schema="SC")
    return SnowflakeWarehouse(SETTINGS)


def _found(names: str = NAMES) -> list[Any]:
    return _rows(
        f"SELECT {names} FROM KILN_IDENTITIES ORDER BY _PIPELINE, _IDENTITY_ID", schema="SC"
    )


@pytest.mark.usefixtures("emulator")
async def test_identities_are_added_changed_kept_and_purged() -> None:
    warehouse = _initialized()
    first = await warehouse.open_load(a_load(), normal)
    await write(first, 1, ADA, BOB, ("3", {"age": 3}), ("4", {"age": 4}), ("1", {"email": "x"}))
    await write(first, 2, ADA)
    assert await first.purge(state="{}") == 0
    second = await warehouse.open_load(a_load(run=901, started=T1), normal)
    await write(second, 1, ADA, ("2", {"email": "new"}), ("5", {}), kept=["3", "unknown"])
    assert await second.purge(state="end") == 1
    assert await second.purge(state="end") == 0
    assert _found() == [
        ("1", "ada@x", 36, "London", "900"),
        ("2", "new", None, None, "901"),
        ("3", None, 3, None, "900"),
        ("5", None, None, None, "901"),
    ]
    assert _rows("SELECT COUNT(*) FROM KILN_TOUCHED", schema="SC") == [(0,)]
    await warehouse.close()


@pytest.mark.usefixtures("emulator")
async def test_a_batch_is_written_once_and_the_earlier_are_fenced() -> None:
    warehouse = _initialized()
    loading = await warehouse.open_load(a_load(), normal)
    assert loading.resumed is None
    await write(loading, 1, ADA, state='{"read":  1}')
    await write(loading, 1, ("1", {"email": "again"}), state="lost")
    again = await warehouse.open_load(a_load(attempt=2), normal)
    assert again.resumed == Resumed(sequence=1, state='{"read":  1}', purged=False)
    with pytest.raises(FencedError, match="attempt 2 of run 900"):
        await write(loading, 2, BOB)
    with pytest.raises(FencedError):
        await warehouse.open_load(a_load(), normal)
    later = await warehouse.open_load(a_load(run=800, started=T1), normal)
    assert later.resumed is None
    with pytest.raises(FencedError):
        await again.purge(state="{}")
    assert _found() == [("1", "ada@x", 36, "London", "900")]
    await warehouse.close()


@pytest.mark.usefixtures("emulator")
async def test_identities_are_deleted_and_cleared() -> None:
    async def inspection() -> Mode:
        return Mode.INSPECTION

    warehouse = _initialized()
    await write(await warehouse.open_load(a_load(), normal), 1, ADA, BOB)
    loading = await warehouse.open_load(a_load(pipeline=701), normal)
    await write(loading, 1, ADA, BOB)
    assert await warehouse.clear_properties(700, SCHEMA, [("home",)], normal) == 1
    assert await warehouse.delete_identities(701, normal) == 2
    with pytest.raises(ModeRefusedError):
        await warehouse.delete_identities(700, inspection)
    with pytest.raises(FencedError, match="no run"):
        await write(loading, 2, ADA)
    assert _found() == [("1", "ada@x", 36, None, "900"), ("2", "bob@x", 41, None, "900")]
    await warehouse.close()


@pytest.mark.usefixtures("emulator")
async def test_every_kind_is_stored() -> None:
    warehouse = _initialized(EVERY_KIND)
    for attempt in (1, 2):
        loading = await warehouse.open_load(a_load(schema=EVERY_KIND, attempt=attempt), normal)
        await write(loading, attempt, ("1", MOST), ("2", {}), schema=EVERY_KIND)
    # What was written is what would be written again.
    assert _rows("SELECT COUNT(*) FROM KILN_TOUCHED", schema="SC") == [(2,)]
    assert _found("INT64, UINT64, AMOUNT, MOMENT, DAY, CLOCK, REF, TAGS[3], HOME_CITY")[0] == (
        MOST["int64"],
        MOST["uint64"],
        MOST["amount"],
        MOST["moment"].replace(tzinfo=None),  # type: ignore[union-attr, call-arg]
        MOST["day"],
        MOST["clock"],
        MOST["ref"],
        '"q\\"{,}\\\\"',
        "Ancona",
    )
    await warehouse.close()
