"""The statements of a load on Snowflake: the ledger, the merge of a batch, and the purge.

There is no key to rely on and no lock of a row: the first statement of a transaction changes the
ledger, and whoever comes to it later waits until the transaction has ended.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC
from typing import Final, final

from mapping_lang.types.kinds import ArrayType, JsonType, MapType
from warehouse.layout import IDENTITIES, LOADS, TOUCHED, Column
from warehouse.load import Load
from warehouse.prepare import IDENTITY_ID, POSITION, UPDATED_AT, produced_columns
from warehouse.snowflake.definition import upper
from warehouse.snowflake.stored import staging_type
from warehouse.sql import Sql, commas, compose, join, name, raw, value

STAGE: Final = "kiln_stage"
KEPT: Final = "kiln_stage_kept"
FILES: Final = "kiln_files"
"""Where the files of batches are put; gone with the session, as are the tables."""

OVER: Final = 2**63 - 1
"""The attempt of a run that is over: none can come after it."""

META: Final = (
    (POSITION, "NUMBER(38,0)"),
    (IDENTITY_ID, "VARCHAR"),
    (UPDATED_AT, "TIMESTAMP_NTZ"),
)

WAIT_FOR_ALL: Final = compose("UPDATE {loads} SET ATTEMPT = ATTEMPT WHERE TRUE", loads=upper(LOADS))
"""Waits for all who write identities, and lets those who come later wait."""


@final
@dataclass(frozen=True, slots=True)
class LoadStatements:
    """The statements of one load."""

    load: Load
    produced: tuple[Column, ...]

    @classmethod
    def of(cls, load: Load) -> "LoadStatements":
        return cls(load, produced_columns(load.schema, load.out_paths))

    def stage(self) -> Iterator[Sql]:
        """Create what a batch is copied into, anew for every one of them."""
        yield raw("CREATE TEMPORARY STAGE IF NOT EXISTS ") + upper(FILES)
        listed = (*META, *((column.name, staging_type(column.type)) for column in self.produced))
        for table, columns in ((STAGE, listed), (KEPT, ((IDENTITY_ID, "VARCHAR"),))):
            yield compose(
                "CREATE OR REPLACE TEMPORARY TABLE {table} ({columns})",
                table=upper(table),
                columns=commas(upper(each) + raw(f" {type_}") for each, type_ in columns),
            )

    def wait(self) -> Sql:
        """Wait for others who take this pipeline, or all of them: there is no lock of a key."""
        return compose(
            "UPDATE {loads} SET ATTEMPT = ATTEMPT WHERE PIPELINE IN ('', {pipeline})",
            loads=upper(LOADS),
            pipeline=self._pipeline,
        )

    def take(self) -> Iterator[Sql]:
        """Take the pipeline, unless a later attempt or run has it."""
        load = self.load
        started = load.run_started_at.astimezone(UTC).replace(tzinfo=None).isoformat()
        ours = compose(
            "SELECT {pipeline} AS PIPELINE, {run} AS RUN,"
            " {started}::TIMESTAMP_NTZ AS STARTED_AT, {attempt} AS ATTEMPT",
            pipeline=self._pipeline,
            run=self._run,
            started=value(started),
            attempt=value(load.attempt),
        )
        yield compose(
            "UPDATE {loads} SET RUN = n.RUN, STARTED_AT = n.STARTED_AT, ATTEMPT = n.ATTEMPT,"
            " BATCH = CASE WHEN {loads}.RUN = n.RUN THEN {loads}.BATCH END,"
            " STATE = CASE WHEN {loads}.RUN = n.RUN THEN {loads}.STATE END,"
            " PURGED = {loads}.RUN = n.RUN AND {loads}.PURGED"
            " FROM ({ours}) AS n WHERE {loads}.PIPELINE = n.PIPELINE"
            " AND ({loads}.STARTED_AT < n.STARTED_AT OR ({loads}.STARTED_AT = n.STARTED_AT"
            " AND ({loads}.RUN < n.RUN OR ({loads}.RUN = n.RUN AND {loads}.ATTEMPT <= n.ATTEMPT))))",
            loads=upper(LOADS),
            ours=ours,
        )
        yield compose(
            "INSERT INTO {loads} (PIPELINE, RUN, STARTED_AT, ATTEMPT, PURGED)"
            " SELECT n.PIPELINE, n.RUN, n.STARTED_AT, n.ATTEMPT, FALSE FROM ({ours}) AS n"
            " WHERE NOT EXISTS (SELECT 1 FROM {loads} AS l WHERE l.PIPELINE = n.PIPELINE)",
            loads=upper(LOADS),
            ours=ours,
        )

    def durable(self) -> Sql:
        """Say who has the pipeline, and what is durable of its run."""
        return compose(
            "SELECT RUN, ATTEMPT, BATCH, STATE, PURGED FROM {loads} WHERE PIPELINE = {pipeline}",
            loads=upper(LOADS),
            pipeline=self._pipeline,
        )

    def forget(self) -> Sql:
        """Delete what earlier runs noted for a purge that did not come."""
        return compose(
            "DELETE FROM {touched} WHERE PIPELINE = {pipeline} AND RUN <> {run}",
            touched=upper(TOUCHED),
            pipeline=self._pipeline,
            run=self._run,
        )

    def enter(self, sequence: int, state: str) -> Sql:
        """Note a batch; changes a row if it is the next one and the pipeline is still ours."""
        return compose(
            "UPDATE {loads} SET BATCH = {sequence}, STATE = {state} WHERE {ours}"
            " AND COALESCE(BATCH, 0) = {before} AND NOT PURGED",
            loads=upper(LOADS),
            sequence=value(sequence),
            before=value(sequence - 1),
            state=value(state),
            ours=self._ours(),
        )

    def enter_purge(self, state: str) -> Sql:
        """Note the purge; changes a row if it is new and the pipeline is still ours."""
        return compose(
            "UPDATE {loads} SET PURGED = TRUE, BATCH = COALESCE(BATCH, 0), STATE = {state}"
            " WHERE {ours} AND NOT PURGED",
            loads=upper(LOADS),
            state=value(state),
            ours=self._ours(),
        )

    def merge(self, sequence: int, *, rows: int, with_kept: bool) -> Iterator[Sql]:
        """Note what does not change, then add what is new and change what differs (WH-31)."""
        if self.load.purges:
            yield self._touch(sequence, self._rows(), raw("NOT ") + self._differs())
            if with_kept:
                yield self._touch(sequence, upper(KEPT), raw("TRUE"))
        names = [UPDATED_AT, *(column.name for column in self.produced)]
        yield compose(
            "UPDATE {identities} SET {assignments}, _RUN = {run} FROM {rows} AS s"
            " WHERE {same} AND {differs}",
            identities=upper(IDENTITIES),
            assignments=commas(
                compose("{column} = {value}", column=upper(each), value=_staged(each))
                for each in names
            ),
            run=self._run,
            rows=self._rows(),
            same=self._same(IDENTITIES.upper()),
            differs=self._differs(IDENTITIES.upper()),
        )
        # Not one MERGE: new identities are numbered in the order of their records (DEC-49).
        yield compose(
            "UPDATE {loads} SET BATCH = BATCH + {count} WHERE PIPELINE = ''",
            loads=upper(LOADS),
            count=value(rows),
        )
        yield compose(
            "INSERT INTO {identities} (_PK, _PIPELINE, _CONNECTION, _RUN, _IS_ANONYMOUS,"
            " _IDENTITY_ID, {names})"
            " SELECT (SELECT BATCH FROM {loads} WHERE PIPELINE = '')"
            " - {count} + ROW_NUMBER() OVER (ORDER BY {position}),"
            " {pipeline}, {connection}, {run}, FALSE, s._IDENTITY_ID, {staged}"
            " FROM {rows} AS s WHERE NOT EXISTS (SELECT 1 FROM {identities} AS t WHERE {same})",
            identities=upper(IDENTITIES),
            names=commas(map(upper, names)),
            loads=upper(LOADS),
            count=value(rows),
            position=_staged(POSITION),
            pipeline=self._pipeline,
            connection=value(str(self.load.connection_id)),
            run=self._run,
            staged=commas(_staged(each) for each in names),
            rows=self._rows(),
            same=self._same(),
        )

    def purge(self) -> Sql:
        """Delete what the run has neither written nor touched (RUN-41)."""
        return compose(
            "DELETE FROM {identities} WHERE _PIPELINE = {pipeline} AND NOT _IS_ANONYMOUS"
            " AND _RUN IS DISTINCT FROM {run} AND _PK NOT IN"
            " (SELECT PK FROM {touched} WHERE PIPELINE = {pipeline} AND RUN = {run})",
            identities=upper(IDENTITIES),
            touched=upper(TOUCHED),
            pipeline=self._pipeline,
            run=self._run,
        )

    def forget_touched(self) -> Sql:
        """Delete what was noted for a purge that is done."""
        return compose(
            "DELETE FROM {touched} WHERE PIPELINE = {pipeline}",
            touched=upper(TOUCHED),
            pipeline=self._pipeline,
        )

    def _touch(self, sequence: int, rows: Sql, which: Sql) -> Sql:
        return compose(
            "INSERT INTO {touched} (PIPELINE, RUN, BATCH, PK)"
            " SELECT {pipeline}, {run}, {sequence}, t._PK FROM {rows} AS s"
            " JOIN {identities} AS t ON {same} WHERE {which}",
            touched=upper(TOUCHED),
            pipeline=self._pipeline,
            run=self._run,
            sequence=value(sequence),
            rows=rows,
            identities=upper(IDENTITIES),
            same=self._same(),
            which=which,
        )

    def _same(self, table: str = "T") -> Sql:
        return compose(
            "{t}._PIPELINE = {pipeline} AND {t}._IDENTITY_ID = s._IDENTITY_ID"
            " AND NOT {t}._IS_ANONYMOUS",
            t=name(table),
            pipeline=self._pipeline,
        )

    def _differs(self, table: str = "T") -> Sql:
        names = [UPDATED_AT, *(column.name for column in self.produced)]
        return compose(
            "({any})",
            any=join(
                " OR ",
                (
                    compose(
                        "{theirs} IS DISTINCT FROM {ours}",
                        theirs=name(table, each.upper()),
                        ours=_staged(each),
                    )
                    for each in names
                ),
            ),
        )

    def _rows(self) -> Sql:
        """The staged rows, their JSON parsed."""
        meta = (upper(POSITION), upper(IDENTITY_ID), upper(UPDATED_AT))
        parsed = (
            compose("{value} AS {column}", value=_parsed(column), column=upper(column.name))
            for column in self.produced
        )
        return compose(
            "(SELECT {columns} FROM {stage})",
            columns=commas((*meta, *parsed)),
            stage=upper(STAGE),
        )

    def _ours(self) -> Sql:
        return compose(
            "PIPELINE = {pipeline} AND RUN = {run} AND ATTEMPT = {attempt}",
            pipeline=self._pipeline,
            run=self._run,
            attempt=value(self.load.attempt),
        )

    @property
    def _pipeline(self) -> Sql:
        return value(str(self.load.pipeline_id))

    @property
    def _run(self) -> Sql:
        return value(str(self.load.run_id))


def copy(table: str, file: str) -> Sql:
    """Copy a file that was put beside the tables into one of them."""
    return compose(
        "COPY INTO {table} FROM @{files}/{file} FILE_FORMAT = (TYPE = PARQUET"
        " USE_LOGICAL_TYPE = TRUE) MATCH_BY_COLUMN_NAME = CASE_INSENSITIVE PURGE = TRUE",
        table=upper(table),
        files=raw(FILES.upper()),
        file=raw(file),
    )


def put(path: str) -> Sql:
    """Put a file of ours, whose name has no quotes, beside the tables."""
    return compose(
        "PUT 'file://{path}' @{files} AUTO_COMPRESS = FALSE OVERWRITE = TRUE",
        path=raw(path),
        files=raw(FILES.upper()),
    )


def _staged(column: str) -> Sql:
    return name("S", column.upper())


def _parsed(column: Column) -> Sql:
    match column.type:
        case JsonType() | MapType():
            return compose("PARSE_JSON({text})", text=upper(column.name))
        case ArrayType():
            return compose("PARSE_JSON({text})::ARRAY", text=upper(column.name))
        case _:
            return upper(column.name)
