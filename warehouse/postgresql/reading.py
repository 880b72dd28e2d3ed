"""Reading pages of profiles, identities and events from PostgreSQL."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, assert_never
from uuid import UUID

from psycopg.adapt import Loader

from mapping_lang.types.codec.encode import encoder_for
from mapping_lang.types.conform.conform import conform_record
from mapping_lang.types.errors import ValueRefusedError
from mapping_lang.types.kinds import (
    NO_SCHEMA,
    JsonType,
    MapType,
    ObjectType,
    Schema,
    StringType,
    Type,
)
from mapping_lang.types.schema import Path, prune
from mapping_lang.types.schemas.events import EVENT_SCHEMA
from mapping_lang.types.values import Json
from warehouse.errors import WarehouseChangedError
from warehouse.layout import (
    EVENTS_VIEW,
    IDENTITIES,
    PROFILE_VERSIONS,
    PROFILES_VIEW,
    columns,
    event_columns,
    profiles_table,
)
from warehouse.postgresql.driver import Connection, execute
from warehouse.postgresql.predicate import render
from warehouse.profile import (
    EventPage,
    Identity,
    IdentityPage,
    IdentityQuery,
    OfConnection,
    OfProfile,
    Page,
    Profile,
    ProfilePage,
    ProfileQuery,
)
from warehouse.sql import EMPTY, Sql, commas, compose, name, raw, value


class _TextLoader(Loader):
    """Takes a value as the text that the server writes."""

    def load(self, data: Any) -> str:  # noqa: ANN401 - bytes, or a view of them
        return bytes(data).decode()


def as_text(connection: Connection) -> None:
    """Read what has a text of its own as that text: numbers in JSON keep their spelling."""
    for type_ in ("jsonb", "inet", "uuid", "float4"):
        connection.adapters.register_loader(type_, _TextLoader)


async def read_profiles(connection: Connection, query: ProfileQuery) -> ProfilePage:
    """Read a page of profiles."""
    as_text(connection)
    reader = _ProfileReader(query.schema)
    where = EMPTY if query.where is None else raw(" WHERE ") + render(query.where)
    cursor = await execute(
        connection,
        compose("SELECT count(*) FROM {view}{where}", view=name(PROFILES_VIEW), where=where),
    )
    (total,) = await cursor.fetchone() or (0,)
    cursor = await execute(
        connection,
        compose(
            "SELECT {columns} FROM {view}{where} ORDER BY {order}{page}",
            columns=reader.names,
            view=name(PROFILES_VIEW),
            where=where,
            order=_order(query),
            page=_page(query.page),
        ),
    )
    profiles = tuple([reader.read(row) for row in await cursor.fetchall()])
    return ProfilePage(profiles=profiles, total=max(int(total), len(profiles)))


async def read_profile(connection: Connection, kpid: UUID, schema: Schema) -> Profile | None:
    """Read one profile; None if there is none."""
    as_text(connection)
    reader = _ProfileReader(schema)
    cursor = await execute(
        connection,
        compose(
            'SELECT {columns} FROM {view} WHERE "_kpid" = {kpid}',
            columns=reader.names,
            view=name(PROFILES_VIEW),
            kpid=value(kpid),
        ),
    )
    row = await cursor.fetchone()
    return None if row is None else reader.read(row)


async def read_events(connection: Connection, kpid: UUID, page: Page) -> EventPage | None:
    """Read a page of the events of a profile, the latest first; None if there is no such."""
    if await read_profile(connection, kpid, NO_SCHEMA) is None:
        return None
    reader = _RowReader(((each.name, each.path) for each in event_columns()), EVENT_SCHEMA)
    of = compose('{view} WHERE "kpid" = {kpid}', view=name(EVENTS_VIEW), kpid=value(kpid))
    cursor = await execute(connection, raw("SELECT count(*) FROM ") + of)
    (total,) = await cursor.fetchone() or (0,)
    cursor = await execute(
        connection,
        compose(
            'SELECT {columns} FROM {of} ORDER BY "timestamp" DESC, "message_id"{page}',
            columns=reader.names,
            of=of,
            page=_page(page),
        ),
    )
    events = tuple([reader.read(row) for row in await cursor.fetchall()])
    return EventPage(events=events, total=max(int(total), len(events)))


async def read_identities(connection: Connection, query: IdentityQuery) -> IdentityPage | None:
    """Read a page of identities, the latest first; None if their profile does not exist."""
    match query.of:
        case OfConnection(id=id_):
            of = compose('"_connection" = {id}', id=value(id_))
        case OfProfile(kpid=kpid):
            numbers = await _identities_of(connection, kpid)
            if numbers is None:
                return None
            of = compose('"_pk" = ANY({numbers})', numbers=value(numbers))
        case _:
            assert_never(query.of)
    where = compose(
        '{of} AND "_pipeline" = ANY({pipelines})', of=of, pipelines=value(list(query.pipelines))
    )
    table = name(IDENTITIES)
    cursor = await execute(
        connection, compose("SELECT count(*) FROM {table} WHERE {where}", table=table, where=where)
    )
    (total,) = await cursor.fetchone() or (0,)
    cursor = await execute(
        connection,
        compose(
            'SELECT "_identity_id", "_is_anonymous", "_anonymous_ids", "_connection", "_pipeline",'
            ' "_updated_at" FROM {table} WHERE {where}'
            ' ORDER BY "_updated_at" DESC, "_pk" DESC{page}',
            table=table,
            where=where,
            page=_page(query.page),
        ),
    )
    identities = tuple([_identity(row) for row in await cursor.fetchall()])
    return IdentityPage(identities=identities, total=max(int(total), len(identities)))


async def _identities_of(connection: Connection, kpid: UUID) -> list[int] | None:
    # Whoever looks at the view keeps its table from being dropped until the transaction ends.
    await execute(connection, compose("SELECT FROM {view} LIMIT 0", view=name(PROFILES_VIEW)))
    cursor = await execute(
        connection,
        compose('SELECT coalesce(max("version"), 0) FROM {table}', table=name(PROFILE_VERSIONS)),
    )
    (version,) = await cursor.fetchone() or (0,)
    cursor = await execute(
        connection,
        compose(
            'SELECT "_identities" FROM {table} WHERE "_kpid" = {kpid}',
            table=name(profiles_table(int(version))),
            kpid=value(kpid),
        ),
    )
    row = await cursor.fetchone()
    return None if row is None else list(row[0])


def _order(query: ProfileQuery) -> Sql:
    direction = raw(" DESC" if query.descending else "")
    # Ties have one order too: pages are parts of one list.
    last = raw(', "_kpid"')
    if query.order is None:
        return name("_updated_at") + direction + last
    # As everywhere else texts are ordered by their code points (FILT-44).
    collation = raw(' COLLATE "C"' if isinstance(query.order.type, StringType) else "")
    return name(query.order.name) + collation + direction + raw(" NULLS LAST") + last


def _page(page: Page) -> Sql:
    return compose(
        " LIMIT {limit} OFFSET {first}", limit=value(page.limit), first=value(page.first)
    )


class _ProfileReader:
    """Makes profiles of rows of the columns of a schema."""

    def __init__(self, schema: Schema) -> None:
        self._attributes = _RowReader(((each.name, each.path) for each in columns(schema)), schema)

    @property
    def names(self) -> Sql:
        meta = commas(name(each) for each in ("_kpid", "_updated_at"))
        return meta + raw(", ") + self._attributes.names if self._attributes.names else meta

    def read(self, row: tuple[Any, ...]) -> Profile:
        kpid, updated_at, *found = row
        attributes = self._attributes.read(found)
        return Profile(kpid=UUID(kpid), updated_at=_utc(updated_at), attributes=attributes)


class _RowReader:
    """Makes JSON objects of rows; what is NULL is absent."""

    def __init__(self, listed: Iterable[tuple[str, Path]], schema: Schema) -> None:
        self._listed = tuple(listed)
        paths = {path for _, path in self._listed}
        self._schema = prune(_stored(schema), lambda path, _: path in paths)

    @property
    def names(self) -> Sql:
        return commas(name(each) for each, _ in self._listed)

    def read(self, row: Sequence[Any]) -> Json:
        found: dict[str, Any] = {}
        for (_, path), item in zip(self._listed, row, strict=True):
            if item is None:
                continue
            place = found
            for part in path[:-1]:
                place = place.setdefault(part, {})
            place[path[-1]] = item
        if not found:
            return Json("{}")
        try:
            record = conform_record(found, self._schema)
        except ValueRefusedError as error:
            raise WarehouseChangedError(
                "PostgreSQL", f"a row does not fit the schema: {error}"
            ) from error
        return Json(encoder_for(self._schema).encode(record).decode())


def _stored(schema: Schema) -> Schema:
    """Give the schema of what columns hold: a map is JSON, whose values are written already."""
    return ObjectType(
        tuple(replace(item, type=_stored_type(item.type)) for item in schema.properties)
    )


def _stored_type(type_: Type) -> Type:
    match type_:
        case ObjectType():
            return _stored(type_)
        case MapType():
            return JsonType()
        case _:
            return type_


def _identity(row: tuple[Any, ...]) -> Identity:
    id_, is_anonymous, anonymous_ids, connection, pipeline, updated_at = row
    return Identity(
        user_id=None if is_anonymous else id_,
        anonymous_ids=(*(anonymous_ids or ()), *([id_] if is_anonymous else ())),
        connection=connection,
        pipeline=pipeline,
        updated_at=_utc(updated_at),
    )


def _utc(moment: datetime) -> datetime:
    return moment.replace(tzinfo=UTC)
