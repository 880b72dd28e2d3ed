"""The objects that a warehouse is given when it is initialised (WH-11), in upper case."""

from collections.abc import Iterator
from typing import Final
from uuid import UUID

from mapping_lang.types.kinds import ArrayType, DecimalType, Schema, Type
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
from warehouse.snowflake.types import MAX_PRECISION, column_type
from warehouse.sql import EMPTY, Sql, commas, compose, join, name, raw, value

MAX_NAME_CHARS: Final = 255


def upper(text: str) -> Sql:
    """Quote a name of ours as Snowflake folds it when it is not quoted."""
    return name(text.upper())


def check_schema(schema: Schema) -> None:
    """Refuse the first property that can have no column."""
    for column in columns(schema):
        path = ".".join(column.path)
        if len(column.name) > MAX_NAME_CHARS:
            raise ColumnRefusedError(
                path, f"a column name of {len(column.name)} characters", f"at most {MAX_NAME_CHARS}"
            )
        _check_type(path, column.type)


def _check_type(path: str, type_: Type) -> None:
    match type_:
        case DecimalType(precision=precision) if precision > MAX_PRECISION:
            raise ColumnRefusedError(
                path, f"a decimal of {precision} digits", f"at most {MAX_PRECISION}"
            )
        case ArrayType(element=element):
            _check_type(path, element)
        case _:
            pass


def definition(schema: Schema) -> Iterator[Sql]:
    """List the statements that create every object of ours, in their order.

    The first of them fails if somebody else has begun to: of two only one goes on.
    """
    yield _identities("CREATE TABLE", schema)
    yield from _beside(schema)
    yield profiles_view(profiles_table(0), schema)


def repair(schema: Schema) -> Iterator[Sql]:
    """List those that create what is missing, but the view of profiles (WH-13)."""
    yield _identities("CREATE TABLE IF NOT EXISTS", schema)
    yield from _beside(schema)


def _identities(create: str, schema: Schema) -> Sql:
    return raw(create) + compose(
        """ {table} (
  "_PK" NUMBER(38,0) PRIMARY KEY,
  "_PIPELINE" VARCHAR NOT NULL,
  "_IS_ANONYMOUS" BOOLEAN NOT NULL DEFAULT FALSE,
  "_IDENTITY_ID" VARCHAR NOT NULL,
  "_CONNECTION" VARCHAR NOT NULL,
  "_ANONYMOUS_IDS" ARRAY,
  "_UPDATED_AT" TIMESTAMP_NTZ NOT NULL,
  "_RUN" VARCHAR,
  "_KPID" VARCHAR,
  "_CLUSTER" NUMBER(38,0){columns}
)""",
        table=upper(IDENTITIES),
        columns=_listed(columns(schema)),
    )


def _beside(schema: Schema) -> Iterator[Sql]:
    yield profiles(profiles_table(0), schema)
    yield from _bookkeeping()
    yield from _events()


def removal() -> Iterator[Sql]:
    """List the statements that drop what `definition` creates, as far as it is there."""
    for view in (PROFILES_VIEW, EVENTS_VIEW):
        yield raw("DROP VIEW IF EXISTS ") + upper(view)
    for table in (
        IDENTITIES,
        profiles_table(0),
        PROFILE_VERSIONS,
        DESTINATION_PROFILES,
        OPERATIONS,
        LOADS,
        TOUCHED,
        EVENTS,
    ):
        yield raw("DROP TABLE IF EXISTS ") + upper(table)


def created(creation: UUID) -> Sql:
    """Keep the id of a creation with what it made."""
    return compose(
        'INSERT INTO {table} ("ID", "OPERATION_TYPE", "COMPLETED_AT")'
        " SELECT {id}, 'Creation', SYSDATE()",
        table=upper(OPERATIONS),
        id=value(str(creation)),
    )


def profiles(table: str, schema: Schema) -> Sql:
    """Create a table of profiles (section 5)."""
    return compose(
        """CREATE TABLE IF NOT EXISTS {table} (
  "_KPID" VARCHAR PRIMARY KEY,
  "_IDENTITIES" ARRAY NOT NULL,
  "_UPDATED_AT" TIMESTAMP_NTZ NOT NULL{columns}
)""",
        table=upper(table),
        columns=_listed(columns(schema)),
    )


def profiles_view(table: str, schema: Schema) -> Sql:
    """Point the view that people query to a table of profiles."""
    names = ["_kpid", "_updated_at", *(column.name for column in columns(schema))]
    return compose(
        "CREATE OR REPLACE VIEW {view} AS SELECT {names} FROM {table}",
        view=upper(PROFILES_VIEW),
        names=commas(upper(each) for each in names),
        table=upper(table),
    )


def _bookkeeping() -> Iterator[Sql]:
    yield compose(
        """CREATE TABLE IF NOT EXISTS {table} (
  "VERSION" INT PRIMARY KEY,
  "OPERATION" VARCHAR NOT NULL,
  "TIMESTAMP" TIMESTAMP_NTZ NOT NULL
)""",
        table=upper(PROFILE_VERSIONS),
    )
    yield compose(
        """CREATE TABLE IF NOT EXISTS {table} (
  "_PIPELINE" VARCHAR NOT NULL,
  "_EXTERNAL_ID" VARCHAR NOT NULL,
  "_OUT_MATCHING_VALUE" VARCHAR NOT NULL,
  PRIMARY KEY ("_PIPELINE", "_EXTERNAL_ID")
)""",
        table=upper(DESTINATION_PROFILES),
    )
    yield compose(
        """CREATE TABLE IF NOT EXISTS {table} (
  "ID" VARCHAR PRIMARY KEY,
  "OPERATION_TYPE" VARCHAR NOT NULL,
  "COMPLETED_AT" TIMESTAMP_NTZ,
  "ERROR" VARCHAR NOT NULL DEFAULT '',
  "PLAN" VARCHAR,
  "STEP" NUMBER(38,0)
)""",
        table=upper(OPERATIONS),
    )
    yield compose(
        """CREATE TABLE IF NOT EXISTS {table} (
  "PIPELINE" VARCHAR PRIMARY KEY,
  "RUN" VARCHAR NOT NULL,
  "STARTED_AT" TIMESTAMP_NTZ NOT NULL,
  "ATTEMPT" NUMBER(38,0) NOT NULL,
  "BATCH" NUMBER(38,0),
  "STATE" VARCHAR,
  "PURGED" BOOLEAN NOT NULL DEFAULT FALSE
)""",
        table=upper(LOADS),
    )
    # A row of no pipeline: there is always one to change, and so to wait for. Its batch is the last
    # number that was given to an identity: those that the service gives are in no order.
    yield compose(
        'INSERT INTO {table} ("PIPELINE", "RUN", "STARTED_AT", "ATTEMPT", "BATCH")'
        " SELECT '', '', '1970-01-01'::TIMESTAMP_NTZ, 0, 0"
        " WHERE NOT EXISTS (SELECT 1 FROM {table} WHERE \"PIPELINE\" = '')",
        table=upper(LOADS),
    )
    yield compose(
        """CREATE TABLE IF NOT EXISTS {table} (
  "PIPELINE" VARCHAR NOT NULL,
  "RUN" VARCHAR NOT NULL,
  "BATCH" NUMBER(38,0) NOT NULL,
  "PK" NUMBER(38,0) NOT NULL
)""",
        table=upper(TOUCHED),
    )


def _events() -> Iterator[Sql]:
    listed = (
        upper(column.name)
        + raw(f" {column_type(column.type)}" + (" NOT NULL" if column.required else ""))
        for column in event_columns()
    )
    yield compose(
        'CREATE TABLE IF NOT EXISTS {table} (\n  {columns},\n  PRIMARY KEY ("MESSAGE_ID")\n)',
        table=upper(EVENTS),
        columns=join(",\n  ", listed),
    )
    yield compose(
        "CREATE OR REPLACE VIEW {view} AS SELECT * FROM {table}",
        view=upper(EVENTS_VIEW),
        table=upper(EVENTS),
    )


def _listed(listed: tuple[Column, ...]) -> Sql:
    if not listed:
        return EMPTY
    return raw(",\n  ") + join(
        ",\n  ", (upper(each.name) + raw(f" {column_type(each.type)}") for each in listed)
    )
