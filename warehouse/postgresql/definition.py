"""The objects that a warehouse is given when it is initialised (WH-11)."""

from collections.abc import Iterator
from typing import Final
from uuid import UUID

from mapping_lang.types.kinds import Schema
from warehouse.errors import ColumnRefusedError
from warehouse.layout import (
    DESTINATION_PROFILES,
    EVENTS,
    EVENTS_VIEW,
    IDENTITIES,
    LOADS,
    OPERATIONS,
    PROFILE_VERSIONS,
    PROFILES_VIEW,
    TOUCHED,
    Column,
    columns,
    event_columns,
    profiles_table,
)
from warehouse.postgresql.types import column_type
from warehouse.sql import EMPTY, Sql, commas, compose, join, name, raw, value

MAX_NAME_BYTES: Final = 63
"""PostgreSQL cuts what is longer, and two names may then be one."""

MAX_COLUMNS: Final = 1_500
"""A table has at most 1,600 columns; ours come first, and dropped ones count."""


def check_schema(schema: Schema) -> None:
    """Refuse the first property that can have no column."""
    for number, column in enumerate(columns(schema), 1):
        path = ".".join(column.path)
        length = len(column.name.encode())
        if length > MAX_NAME_BYTES:
            raise ColumnRefusedError(
                path, f"a column name of {length} bytes", f"at most {MAX_NAME_BYTES}"
            )
        if number > MAX_COLUMNS:
            raise ColumnRefusedError(path, f"column {number}", f"at most {MAX_COLUMNS} columns")


def definition(schema: Schema) -> Iterator[Sql]:
    """List the statements that create every object of ours, in their order."""
    yield from repair(schema, 0)
    yield profiles_view(profiles_table(0), schema)


def created(creation: UUID) -> Sql:
    """Keep the id of a creation with what it made."""
    return compose(
        'INSERT INTO {table} ("id", "operation_type", "completed_at")'
        " VALUES ({id}, 'Creation', now() AT TIME ZONE 'UTC')",
        table=name(OPERATIONS),
        id=value(creation),
    )


def repair(schema: Schema, version: int) -> Iterator[Sql]:
    """List those that create what is missing, but the view of profiles (WH-13)."""
    listed = columns(schema)
    yield from _identities(listed)
    yield profiles(profiles_table(version), schema)
    yield from _bookkeeping()
    yield from _events()


def profiles(table: str, schema: Schema) -> Sql:
    """Create a table of profiles (section 5)."""
    return compose(
        """CREATE TABLE IF NOT EXISTS {table} (
  "_kpid" uuid PRIMARY KEY,
  "_identities" bigint[] NOT NULL,
  "_updated_at" timestamp without time zone NOT NULL{columns}
)""",
        table=name(table),
        columns=_listed(columns(schema)),
    )


def profiles_view(table: str, schema: Schema) -> Sql:
    """Point the view that people query to a table of profiles."""
    names = ["_kpid", "_updated_at", *(column.name for column in columns(schema))]
    return compose(
        "CREATE OR REPLACE VIEW {view} AS SELECT {names} FROM {table}",
        view=name(PROFILES_VIEW),
        names=commas(name(each) for each in names),
        table=name(table),
    )


def _identities(listed: tuple[Column, ...]) -> Iterator[Sql]:
    table = name(IDENTITIES)
    # Merges take numbers for rows that they only look at: 2^31 of them would not last.
    yield compose(
        """CREATE TABLE IF NOT EXISTS {table} (
  "_pk" bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  "_pipeline" text NOT NULL,
  "_is_anonymous" boolean NOT NULL DEFAULT false,
  "_identity_id" text NOT NULL,
  "_connection" text NOT NULL,
  "_anonymous_ids" text[],
  "_updated_at" timestamp without time zone NOT NULL,
  "_run" text,
  "_kpid" uuid,
  "_cluster" bigint{columns}
)""",
        table=table,
        columns=_listed(listed),
    )
    # One row for each identity of a pipeline is what a merge relies on (WH-30).
    yield compose(
        'CREATE UNIQUE INDEX IF NOT EXISTS {index} ON {table} ("_pipeline", "_identity_id", "_is_anonymous")',
        index=name(f"{IDENTITIES}_key"),
        table=table,
    )
    yield compose(
        'CREATE INDEX IF NOT EXISTS {index} ON {table} ("_connection", "_updated_at", "_pk")',
        index=name(f"{IDENTITIES}_latest"),
        table=table,
    )


def _bookkeeping() -> Iterator[Sql]:
    yield compose(
        """CREATE TABLE IF NOT EXISTS {table} (
  "version" integer PRIMARY KEY,
  "operation" uuid NOT NULL,
  "timestamp" timestamp without time zone NOT NULL
)""",
        table=name(PROFILE_VERSIONS),
    )
    yield compose(
        """CREATE TABLE IF NOT EXISTS {table} (
  "_pipeline" text NOT NULL,
  "_external_id" text NOT NULL,
  "_out_matching_value" text NOT NULL,
  PRIMARY KEY ("_pipeline", "_external_id")
)""",
        table=name(DESTINATION_PROFILES),
    )
    yield compose(
        """CREATE TABLE IF NOT EXISTS {table} (
  "id" uuid PRIMARY KEY,
  "operation_type" text NOT NULL,
  "completed_at" timestamp without time zone,
  "error" text NOT NULL DEFAULT ''
)""",
        table=name(OPERATIONS),
    )
    # Who writes the identities of a pipeline, and what of it is durable (DEC-44).
    yield compose(
        """CREATE TABLE IF NOT EXISTS {table} (
  "pipeline" text PRIMARY KEY,
  "run" text NOT NULL,
  "started_at" timestamp without time zone NOT NULL,
  "attempt" bigint NOT NULL,
  "batch" bigint,
  "state" text,
  "purged" boolean NOT NULL DEFAULT false
)""",
        table=name(LOADS),
    )
    # The identities that a run found as they are, or keeps: a purge leaves them (RUN-41).
    yield compose(
        """CREATE TABLE IF NOT EXISTS {table} (
  "pipeline" text NOT NULL,
  "run" text NOT NULL,
  "batch" bigint NOT NULL,
  "pks" bigint[] NOT NULL,
  PRIMARY KEY ("pipeline", "run", "batch")
)""",
        table=name(TOUCHED),
    )


def _events() -> Iterator[Sql]:
    listed = (
        name(column.name)
        + raw(f" {column_type(column.type)}" + (" NOT NULL" if column.required else ""))
        for column in event_columns()
    )
    yield compose(
        'CREATE TABLE IF NOT EXISTS {table} (\n  {columns},\n  PRIMARY KEY ("message_id")\n)',
        table=name(EVENTS),
        columns=join(",\n  ", listed),
    )
    # The events of a profile are read page by page, the latest first; most are of nobody yet when
    # they come, and cost nothing here until a resolution tells whose they are.
    yield compose(
        'CREATE INDEX IF NOT EXISTS {index} ON {table} ("kpid", "timestamp" DESC)'
        ' WHERE "kpid" IS NOT NULL',
        index=name(f"{EVENTS}_latest"),
        table=name(EVENTS),
    )
    yield compose(
        "CREATE OR REPLACE VIEW {view} AS SELECT * FROM {table}",
        view=name(EVENTS_VIEW),
        table=name(EVENTS),
    )


def _listed(listed: tuple[Column, ...]) -> Sql:
    if not listed:
        return EMPTY
    return raw(",\n  ") + join(
        ",\n  ", (name(each.name) + raw(f" {column_type(each.type)}") for each in listed)
    )
