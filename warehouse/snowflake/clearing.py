"""Taking identities, or what they hold, out of a warehouse on Snowflake (WH-32, DEC-48).

Each is one transaction that begins with the ledger: who still loads the pipeline is fenced, and who
comes later waits.
"""

from collections.abc import Iterable, Iterator, Sequence

from mapping_lang.types.kinds import Schema
from mapping_lang.types.schema import Path, prune_to_paths
from warehouse.layout import DESTINATION_PROFILES, IDENTITIES, LOADS, TOUCHED, columns
from warehouse.snowflake.definition import upper
from warehouse.snowflake.loading_sql import OVER
from warehouse.snowflake.session import Session
from warehouse.sql import Sql, commas, compose, join, raw, value


def begin(session: Session, statements: Iterable[Sql]) -> None:
    """Take the pipeline from whoever loads it."""
    for statement in statements:
        session.fetch(statement)


def finish(session: Session, statements: Sequence[Sql]) -> int:
    """Change what there is; the last statement tells how many identities that were."""
    count = 0
    for statement in statements:
        count = session.change(statement)
    session.commit()
    return count


def gone(pipeline_id: int) -> Iterator[Sql]:
    """Note that a pipeline is gone for ever: who opens a load of it later comes too late, too."""
    pipeline = value(str(pipeline_id))
    yield compose(
        "UPDATE {loads} SET ATTEMPT = ATTEMPT WHERE PIPELINE IN ('', {pipeline})",
        loads=upper(LOADS),
        pipeline=pipeline,
    )
    yield compose(
        "DELETE FROM {loads} WHERE PIPELINE = {pipeline}", loads=upper(LOADS), pipeline=pipeline
    )
    yield compose(
        "INSERT INTO {loads} (PIPELINE, RUN, STARTED_AT, ATTEMPT)"
        " SELECT {pipeline}, '', '9999-12-31'::TIMESTAMP_NTZ, {over}",
        loads=upper(LOADS),
        pipeline=pipeline,
        over=value(OVER),
    )


def deletion(pipeline_id: int) -> tuple[Sql, ...]:
    """Delete all else that a pipeline has."""
    tables = ((TOUCHED, "PIPELINE"), (DESTINATION_PROFILES, "_PIPELINE"), (IDENTITIES, "_PIPELINE"))
    return tuple(
        compose(
            "DELETE FROM {table} WHERE {column} = {pipeline}",
            table=upper(table),
            column=raw(column),
            pipeline=value(str(pipeline_id)),
        )
        for table, column in tables
    )


def over(pipeline_id: int) -> Sql:
    """Fence the run that has loaded last: it may not know what changes, and give it again."""
    return compose(
        "UPDATE {loads} SET ATTEMPT = {over} WHERE PIPELINE = {pipeline}",
        loads=upper(LOADS),
        over=value(OVER),
        pipeline=value(str(pipeline_id)),
    )


def clearance(pipeline_id: int, profiles: Schema, paths: Iterable[Path]) -> tuple[Sql, ...]:
    """Take away values that a pipeline no longer gives; nothing if it gives all of them."""
    cleared = [upper(column.name) for column in columns(prune_to_paths(profiles, paths))]
    if not cleared:
        return ()
    return (
        compose(
            "UPDATE {table} SET {nulls} WHERE _PIPELINE = {pipeline} AND ({filled})",
            table=upper(IDENTITIES),
            nulls=commas(column + raw(" = NULL") for column in cleared),
            pipeline=value(str(pipeline_id)),
            filled=join(" OR ", (column + raw(" IS NOT NULL") for column in cleared)),
        ),
    )
