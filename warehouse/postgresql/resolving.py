"""Identity resolution on PostgreSQL, from beginning to end."""

from typing import Final

from mapping_lang.types.schema import format_path
from warehouse.identity import Cause, Outcome, Preview, Resolution, TooManyMergedError
from warehouse.layout import IDENTITIES, OPERATIONS, PROFILE_VERSIONS, PROFILES_VIEW
from warehouse.postgresql.clusters import LARGEST_CAUSES, SUMMARY, lock, prepare, too_many
from warehouse.postgresql.driver import Connection, execute
from warehouse.postgresql.resolution import apply
from warehouse.sql import compose, name, raw, value

OPERATION_TYPE: Final = "IdentityResolution"

_SETTINGS: Final = (
    # Who asked may be gone: what nobody waits for is given up.
    "SET LOCAL client_connection_check_interval = '2s'",
    # Sorting a million identities on disk takes longer than all the rest.
    "SET LOCAL work_mem = '128MB'",
    # Compiling these statements takes longer than most of them.
    "SET LOCAL jit = off",
)


async def resolve(connection: Connection, asked: Resolution) -> Outcome:
    """Resolve all identities, or change nothing. An operation is done once, however often asked.

    It is all in the transaction of the connection: a crash at any point leaves the profiles as
    they were, and the same operation can be asked for again by whoever finds that it did not end.
    """
    await execute(connection, lock())
    # After the lock: whoever did the same operation before has ended.
    if not await _begin(connection, asked):
        return await _outcome(connection)
    await _prepare(connection, asked)
    await _refuse_too_many(connection, asked)
    outcome = (await _summary(connection, asked)).outcome
    for statement in apply(asked, await _version(connection)):
        await execute(connection, statement)
    return outcome


async def preview(connection: Connection, asked: Resolution) -> Preview:
    """Say what a resolution would do; nothing changes, and nobody waits."""
    async with connection.transaction(force_rollback=True):
        await _prepare(connection, asked)
        return await _summary(connection, asked)


async def _refuse_too_many(connection: Connection, asked: Resolution) -> None:
    cursor = await execute(connection, too_many(asked))
    found = await cursor.fetchone()
    if found is not None:
        rank, text, count = found
        identifier = format_path(asked.identifiers[rank])
        raise TooManyMergedError(identifier, str(text), int(count), asked.max_merged)


async def _version(connection: Connection) -> int:
    cursor = await execute(
        connection,
        compose('SELECT coalesce(max("version"), 0) FROM {table}', table=name(PROFILE_VERSIONS)),
    )
    (version,) = await cursor.fetchone() or (0,)
    return int(version)


async def _prepare(connection: Connection, asked: Resolution) -> None:
    for setting in _SETTINGS:
        await execute(connection, raw(setting))
    for statement in prepare(asked):
        await execute(connection, statement)


async def _begin(connection: Connection, asked: Resolution) -> bool:
    """Note the operation as done, which it is if the transaction ends well; False if it was."""
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
    return cursor.rowcount == 1


async def _outcome(connection: Connection) -> Outcome:
    """Count what an operation that was done before has left."""
    cursor = await execute(
        connection,
        compose(
            "SELECT (SELECT count(*) FROM {identities}), (SELECT count(*) FROM {profiles})",
            identities=name(IDENTITIES),
            profiles=name(PROFILES_VIEW),
        ),
    )
    identities, profiles = await cursor.fetchone() or (0, 0)
    return Outcome(identities=int(identities), profiles=int(profiles))


async def _summary(connection: Connection, asked: Resolution) -> Preview:
    cursor = await execute(connection, SUMMARY)
    found = await cursor.fetchone()
    if found is None:
        raise LookupError("a row of counts")
    identities, profiles, merged, split, created, largest = found
    cursor = await execute(connection, LARGEST_CAUSES)
    causes = tuple(
        Cause(identifier=format_path(asked.identifiers[rank]), value=text, identities=int(count))
        for rank, text, count in await cursor.fetchall()
    )
    return Preview(
        outcome=Outcome(identities=identities, profiles=profiles),
        merged=merged,
        split=split,
        created=created,
        largest=tuple(largest),
        causes=causes,
        max_merged=asked.max_merged,
    )
