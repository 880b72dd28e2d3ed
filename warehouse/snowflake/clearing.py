"""Taking identities, or what they hold, out of a warehouse on Snowflake (WH-32, DEC-48)."""

from collections.abc import Iterable, Sequence

from mapping_lang.types.kinds import Schema
from mapping_lang.types.schema import Path, prune_to_paths
from warehouse.layout import DESTINATION_PROFILES, IDENTITIES, LOADS, TOUCHED, columns
from warehouse.snowflake.definition import upper
from warehouse.snowflake.session import Session
from warehouse.sql import Sql, commas, compose, join, raw, value


def clear(session: Session, statements: Sequence[Sql]) -> int:
    """Change all in the session's transaction; the last tells how many identities that were."""
    count = 0
    for statement in statements:
        count = session.change(statement)
    session.commit()
    return count


def deletion(pipeline_id: int) -> tuple[Sql, ...]:
    """Delete all that a pipeline has, in one transaction that begins with the ledger (RUN-97)."""
    tables = (
        (LOADS, "PIPELINE"),
        (TOUCHED, "PIPELINE"),
        (DESTINATION_PROFILES, "_PIPELINE"),
        (IDENTITIES, "_PIPELINE"),
    )
    return tuple(
        compose(
            "DELETE FROM {table} WHERE {column} = {pipeline}",
            table=upper(table),
            column=raw(column),
            pipeline=value(str(pipeline_id)),
        )
        for table, column in tables
    )


def clearance(pipeline_id: int, profiles: Schema, paths: Iterable[Path]) -> tuple[Sql, ...]:
    """Take away values that a pipeline no longer gives, in such a transaction too."""
    pipeline = value(str(pipeline_id))
    ledger = compose(
        "UPDATE {loads} SET ATTEMPT = ATTEMPT WHERE PIPELINE = {pipeline}",
        loads=upper(LOADS),
        pipeline=pipeline,
    )
    cleared = [upper(column.name) for column in columns(prune_to_paths(profiles, paths))]
    if not cleared:
        return ()
    change = compose(
        "UPDATE {table} SET {nulls} WHERE _PIPELINE = {pipeline} AND ({filled})",
        table=upper(IDENTITIES),
        nulls=commas(column + raw(" = NULL") for column in cleared),
        pipeline=pipeline,
        filled=join(" OR ", (column + raw(" IS NOT NULL") for column in cleared)),
    )
    return ledger, change
