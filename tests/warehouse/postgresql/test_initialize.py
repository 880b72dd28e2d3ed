"""How a PostgreSQL schema becomes a warehouse (WH-3, WH-4, WH-10, WH-11)."""

import asyncio
from collections.abc import Mapping
from typing import Any

import psycopg
import pytest

from tests.postgresql import NEAR
from tests.warehouse.schemas import EVERY_KIND
from warehouse.errors import NotInitializableError, NotInitializedError, WarehouseUnavailableError
from warehouse.interface import Warehouse
from warehouse.layout import columns, event_columns
from warehouse.registry import BY_CODE

Settings = Mapping[str, Any]


async def _open(settings: Settings) -> Warehouse:
    return await BY_CODE["PostgreSQL"].open(settings, NEAR)


async def _initialize(warehouse: Warehouse) -> None:
    async with warehouse.initializing(EVERY_KIND):
        pass


def _connect(settings: Settings) -> "psycopg.Connection[tuple[Any, ...]]":
    return psycopg.connect(
        host=settings["host"],
        port=settings["port"],
        user=settings["username"],
        dbname=settings["database"],
        autocommit=True,
    )


def _relations(settings: Settings) -> set[str]:
    with _connect(settings) as connection:
        rows = connection.execute(
            "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace"
            " AND relkind IN ('r', 'v')"
        )
        return {name for (name,) in rows}


def _indexes(settings: Settings) -> dict[str, str]:
    with _connect(settings) as connection:
        rows = connection.execute(
            "SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'"
        )
        return dict(rows.fetchall())


async def test_every_object_is_created_and_the_views_can_be_read(settings: Settings) -> None:
    warehouse = await _open(settings)
    await warehouse.check_initializable()
    await _initialize(warehouse)
    assert _relations(settings) == {
        "kiln_identities",
        "kiln_profiles_0",
        "kiln_profile_schema_versions",
        "kiln_destination_profiles",
        "kiln_system_operations",
        "kiln_loads",
        "kiln_touched",
        "kiln_events",
        "profiles",
        "events",
    }
    with _connect(settings) as connection:
        profiles = connection.execute("SELECT * FROM profiles")
        assert [column.name for column in profiles.description or ()] == [
            "_kpid",
            "_updated_at",
            *(column.name for column in columns(EVERY_KIND)),
        ]
        events = connection.execute("SELECT * FROM events")
        assert [column.name for column in events.description or ()] == [
            column.name for column in event_columns()
        ]


async def test_one_identity_of_a_pipeline_has_one_row(settings: Settings) -> None:
    await _initialize(await _open(settings))
    insert = (
        'INSERT INTO kiln_identities ("_pipeline", "_identity_id", "_connection", "_updated_at")'
        " VALUES ('1', 'x', '2', now())"
    )
    with _connect(settings) as connection:
        connection.execute(insert)
        with pytest.raises(psycopg.errors.UniqueViolation):
            connection.execute(insert)


@pytest.mark.parametrize(
    ("statement", "found"),
    [
        ("CREATE TABLE t (x integer)", {"tables": 1}),
        ("CREATE TABLE t (x integer PRIMARY KEY)", {"tables": 1, "indexes": 1}),
        ("CREATE VIEW v AS SELECT 1", {"views": 1}),
        ("CREATE SEQUENCE s", {"sequences": 1}),
        ("CREATE MATERIALIZED VIEW m AS SELECT 1", {"materialized views": 1}),
        ("CREATE TYPE c AS (x integer)", {"composite types": 1}),
    ],
)
async def test_a_schema_that_holds_something_is_refused_and_left_as_it_is(
    settings: Settings, statement: str, found: dict[str, int]
) -> None:
    with _connect(settings) as connection:
        connection.execute(statement.encode())
    before = _relations(settings)
    warehouse = await _open(settings)
    for attempt in (warehouse.check_initializable(), _initialize(warehouse)):
        with pytest.raises(NotInitializableError) as caught:
            await attempt
        assert caught.value.found == found
    assert _relations(settings) == before


async def test_only_the_schema_of_the_settings_is_looked_at(settings: Settings) -> None:
    with _connect(settings) as connection:
        connection.execute("CREATE TABLE t (x integer)")
        connection.execute("CREATE SCHEMA mine")
    warehouse = await _open({**settings, "schema": "mine"})
    await _initialize(warehouse)
    assert _relations(settings) == {"t"}


async def test_of_two_that_begin_at_once_one_is_refused(settings: Settings) -> None:
    warehouse = await _open(settings)
    outcomes = await asyncio.gather(
        *(_initialize(warehouse) for _ in range(4)), return_exceptions=True
    )
    assert sorted(type(outcome).__name__ for outcome in outcomes) == [
        "NoneType",
        *["NotInitializableError"] * 3,
    ]


async def test_nothing_is_left_when_what_belongs_to_it_fails(settings: Settings) -> None:
    warehouse = await _open(settings)
    with pytest.raises(ZeroDivisionError):
        async with warehouse.initializing(EVERY_KIND):
            raise ZeroDivisionError
    assert _relations(settings) == set()
    await warehouse.check_initializable()


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"schema": "nowhere"}, 'there is no schema "nowhere"'),
        ({"database": "nowhere"}, "nowhere"),
        ({"host": "127.0.0.1", "port": 1}, "refused"),
    ],
)
async def test_what_cannot_be_reached_is_unavailable(
    settings: Settings, change: dict[str, object], reason: str
) -> None:
    warehouse = await _open({**settings, **change})
    with pytest.raises(WarehouseUnavailableError, match=reason):
        await warehouse.check_initializable()


async def test_a_schema_in_which_nothing_may_be_created_is_unavailable(settings: Settings) -> None:
    with _connect(settings) as connection:
        connection.execute("CREATE SCHEMA closed")
        connection.execute("CREATE ROLE reader LOGIN")
        connection.execute("GRANT USAGE ON SCHEMA closed TO reader")
    try:
        warehouse = await _open({**settings, "username": "reader", "schema": "closed"})
        with pytest.raises(WarehouseUnavailableError, match="may not create"):
            await warehouse.check_initializable()
    finally:
        with _connect(settings) as connection:
            connection.execute("DROP OWNED BY reader")
            connection.execute("DROP ROLE reader")


async def test_what_is_missing_is_repaired_and_the_rest_left_alone(settings: Settings) -> None:
    warehouse = await _open(settings)
    await _initialize(warehouse)
    everything, indexes = _relations(settings), _indexes(settings)
    with _connect(settings) as connection:
        connection.execute("DROP TABLE kiln_loads")
        # A warehouse of a release before this index.
        connection.execute("DROP INDEX kiln_events_latest")
        connection.execute("INSERT INTO kiln_profiles_0 VALUES (gen_random_uuid(), '{1}', now())")
    await warehouse.repair(EVERY_KIND)
    assert _relations(settings) == everything
    assert _indexes(settings) == indexes
    with _connect(settings) as connection:
        assert connection.execute("SELECT count(*) FROM profiles").fetchone() == (1,)


async def test_the_events_of_a_profile_are_found_without_reading_those_of_others(
    settings: Settings,
) -> None:
    await _initialize(await _open(settings))
    with _connect(settings) as connection:
        connection.execute(
            'INSERT INTO kiln_events ("kpid", "connection_id", "anonymous_id", "message_id",'
            ' "received_at", "sent_at", "timestamp", "traits", "type")'
            " SELECT md5((n % 500)::text)::uuid, 'c', 'a', n::text, now(), now(), now(), '{}',"
            " 'track' FROM generate_series(1, 5000) AS n"
        )
        connection.execute("ANALYZE kiln_events")
        plan = connection.execute(
            "EXPLAIN (COSTS OFF) SELECT * FROM events WHERE kpid = md5('1')::uuid"
            " ORDER BY timestamp DESC, message_id LIMIT 5"
        ).fetchall()
    assert "kiln_events_latest" in str(plan), plan
    assert "Seq Scan" not in str(plan), plan


async def test_what_is_no_warehouse_of_ours_is_told_apart(settings: Settings) -> None:
    warehouse = await _open(settings)
    for attempt in (warehouse.check_initialized(), warehouse.repair(EVERY_KIND)):
        with pytest.raises(NotInitializedError):
            await attempt
    assert _relations(settings) == set()
    await _initialize(warehouse)
    await warehouse.check_initialized()
