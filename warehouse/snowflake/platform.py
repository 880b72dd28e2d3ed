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
    ModeRefusedError,
    NotInitializableError,
    NotInitializedError,
    NotSupportedError,
    WarehouseUnavailableError,
)
from warehouse.identity import Outcome, Preview, Resolution
from warehouse.interface import Platform, ReadMode
from warehouse.layout import EVENTS_VIEW, OPERATIONS, PROFILE_VERSIONS, PROFILES_VIEW
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
from warehouse.snowflake.clearing import WAIT_FOR_WRITERS, clearance, deletion
from warehouse.snowflake.definition import (
    check_schema,
    created,
    definition,
    removal,
    repair,
    upper,
)
from warehouse.snowflake.driver import Connection, connect, fetch
from warehouse.snowflake.loading import SnowflakeLoading
from warehouse.snowflake.session import Session
from warehouse.snowflake.settings import read_settings
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
        # Every statement commits on its own here: what was created is dropped again on failure.
        try:
            await asyncio.to_thread(self._initialize, schema, creation)
            yield
        except NotInitializableError:
            raise
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
        await read_mode()
        raise NotSupportedError("Snowflake", f"identity resolution (operation {asked.operation})")

    async def alter(self, asked: Alteration, read_mode: ReadMode) -> None:
        await read_mode()
        raise NotSupportedError("Snowflake", f"changing the schema (operation {asked.operation})")

    async def show_alteration(self, asked: Alteration) -> tuple[str, ...]:
        raise NotSupportedError("Snowflake", f"changing the schema (operation {asked.operation})")

    async def read_profiles(self, query: ProfileQuery, read_mode: ReadMode) -> ProfilePage:
        await read_mode()
        raise NotSupportedError("Snowflake", f"reading {query.page.limit} profiles")

    def stream_profiles(
        self, selection: ProfileSelection, read_mode: ReadMode
    ) -> AsyncGenerator[ProfileBatch, None]:
        raise NotSupportedError("Snowflake", f"reading {len(selection.schema.properties)} columns")

    async def read_profile(self, kpid: UUID, schema: Schema, read_mode: ReadMode) -> Profile | None:
        await read_mode()
        raise NotSupportedError(
            "Snowflake", f"reading {len(schema.properties)} properties of profile {kpid}"
        )

    async def read_events(self, kpid: UUID, page: Page, read_mode: ReadMode) -> EventPage | None:
        await read_mode()
        raise NotSupportedError("Snowflake", f"reading {page.limit} events of profile {kpid}")

    async def read_identities(
        self, query: IdentityQuery, read_mode: ReadMode
    ) -> IdentityPage | None:
        await read_mode()
        raise NotSupportedError("Snowflake", f"reading {query.page.limit} identities")

    async def preview(self, asked: Resolution) -> Preview:
        raise NotSupportedError("Snowflake", f"identity resolution (operation {asked.operation})")

    async def open_load(self, load: Load, read_mode: ReadMode) -> SnowflakeLoading:
        loading = SnowflakeLoading(load, read_mode, lambda: Session(self._settings))
        self._loads.append(loading)
        await loading.open()
        return loading

    async def delete_identities(self, pipeline_id: int, read_mode: ReadMode) -> int:
        return await self._clear(deletion(pipeline_id), read_mode)

    async def clear_properties(
        self, pipeline_id: int, profiles: Schema, paths: Iterable[Path], read_mode: ReadMode
    ) -> int:
        return await self._clear(clearance(pipeline_id, profiles, paths), read_mode)

    async def count_in_flight(self) -> Mapping[Operation, int]:
        raise NotSupportedError("Snowflake", "counting the operations in flight")

    async def drain(self, operations: Collection[Operation], *, cancel: bool) -> None:
        if cancel:
            raise NotSupportedError("Snowflake", "cancelling what is in flight")
        if Operation.WRITE in operations:
            await asyncio.to_thread(self._wait_for_writers)

    async def close(self) -> None:
        while self._loads:
            await self._loads.pop().close()

    async def _clear(self, statements: Sequence[Sql], read_mode: ReadMode) -> int:
        """Change all in one transaction; the last statement tells how many identities that were."""
        first, *rest = statements
        session = await connected(lambda: Session(self._settings))
        try:
            await apart(session, Session.begin)
            await apart(session, lambda each: each.fetch(first))
            # The ledger first, the mode after: a change of mode waits for the ledger.
            mode = await read_mode()
            if not mode.allows(Operation.WRITE):
                raise ModeRefusedError(mode, Operation.WRITE)
            count = 0
            for statement in rest:
                count = await apart(session, partial(_change, statement))
            await apart(session, Session.commit)
            return count
        finally:
            await ended(session)

    def _wait_for_writers(self) -> None:
        with connect(self._settings) as connection:
            fetch(connection, WAIT_FOR_WRITERS)

    def _check_initializable(self) -> None:
        with connect(self._settings) as connection:
            self._check_empty(connection)

    def _initialize(self, schema: Schema, creation: UUID | None) -> None:
        with connect(self._settings) as connection:
            self._check_empty(connection)
            for statement in definition(schema):
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
            rows = fetch(
                connection,
                compose(
                    'SELECT COALESCE(MAX("VERSION"), 0) FROM {table}',
                    table=upper(PROFILE_VERSIONS),
                ),
            )
            for statement in repair(schema, int(rows[0][0])):
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


def _change(statement: Sql, session: Session) -> int:
    ((count, *_),) = session.fetch(statement)
    return int(count)


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
