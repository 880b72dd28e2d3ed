"""Snowflake as a platform, and an open warehouse on it."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Collection, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from functools import partial
from typing import Final
from uuid import UUID

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
from warehouse.interface import Mode, Platform, ReadMode
from warehouse.layout import EVENTS_VIEW, OPERATIONS, PROFILES_VIEW
from warehouse.load import Load
from warehouse.operations import Operation
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
from warehouse.snowflake.altering import alter, statements
from warehouse.snowflake.clearing import begin, clearance, deletion, finish, gone, over
from warehouse.snowflake.clusters import tables
from warehouse.snowflake.definition import (
    check_schema,
    created,
    definition,
    removal,
    repair,
    upper,
)
from warehouse.snowflake.driver import Connection, ObjectExistsError, connect, fetch
from warehouse.snowflake.entering import enter
from warehouse.snowflake.flight import POLL_SECONDS, Transaction, abort, in_flight
from warehouse.snowflake.loading import SnowflakeLoading
from warehouse.snowflake.reading import (
    read_events,
    read_identities,
    read_profile,
    read_profiles,
)
from warehouse.snowflake.resolving import preview, resolve
from warehouse.snowflake.session import Session
from warehouse.snowflake.settings import read_settings
from warehouse.snowflake.streaming import stream_profiles
from warehouse.sql import Sql, commas, compose, value
from warehouse.threads import apart, connected, ended


class SnowflakeWarehouse:
    """A schema of a Snowflake database, reached when it is needed."""

    def __init__(self, settings: Mapping[str, object]) -> None:
        self._settings = dict(settings)
        self._loads: list[SnowflakeLoading] = []

    async def check_initializable(self) -> None:
        await asyncio.to_thread(self._check_initializable)

    @asynccontextmanager
    async def initializing(
        self, schema: Schema, creation: UUID | None = None
    ) -> AsyncIterator[None]:
        # Every statement commits on its own here: what was created is dropped again on failure,
        # and nothing is dropped that somebody else has created.
        first, *rest = definition(schema)
        await asyncio.to_thread(self._claim, first)
        try:
            await asyncio.to_thread(self._initialize, rest, creation)
            yield
        except BaseException:
            await asyncio.shield(asyncio.to_thread(self._drop))
            raise

    async def was_created(self, creation: UUID) -> bool:
        return await asyncio.to_thread(self._was_created, creation)

    async def check_initialized(self) -> None:
        await asyncio.to_thread(self._check_initialized)

    async def repair(self, schema: Schema) -> None:
        await asyncio.to_thread(self._repair, schema)

    async def resolve(self, asked: Resolution, read_mode: ReadMode) -> Outcome:
        async with self._working(Operation.RESOLVE, read_mode, tables(asked)) as session:
            return await apart(session, lambda each: resolve(each, asked))

    async def preview(self, asked: Resolution) -> Preview:
        async with self._working(Operation.READ, _any_mode, tables(asked)) as session:
            return await apart(session, lambda each: preview(each, asked))

    async def alter(self, asked: Alteration, read_mode: ReadMode) -> None:
        async with self._working(Operation.ALTER, read_mode) as lock:
            session = await connected(self._session)
            try:
                await apart(lock, lambda each: alter(each, session, asked))
            finally:
                await ended(session)

    async def show_alteration(self, asked: Alteration) -> tuple[str, ...]:
        return statements(asked)

    async def read_profiles(self, query: ProfileQuery, read_mode: ReadMode) -> ProfilePage:
        async with self._working(Operation.READ, read_mode) as session:
            return await apart(session, lambda each: read_profiles(each, query))

    def stream_profiles(
        self, selection: ProfileSelection, read_mode: ReadMode
    ) -> AsyncGenerator[ProfileBatch, None]:
        return stream_profiles(self._session, selection, read_mode)

    async def read_profile(self, kpid: UUID, schema: Schema, read_mode: ReadMode) -> Profile | None:
        async with self._working(Operation.READ, read_mode) as session:
            return await apart(session, lambda each: read_profile(each, kpid, schema))

    async def read_events(self, kpid: UUID, page: Page, read_mode: ReadMode) -> EventPage | None:
        async with self._working(Operation.READ, read_mode) as session:
            return await apart(session, lambda each: read_events(each, kpid, page))

    async def read_identities(
        self, query: IdentityQuery, read_mode: ReadMode
    ) -> IdentityPage | None:
        async with self._working(Operation.READ, read_mode) as session:
            return await apart(session, lambda each: read_identities(each, query))

    async def open_load(self, load: Load, read_mode: ReadMode) -> SnowflakeLoading:
        loading = SnowflakeLoading(load, read_mode, self._session)
        self._loads.append(loading)
        await loading.open()
        return loading

    async def delete_identities(self, pipeline_id: int, read_mode: ReadMode) -> int:
        return await self._clear(tuple(gone(pipeline_id)), deletion(pipeline_id), read_mode)

    async def clear_properties(
        self, pipeline_id: int, profiles: Schema, paths: Iterable[Path], read_mode: ReadMode
    ) -> int:
        change = clearance(pipeline_id, profiles, paths)
        return await self._clear((over(pipeline_id),), change, read_mode) if change else 0

    async def count_in_flight(self) -> Mapping[Operation, int]:
        found = await asyncio.to_thread(self._in_flight, tuple(Operation))
        return {each: sum(one.operation is each for one in found) for each in Operation}

    async def drain(self, operations: Collection[Operation], *, cancel: bool) -> None:
        ended_ones: set[int] = set()
        while found := await asyncio.to_thread(self._in_flight, operations):
            if cancel:
                # What was ended may be shown for a while; what comes later is refused by the mode.
                now = [each for each in found if each.id not in ended_ones]
                await asyncio.to_thread(self._abort, now)
                ended_ones.update(each.id for each in now)
            await asyncio.sleep(POLL_SECONDS)

    async def close(self) -> None:
        while self._loads:
            await self._loads.pop().close()

    def _session(self) -> Session:
        return Session(self._settings)

    @asynccontextmanager
    async def _working(
        self, operation: Operation, read_mode: ReadMode, before: Iterable[Sql] = ()
    ) -> AsyncIterator[Session]:
        """Give a session that is in flight; definitions come before its transaction."""
        session = await connected(self._session)
        try:
            for statement in before:
                await apart(session, partial(_define, statement))
            await enter(session, operation, read_mode)
            yield session
        finally:
            await ended(session)

    async def _clear(
        self, ledger: Sequence[Sql], change: Sequence[Sql], read_mode: ReadMode
    ) -> int:
        """Change all in one transaction, in which nobody begins to load the pipeline."""
        session = await connected(self._session)
        try:
            await enter(session, Operation.WRITE, read_mode, partial(begin, statements=ledger))
            return await apart(session, partial(finish, statements=change))
        finally:
            await ended(session)

    def _in_flight(self, operations: Collection[Operation]) -> tuple[Transaction, ...]:
        with connect(self._settings) as connection:
            return in_flight(connection, self._settings, operations)

    def _abort(self, transactions: Collection[Transaction]) -> None:
        with connect(self._settings) as connection:
            for each in transactions:
                abort(connection, each)

    def _check_initializable(self) -> None:
        with connect(self._settings) as connection:
            self._check_empty(connection)

    def _claim(self, first: Sql) -> None:
        with connect(self._settings) as connection:
            self._check_empty(connection)
            try:
                fetch(connection, first)
            except ObjectExistsError:
                # Somebody else's tables, made meanwhile.
                raise NotInitializableError({"new tables": 1}) from None

    def _initialize(self, statements: Sequence[Sql], creation: UUID | None) -> None:
        with connect(self._settings) as connection:
            for statement in statements:
                fetch(connection, statement)
            if creation is not None:
                fetch(connection, created(creation))

    def _was_created(self, creation: UUID) -> bool:
        with connect(self._settings) as connection:
            known = fetch(
                connection,
                compose(
                    "SELECT COUNT(*) FROM INFORMATION_SCHEMA.TABLES WHERE TABLE_SCHEMA = {schema}"
                    " AND TABLE_NAME = {table}",
                    schema=value(str(self._settings["schema"])),
                    table=value(OPERATIONS.upper()),
                ),
            )
            if not known[0][0]:
                return False
            found = fetch(
                connection,
                compose(
                    'SELECT COUNT(*) FROM {table} WHERE "ID" = {id}',
                    table=upper(OPERATIONS),
                    id=value(str(creation)),
                ),
            )
            return bool(found[0][0])

    def _check_initialized(self) -> None:
        with connect(self._settings) as connection:
            self._check_views(connection)

    def _repair(self, schema: Schema) -> None:
        with connect(self._settings) as connection:
            self._check_views(connection)
            for statement in repair(schema):
                fetch(connection, statement)

    def _check_views(self, connection: Connection) -> None:
        # Both views keep their names, whatever else happens to a warehouse (DEC-46).
        rows = fetch(
            connection,
            compose(
                "SELECT COUNT(*) FROM INFORMATION_SCHEMA.VIEWS WHERE TABLE_SCHEMA = {schema}"
                " AND TABLE_NAME IN ({views})",
                schema=value(str(self._settings["schema"])),
                views=commas(value(each.upper()) for each in (PROFILES_VIEW, EVENTS_VIEW)),
            ),
        )
        if rows[0][0] != 2:
            raise NotInitializedError(str(self._settings["schema"]))

    def _drop(self) -> None:
        with connect(self._settings) as connection:
            for statement in removal():
                fetch(connection, statement)

    def _check_empty(self, connection: Connection) -> None:
        schema = str(self._settings["schema"])
        known = fetch(
            connection,
            compose(
                "SELECT COUNT(*) FROM INFORMATION_SCHEMA.SCHEMATA WHERE SCHEMA_NAME = {schema}",
                schema=value(schema),
            ),
        )
        if not known[0][0]:
            raise WarehouseUnavailableError("Snowflake", f'there is no schema "{schema}"')
        found: dict[str, int] = {}
        for label, view, column in (
            ("tables and views", "TABLES", "TABLE_SCHEMA"),
            ("sequences", "SEQUENCES", "SEQUENCE_SCHEMA"),
            ("procedures", "PROCEDURES", "PROCEDURE_SCHEMA"),
            ("functions", "FUNCTIONS", "FUNCTION_SCHEMA"),
            ("stages", "STAGES", "STAGE_SCHEMA"),
        ):
            rows = fetch(
                connection,
                compose(
                    f"SELECT COUNT(*) FROM INFORMATION_SCHEMA.{view} WHERE {column} = {{schema}}",
                    schema=value(schema),
                ),
            )
            if rows[0][0]:
                found[label] = int(rows[0][0])
        if found:
            raise NotInitializableError(found)


def _define(statement: Sql, session: Session) -> None:
    session.fetch(statement)


async def _any_mode() -> Mode:
    return Mode.NORMAL


async def _open(settings: Mapping[str, object], reach: Reach) -> SnowflakeWarehouse:
    # An account is a name below the domain of Snowflake, which proves by TLS that it is there.
    del reach
    return SnowflakeWarehouse(settings)


SNOWFLAKE: Final = Platform(
    code="Snowflake",
    label="Snowflake",
    read_settings=read_settings,
    check_schema=check_schema,
    same_warehouse=lambda one, other: (
        (one["account"], one["database"], one["schema"])
        == (other["account"], other["database"], other["schema"])
    ),
    secret_settings=frozenset({"password"}),
    open=_open,
)
