"""A warehouse to load into, and what is in it afterwards."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import psycopg
import pyarrow as pa
from psycopg.rows import dict_row

from mapping_lang.batch import Batch
from mapping_lang.types.arrow.layout import TIMESTAMP
from mapping_lang.types.kinds import IntType, ObjectType, Property, Schema, StringType
from mapping_lang.types.schema import Path, leaves
from tests.postgresql import NEAR
from warehouse.interface import Mode, Warehouse
from warehouse.load import Load, Loading
from warehouse.registry import BY_CODE

Settings = Mapping[str, Any]
Row = tuple[Any, ...]
Identity = tuple[str, Mapping[str, Any]]
"""A user id, and the record of it."""

SCHEMA = ObjectType(
    (
        Property("email", StringType(max_length=254), read_optional=True),
        Property("age", IntType(32), read_optional=True),
        Property(
            "home",
            ObjectType((Property("city", StringType(), read_optional=True),)),
            read_optional=True,
        ),
    )
)
T0 = datetime(2026, 1, 1, tzinfo=UTC)
T1 = datetime(2026, 2, 1, tzinfo=UTC)


@asynccontextmanager
async def initialized(settings: Settings, schema: Schema = SCHEMA) -> AsyncIterator[Warehouse]:
    warehouse = await BY_CODE["PostgreSQL"].open(settings, NEAR)
    try:
        async with warehouse.initializing(schema):
            pass
        yield warehouse
    finally:
        await warehouse.close()


async def normal() -> Mode:
    return Mode.NORMAL


def a_load(
    *,
    run: int = 900,
    attempt: int = 1,
    started: datetime = T0,
    pipeline: int = 700,
    schema: Schema = SCHEMA,
    paths: tuple[Path, ...] | None = None,
    purges: bool = True,
) -> Load:
    return Load(
        connection_id=500,
        pipeline_id=pipeline,
        run_id=run,
        run_started_at=started,
        attempt=attempt,
        schema=schema,
        out_paths=tuple(path for path, _ in leaves(schema)) if paths is None else paths,
        purges=purges,
    )


async def write(
    loading: Loading,
    sequence: int,
    *identities: Identity,
    at: datetime = T0,
    state: str = "{}",
    kept: Sequence[str] = (),
    schema: Schema = SCHEMA,
) -> None:
    batch = Batch.from_records(schema, [record for _, record in identities])
    prepared = loading.prepare(batch, ids(*(each for each, _ in identities)), times(at, batch))
    await loading.write(sequence, prepared, state=state, kept_user_ids=kept)


def ids(*user_ids: str) -> pa.Array:
    return pa.array(user_ids, pa.string())


def times(at: datetime, batch: Batch) -> pa.Array:
    return pa.array([at] * batch.num_records, TIMESTAMP)


def connect(settings: Settings) -> "psycopg.Connection[Row]":
    return psycopg.connect(
        host=settings["host"],
        port=settings["port"],
        user=settings["username"],
        dbname=settings["database"],
        autocommit=True,
    )


async def waiting(settings: Settings, count: int) -> None:
    """Go on as soon as so many wait for a lock."""
    with connect(settings) as connection:
        for _ in range(3_000):
            found = connection.execute("SELECT count(*) FROM pg_locks WHERE NOT granted").fetchone()
            if found is not None and found[0] >= count:
                return
            await asyncio.sleep(0.01)
    raise TimeoutError("nobody waits")


def identities(settings: Settings, *names: str) -> list[Row]:
    """The identities in the order of their ids: the columns that are named."""
    listed = ", ".join(f'"{name}"' for name in names)
    with connect(settings) as connection:
        found = connection.execute(
            f'SELECT {listed} FROM kiln_identities ORDER BY "_pipeline", "_identity_id"'.encode()
        )
        return found.fetchall()


def everything(settings: Settings) -> list[dict[str, Any]]:
    """All that is in the warehouse of identities but the numbers of rows, in their order."""
    with connect(settings) as connection, connection.cursor(row_factory=dict_row) as cursor:
        rows = cursor.execute('SELECT * FROM kiln_identities ORDER BY "_pk"').fetchall()
        return [{name: each for name, each in row.items() if name != "_pk"} for row in rows]
