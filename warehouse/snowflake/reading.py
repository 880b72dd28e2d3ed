"""Reading pages of profiles, identities and events from Snowflake, in a session of their own."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final, assert_never, final
from uuid import UUID

import pyarrow as pa

from mapping_lang.types.codec.encode import encoder_for
from mapping_lang.types.kinds import NO_SCHEMA, Schema, Type
from mapping_lang.types.schema import Path, prune
from mapping_lang.types.schemas.events import EVENT_SCHEMA
from mapping_lang.types.values import Json
from warehouse.errors import WarehouseChangedError
from warehouse.layout import EVENTS_VIEW, IDENTITIES, PROFILES_VIEW, columns, event_columns
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
from warehouse.snowflake.definition import upper
from warehouse.snowflake.predicate import render
from warehouse.snowflake.read import read_batch, selected
from warehouse.snowflake.session import Session, columns_of
from warehouse.sql import EMPTY, Sql, commas, compose, raw, value

_MOMENT: Final = 'TO_VARCHAR("_UPDATED_AT", \'YYYY-MM-DD"T"HH24:MI:SS.FF6\')'


def read_profiles(session: Session, query: ProfileQuery) -> ProfilePage:
    """Read a page of profiles."""
    total, page = profiles_page(query)
    found = _profiles(session.fetch(page), query.schema)
    return ProfilePage(profiles=found, total=max(_count(session, total), len(found)))


def profiles_page(query: ProfileQuery) -> tuple[Sql, Sql]:
    """Count the profiles that are asked for, and give those of the page."""
    where = EMPTY if query.where is None else raw(" WHERE ") + render(query.where)
    view = upper(PROFILES_VIEW)
    return (
        compose("SELECT COUNT(*) FROM {view}{where}", view=view, where=where),
        compose(
            "SELECT {columns} FROM {view}{where} ORDER BY {order}{page}",
            columns=_selection(query.schema),
            view=view,
            where=where,
            order=_order(query),
            page=_page(query.page),
        ),
    )


def read_profile(session: Session, kpid: UUID, schema: Schema) -> Profile | None:
    """Read one profile; None if there is none."""
    found = _profiles(session.fetch(one_profile(kpid, schema)), schema)
    return found[0] if found else None


def one_profile(kpid: UUID, schema: Schema) -> Sql:
    """Give the columns of a profile."""
    return compose(
        'SELECT {columns} FROM {view} WHERE "_KPID" = {kpid}',
        columns=_selection(schema),
        view=upper(PROFILES_VIEW),
        kpid=value(str(kpid)),
    )


def read_events(session: Session, kpid: UUID, page: Page) -> EventPage | None:
    """Read a page of the events of a profile, the latest first; None if there is no such."""
    if read_profile(session, kpid, NO_SCHEMA) is None:
        return None
    total, statement = events_page(kpid, page)
    events = _EVENTS.read(session.fetch(statement))
    return EventPage(events=events, total=max(_count(session, total), len(events)))


def events_page(kpid: UUID, page: Page) -> tuple[Sql, Sql]:
    """Count the events of a profile, and give those of the page."""
    of = compose('{view} WHERE "KPID" = {kpid}', view=upper(EVENTS_VIEW), kpid=value(str(kpid)))
    return (
        raw("SELECT COUNT(*) FROM ") + of,
        compose(
            'SELECT {columns} FROM {of} ORDER BY "TIMESTAMP" DESC, "MESSAGE_ID"{page}',
            columns=_EVENTS.selection,
            of=of,
            page=_page(page),
        ),
    )


def read_identities(session: Session, query: IdentityQuery) -> IdentityPage | None:
    """Read a page of identities, the latest first; None if their profile does not exist."""
    if isinstance(query.of, OfProfile) and read_profile(session, query.of.kpid, NO_SCHEMA) is None:
        return None
    total, page = identities_page(query)
    identities = tuple([_identity(row) for row in session.fetch(page)])
    return IdentityPage(identities=identities, total=max(_count(session, total), len(identities)))


def identities_page(query: IdentityQuery) -> tuple[Sql, Sql]:
    """Count the identities that are asked for, and give those of the page."""
    match query.of:
        case OfConnection(id=id_):
            of = compose('"_CONNECTION" = {id}', id=value(id_))
        case OfProfile(kpid=kpid):
            of = compose('"_KPID" = {kpid}', kpid=value(str(kpid)))
        case _:
            assert_never(query.of)
    pipelines = sorted(query.pipelines)
    where = (
        compose(
            '{of} AND "_PIPELINE" IN ({pipelines})',
            of=of,
            pipelines=commas(value(each) for each in pipelines),
        )
        if pipelines
        else raw("FALSE")
    )
    table = upper(IDENTITIES)
    return (
        compose("SELECT COUNT(*) FROM {table} WHERE {where}", table=table, where=where),
        compose(
            'SELECT "_IDENTITY_ID", "_IS_ANONYMOUS", TO_JSON("_ANONYMOUS_IDS"), "_CONNECTION",'
            ' "_PIPELINE", {moment} FROM {table} WHERE {where}'
            ' ORDER BY "_UPDATED_AT" DESC, "_PK" DESC{page}',
            moment=raw(_MOMENT),
            table=table,
            where=where,
            page=_page(query.page),
        ),
    )


def _order(query: ProfileQuery) -> Sql:
    direction = raw(" DESC" if query.descending else "")
    # Ties have one order too: pages are parts of one list.
    last = raw(', "_KPID"')
    if query.order is None:
        return upper("_updated_at") + direction + last
    return upper(query.order.name) + direction + raw(" NULLS LAST") + last


def _page(page: Page) -> Sql:
    return compose(
        " LIMIT {limit} OFFSET {first}", limit=value(page.limit), first=value(page.first)
    )


def _count(session: Session, statement: Sql) -> int:
    ((count, *_),) = session.fetch(statement)
    return int(count)


def _selection(schema: Schema) -> Sql:
    listed = (selected(each.name, each.type) for each in columns(schema))
    return commas((upper("_kpid"), raw(_MOMENT), *listed))


def _profiles(rows: Sequence[tuple[object, ...]], schema: Schema) -> tuple[Profile, ...]:
    attributes = _Rows.of(schema).read([row[2:] for row in rows])
    return tuple(
        Profile(kpid=UUID(str(row[0])), updated_at=_utc(str(row[1])), attributes=each)
        for row, each in zip(rows, attributes, strict=True)
    )


@final
@dataclass(frozen=True, slots=True)
class _Rows:
    """Makes JSON objects of rows; what is NULL is absent."""

    schema: Schema
    listed: tuple[tuple[str, Type], ...]

    @classmethod
    def of(cls, schema: Schema) -> "_Rows":
        return cls(schema, tuple((each.name, each.type) for each in columns(schema)))

    @property
    def selection(self) -> Sql:
        return commas(selected(name, type_) for name, type_ in self.listed)

    def read(self, rows: Sequence[tuple[object, ...]]) -> tuple[Json, ...]:
        if not rows or not self.listed:
            return tuple(Json("{}") for _ in rows)
        names = [each.name for each in columns(self.schema)]
        ids = pa.array([str(number) for number in range(len(rows))], pa.string())
        _, batch, rejected = read_batch(self.schema, ids, columns_of(names, rows))
        for _, rejection in rejected:
            raise WarehouseChangedError(
                "Snowflake", f"a row does not fit the schema: {rejection.message}"
            )
        encoder = encoder_for(self.schema)
        return tuple([Json(encoder.encode(record).decode()) for record in batch.to_records()])


def _event_rows() -> _Rows:
    listed = event_columns()
    paths: set[Path] = {each.path for each in listed}
    return _Rows(
        prune(EVENT_SCHEMA, lambda path, _: path in paths),
        tuple((each.name, each.type) for each in listed),
    )


_EVENTS: Final = _event_rows()


def _identity(row: Sequence[object]) -> Identity:
    id_, is_anonymous, anonymous_ids, connection, pipeline, updated_at = row
    ids = json.loads(str(anonymous_ids)) if anonymous_ids is not None else []
    return Identity(
        user_id=None if is_anonymous else str(id_),
        anonymous_ids=(*map(str, ids), *([str(id_)] if is_anonymous else ())),
        connection=str(connection),
        pipeline=str(pipeline),
        updated_at=_utc(str(updated_at)),
    )


def _utc(moment: str) -> datetime:
    return datetime.fromisoformat(moment).replace(tzinfo=UTC)
