"""PostgreSQL as a platform, and an open warehouse on it."""

from collections.abc import AsyncGenerator, AsyncIterator, Collection, Iterable, Mapping
from contextlib import asynccontextmanager
from types import MappingProxyType
from typing import Final
from uuid import UUID

import psycopg

from forms.addresses import Reach
from mapping_lang.types.kinds import Schema
from mapping_lang.types.schema import Path
from warehouse.alteration import Alteration
from warehouse.errors import (
    NotInitializableError,
    NotInitializedError,
    WarehouseUnavailableError,
)
from warehouse.identity import Outcome, Preview, Resolution
from warehouse.interface import Platform, ReadMode
from warehouse.layout import EVENTS_VIEW, OPERATIONS, PROFILE_VERSIONS, PROFILES_VIEW
from warehouse.load import Load
from warehouse.operations import Operation
from warehouse.postgresql.altering import alter, statements
from warehouse.postgresql.clearing import clear_properties, delete_identities
from warehouse.postgresql.definition import check_schema, created, definition, repair
from warehouse.postgresql.driver import Connection, connect, execute, located
from warehouse.postgresql.flight import drain, enter, in_flight
from warehouse.postgresql.loading import PostgresqlLoading
from warehouse.postgresql.readers import Readers
from warehouse.postgresql.reading import (
    read_events,
    read_identities,
    read_profile,
    read_profiles,
)
from warehouse.postgresql.resolving import preview, resolve
from warehouse.postgresql.session import Session
from warehouse.postgresql.settings import read_settings
from warehouse.postgresql.streaming import stream_profiles
from warehouse.profile import (
    EventPage,
    IdentityPage,
    IdentityQuery,
    Page,
    Profile,
    ProfilePage,
    ProfileQuery,
)
from warehouse.selection import ProfileBatch, ProfileSelection
from warehouse.sql import commas, compose, name, raw, value

_RELATIONS: Final = MappingProxyType(
    {
        "r": "tables",
        "p": "partitioned tables",
        "v": "views",
        "m": "materialized views",
        "i": "indexes",
        "I": "partitioned indexes",
        "S": "sequences",
        "c": "composite types",
        "f": "foreign tables",
    }
)


READ_SECONDS: Final = 60
"""What a page of a list may take; a client does not wait longer."""


class PostgresqlWarehouse:
    """A schema of a PostgreSQL database, reached when it is needed."""

    def __init__(self, settings: Mapping[str, object]) -> None:
        self._settings = dict(settings)
        self._schema = str(settings["schema"])
        self._loads: list[PostgresqlLoading] = []
        self._readers = Readers(self._settings)

    async def check_initializable(self) -> None:
        async with connect(self._settings) as connection:
            await self._check_empty(connection)

    @asynccontextmanager
    async def initializing(
        self, schema: Schema, creation: UUID | None = None
    ) -> AsyncIterator[None]:
        async with connect(self._settings) as connection:
            try:
                async with connection.transaction():
                    # Of two that begin at once, one waits and then finds the other's tables.
                    await self._lock(connection)
                    await self._check_empty(connection)
                    for statement in definition(schema):
                        await execute(connection, statement)
                    if creation is not None:
                        await execute(connection, created(creation))
                    yield
            except (psycopg.errors.DuplicateTable, psycopg.errors.UniqueViolation):
                # Somebody else's tables, made meanwhile.
                raise NotInitializableError({"new tables": 1}) from None

    async def was_created(self, creation: UUID) -> bool:
        async with connect(self._settings) as connection, connection.transaction():
            # Whoever began it may be gone, and its commit may be on its way.
            await self._lock(connection)
            table = value(f'"{OPERATIONS}"')
            cursor = await execute(connection, compose("SELECT to_regclass({t})", t=table))
            if await cursor.fetchone() == (None,):
                return False
            cursor = await execute(
                connection,
                compose(
                    'SELECT count(*) FROM {table} WHERE "id" = {id}',
                    table=name(OPERATIONS),
                    id=value(creation),
                ),
            )
            return await cursor.fetchone() == (1,)

    async def check_initialized(self) -> None:
        async with connect(self._settings) as connection:
            await self._check_initialized(connection)

    async def repair(self, schema: Schema) -> None:
        async with connect(self._settings) as connection, connection.transaction():
            await self._check_initialized(connection)
            version = await self._version(connection)
            for statement in repair(schema, version):
                await execute(connection, statement)

    async def resolve(self, asked: Resolution, read_mode: ReadMode) -> Outcome:
        async with connect(self._settings) as connection, connection.transaction():
            await enter(connection, self._schema, Operation.RESOLVE, read_mode)
            return await resolve(connection, asked)

    async def alter(self, asked: Alteration, read_mode: ReadMode) -> None:
        async with connect(self._settings) as connection, connection.transaction():
            await enter(connection, self._schema, Operation.ALTER, read_mode)
            await alter(connection, asked)

    async def show_alteration(self, asked: Alteration) -> tuple[str, ...]:
        async with connect(self._settings) as connection:
            # None of them has a value beside it.
            return tuple(
                each.text.replace("%%", "%") for each in await statements(connection, asked)
            )

    async def read_profiles(self, query: ProfileQuery, read_mode: ReadMode) -> ProfilePage:
        async with self._reading(read_mode) as connection:
            return await read_profiles(connection, query)

    def stream_profiles(
        self, selection: ProfileSelection, read_mode: ReadMode
    ) -> AsyncGenerator[ProfileBatch, None]:
        return stream_profiles(self._session, self._schema, selection, read_mode)

    def _session(self) -> Session:
        return Session(self._settings)

    async def read_profile(self, kpid: UUID, schema: Schema, read_mode: ReadMode) -> Profile | None:
        async with self._reading(read_mode) as connection:
            return await read_profile(connection, kpid, schema)

    async def read_events(self, kpid: UUID, page: Page, read_mode: ReadMode) -> EventPage | None:
        async with self._reading(read_mode) as connection:
            return await read_events(connection, kpid, page)

    async def read_identities(
        self, query: IdentityQuery, read_mode: ReadMode
    ) -> IdentityPage | None:
        async with self._reading(read_mode) as connection:
            return await read_identities(connection, query)

    @asynccontextmanager
    async def _reading(self, read_mode: ReadMode) -> AsyncIterator[Connection]:
        async with self._readers.connection() as connection, connection.transaction():
            await execute(connection, raw(f"SET LOCAL statement_timeout = '{READ_SECONDS}s'"))
            await enter(connection, self._schema, Operation.READ, read_mode)
            yield connection

    async def preview(self, asked: Resolution) -> Preview:
        async with connect(self._settings) as connection:
            return await preview(connection, asked)

    async def open_load(self, load: Load, read_mode: ReadMode) -> PostgresqlLoading:
        loading = PostgresqlLoading(load, read_mode, self._schema, self._session)
        self._loads.append(loading)
        await loading.open()
        return loading

    async def delete_identities(self, pipeline_id: int, read_mode: ReadMode) -> int:
        async with connect(self._settings) as connection:
            return await delete_identities(connection, self._schema, pipeline_id, read_mode)

    async def clear_properties(
        self, pipeline_id: int, profiles: Schema, paths: Iterable[Path], read_mode: ReadMode
    ) -> int:
        async with connect(self._settings) as connection:
            return await clear_properties(
                connection, self._schema, pipeline_id, profiles, paths, read_mode
            )

    async def count_in_flight(self) -> Mapping[Operation, int]:
        async with connect(self._settings) as connection:
            return await in_flight(connection, self._schema)

    async def drain(self, operations: Collection[Operation], *, cancel: bool) -> None:
        async with connect(self._settings) as connection:
            await drain(connection, self._schema, operations, cancel=cancel)

    async def close(self) -> None:
        while self._loads:
            await self._loads.pop().close()
        await self._readers.close()

    async def _lock(self, connection: Connection) -> None:
        await execute(
            connection,
            compose(
                "SELECT pg_advisory_xact_lock(hashtextextended({schema}, 0))",
                schema=value(f"kiln {self._settings['schema']}"),
            ),
        )

    async def _check_initialized(self, connection: Connection) -> None:
        # Both views keep their names, whatever else happens to a warehouse (DEC-46).
        listed = commas(value(each) for each in (PROFILES_VIEW, EVENTS_VIEW))
        cursor = await execute(
            connection,
            compose(
                "SELECT count(*) FROM pg_class WHERE relname IN ({listed}) AND relkind = 'v'"
                " AND relnamespace = to_regnamespace({schema})",
                listed=listed,
                schema=value(str(self._settings["schema"])),
            ),
        )
        if await cursor.fetchone() != (2,):
            raise NotInitializedError(str(self._settings["schema"]))

    async def _version(self, connection: Connection) -> int:
        cursor = await execute(
            connection,
            compose(
                'SELECT coalesce(max("version"), 0) FROM {table}', table=name(PROFILE_VERSIONS)
            ),
        )
        (version,) = await cursor.fetchone() or (0,)
        return int(version)

    async def _check_empty(self, connection: Connection) -> None:
        schema = str(self._settings["schema"])
        cursor = await execute(
            connection,
            compose(
                "SELECT oid::bigint, has_schema_privilege(oid, 'CREATE')"
                " AND has_schema_privilege(oid, 'USAGE')"
                " FROM pg_namespace WHERE nspname = {schema}",
                schema=value(schema),
            ),
        )
        found = await cursor.fetchone()
        if found is None:
            raise WarehouseUnavailableError("PostgreSQL", f'there is no schema "{schema}"')
        oid, allowed = found
        if not allowed:
            raise WarehouseUnavailableError(
                "PostgreSQL", f'the user may not create tables in the schema "{schema}"'
            )
        cursor = await execute(
            connection,
            compose(
                "SELECT relkind::text, count(*) FROM pg_class WHERE relnamespace = {oid}::oid"
                " GROUP BY 1 ORDER BY 1",
                oid=value(oid),
            ),
        )
        counts = {str(kind): int(count) for kind, count in await cursor.fetchall()}
        listed = {label: counts.pop(kind) for kind, label in _RELATIONS.items() if kind in counts}
        if counts:
            listed["other relations"] = sum(counts.values())
        if listed:
            raise NotInitializableError(listed)


async def _open(settings: Mapping[str, object], reach: Reach) -> PostgresqlWarehouse:
    return PostgresqlWarehouse(await located(settings, reach))


POSTGRESQL: Final = Platform(
    code="PostgreSQL",
    label="PostgreSQL",
    read_settings=read_settings,
    check_schema=check_schema,
    same_warehouse=lambda one, other: one["schema"] == other["schema"],
    secret_settings=frozenset({"password"}),
    open=_open,
)
