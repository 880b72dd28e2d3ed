"""A change of the profile schema is made wholly or not at all, and once (WH-72)."""

import itertools
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from uuid import uuid4

import psycopg
import pytest

from mapping_lang.types.kinds import BooleanType, ObjectType, Property, Schema, StringType, Type
from mapping_lang.types.schema import Path
from tests.postgresql import NEAR
from warehouse.alteration import Alteration, find_changes
from warehouse.errors import ModeRefusedError, WarehouseError
from warehouse.interface import Mode, Warehouse
from warehouse.postgresql.driver import execute
from warehouse.registry import BY_CODE

Settings = Mapping[str, Any]
TABLES = ("kiln_identities", "kiln_profiles_0", "profiles")


def _schema(**types: Type) -> Schema:
    return ObjectType(
        tuple(Property(name, type_, read_optional=True) for name, type_ in types.items())
    )


OLD = _schema(email=StringType(), phone=StringType(), city=StringType())
NEW = _schema(vip=BooleanType(), email=StringType(), mail=StringType())
RE_PATHS: Mapping[Path, Path | None] = {("mail",): ("email",), ("email",): ("phone",)}


def _asked() -> Alteration:
    changes = find_changes(OLD, NEW, RE_PATHS)
    return Alteration(operation=uuid4(), old=OLD, new=NEW, changes=changes)


async def _normal() -> Mode:
    return Mode.NORMAL


@contextmanager
def _connect(settings: Settings) -> Iterator["psycopg.Connection[tuple[Any, ...]]"]:
    with psycopg.connect(
        host=settings["host"],
        port=settings["port"],
        user=settings["username"],
        dbname=settings["database"],
        autocommit=True,
    ) as connection:
        yield connection


def _state(settings: Settings) -> dict[str, list[tuple[Any, ...]]]:
    """Give the columns of every table, and what stands in them."""
    with _connect(settings) as connection:
        columns = {
            table: connection.execute(
                "SELECT column_name, data_type FROM information_schema.columns"
                " WHERE table_name = %s AND column_name !~ '^_' ORDER BY ordinal_position",
                [table],
            ).fetchall()
            for table in TABLES
        }
        for table, listed in columns.items():
            names = ", ".join(f'"{name}"' for name, _ in listed)
            listed += connection.execute(f"SELECT {names} FROM {table}".encode()).fetchall()
        return columns


@pytest.fixture
async def warehouse(settings: Settings) -> Warehouse:
    opened = await BY_CODE["PostgreSQL"].open(settings, NEAR)
    async with opened.initializing(OLD):
        pass
    with _connect(settings) as connection:
        connection.execute(
            'INSERT INTO kiln_identities ("_pipeline", "_connection", "_identity_id",'
            " \"_updated_at\", email, phone, city) VALUES ('p', 'c', 'u', now(), 'e', 'p', 'c')"
        )
        connection.execute(
            "INSERT INTO kiln_profiles_0 VALUES (gen_random_uuid(), '{1}', now(), 'e', 'p', 'c')"
        )
    return opened


async def test_values_go_with_their_columns(warehouse: Warehouse, settings: Settings) -> None:
    asked = _asked()
    await warehouse.alter(asked, _normal)
    text = "character varying"
    stored = [("email", text), ("mail", text), ("vip", "boolean")]
    assert {
        table: sorted(listed[:3]) for table, listed in _state(settings).items()
    } == dict.fromkeys(TABLES, stored)
    with _connect(settings) as connection:
        for table in TABLES:
            found = connection.execute(f"SELECT vip, email, mail FROM {table}".encode()).fetchall()
            assert found == [(None, "p", "e")]
    # The view has the order of the schema.
    assert _state(settings)["profiles"][0] == ("vip", "boolean")
    before = _state(settings)
    await warehouse.alter(asked, _normal)
    assert _state(settings) == before


async def test_a_change_that_is_killed_at_any_statement_leaves_everything_as_it_was(
    warehouse: Warehouse, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = _state(settings)
    asked = _asked()
    for fatal in itertools.count():
        steps = itertools.count()

        async def failing(connection: Any, statement: Any) -> Any:  # noqa: ANN401
            if next(steps) == fatal:  # noqa: B023 - called within this turn
                with _connect(settings) as other:
                    other.execute("SELECT pg_terminate_backend(%s)", [connection.info.backend_pid])
            return await execute(connection, statement)

        monkeypatch.setattr("warehouse.postgresql.altering.execute", failing)
        try:
            await warehouse.alter(asked, _normal)
        except WarehouseError:
            assert _state(settings) == before
        else:
            break
    assert fatal > 8
    assert [each[0] for each in _state(settings)["profiles"][:3]] == ["vip", "email", "mail"]


async def test_a_mode_that_allows_no_change_changes_nothing(
    warehouse: Warehouse, settings: Settings
) -> None:
    before = _state(settings)

    async def inspection() -> Mode:
        return Mode.INSPECTION

    with pytest.raises(ModeRefusedError):
        await warehouse.alter(_asked(), inspection)
    assert _state(settings) == before
