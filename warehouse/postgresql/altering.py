"""Changing the columns of a PostgreSQL warehouse with the profile schema (WH-72)."""

from collections.abc import Iterator
from typing import Final

from warehouse.alteration import Alteration
from warehouse.layout import IDENTITIES, OPERATIONS, PROFILE_VERSIONS, PROFILES_VIEW, profiles_table
from warehouse.postgresql.definition import profiles_view
from warehouse.postgresql.driver import Connection, execute
from warehouse.postgresql.types import column_type
from warehouse.sql import Sql, commas, compose, name, raw, value

OPERATION_TYPE: Final = "AlterProfileSchema"


async def alter(connection: Connection, asked: Alteration) -> None:
    """Change the columns, once however often it is asked for, in the connection's transaction."""
    cursor = await execute(
        connection,
        compose(
            'INSERT INTO {table} ("id", "operation_type", "completed_at")'
            " VALUES ({id}, {type}, now() AT TIME ZONE 'UTC') ON CONFLICT DO NOTHING",
            table=name(OPERATIONS),
            id=value(asked.operation),
            type=value(OPERATION_TYPE),
        ),
    )
    if cursor.rowcount != 1:
        return
    for statement in await statements(connection, asked):
        await execute(connection, statement)


async def statements(connection: Connection, asked: Alteration) -> list[Sql]:
    """List what has to be done."""
    if not asked.changes_columns:
        return []
    cursor = await execute(
        connection,
        compose('SELECT coalesce(max("version"), 0) FROM {table}', table=name(PROFILE_VERSIONS)),
    )
    (version,) = await cursor.fetchone() or (0,)
    return list(_statements(asked, profiles_table(int(version))))


def _statements(asked: Alteration, table: str) -> Iterator[Sql]:
    # In the order of resolutions. Who has the view may still read identities, until it is ours.
    yield compose("LOCK TABLE {table} IN SHARE ROW EXCLUSIVE MODE", table=name(IDENTITIES))
    yield compose("DROP VIEW IF EXISTS {view}", view=name(PROFILES_VIEW))
    for each in (IDENTITIES, table):
        yield from _of_table(asked, each)
    yield profiles_view(table, asked.new)


def _of_table(asked: Alteration, table: str) -> Iterator[Sql]:
    changes = asked.changes
    drops = [compose("DROP COLUMN {column}", column=name(each.name)) for each in changes.dropped]
    adds = [
        compose("ADD COLUMN {column} ", column=name(each.name)) + raw(column_type(each.type))
        for each in changes.added
    ]
    if drops:
        yield compose("ALTER TABLE {table} {drops}", table=name(table), drops=commas(drops))
    renames = [(old.name, new.name) for old, new in changes.renamed if old.name != new.name]
    taken = {new for _, new in renames} & {old for old, _ in renames}
    # Two may have each other's name: those in the way go somewhere else first.
    aside = {old: f"_renamed_{number}" for number, (old, _) in enumerate(renames) if old in taken}
    for old, elsewhere in aside.items():
        yield _rename(table, old, elsewhere)
    for old, new in renames:
        yield _rename(table, aside.get(old, old), new)
    if adds:
        yield compose("ALTER TABLE {table} {adds}", table=name(table), adds=commas(adds))


def _rename(table: str, old: str, new: str) -> Sql:
    return compose(
        "ALTER TABLE {table} RENAME COLUMN {old} TO {new}",
        table=name(table),
        old=name(old),
        new=name(new),
    )
