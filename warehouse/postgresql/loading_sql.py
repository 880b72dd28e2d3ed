"""The statements of a load: the ledger, the merge of a batch, and the purge."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC
from typing import Final, final

from warehouse.layout import IDENTITIES, LOADS, TOUCHED, Column
from warehouse.load import Load
from warehouse.postgresql.stored import staging_type
from warehouse.postgresql.types import column_type
from warehouse.prepare import IDENTITY_ID, POSITION, UPDATED_AT, produced_columns
from warehouse.sql import Sql, commas, compose, join, name, raw, value

STAGE: Final = "kiln_stage"
KEPT: Final = "kiln_stage_kept"

OVER: Final = 2**63 - 1
"""The attempt of a run that is over: none can come after it."""

SETTINGS: Final = (
    # Temporary tables of a batch stay in memory. Only before the first use can it be set.
    "SET temp_buffers = '64MB'",
    "SET work_mem = '64MB'",
    # The tables are as large as a batch, and what is done with them costs less than compiling it.
    "SET jit = off",
    # The identities that change are few or many, and each of them is found by its number.
    "SET enable_hashjoin = off",
    "SET enable_mergejoin = off",
    # A process that hangs between two statements must not keep the pipeline from the next one.
    "SET idle_in_transaction_session_timeout = '30s'",
)


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
        """Create the temporary tables that batches are copied into."""
        for setting in SETTINGS:
            yield raw(setting)
        meta = (
            name(POSITION) + raw(" integer"),
            name(IDENTITY_ID) + raw(" text"),
            name(UPDATED_AT) + raw(" timestamp without time zone"),
        )
        produced = (
            name(column.name) + raw(f" {staging_type(column.type)}") for column in self.produced
        )
        yield compose(
            "CREATE TEMPORARY TABLE {table} ({columns}) ON COMMIT DELETE ROWS",
            table=name(STAGE),
            columns=commas((*meta, *produced)),
        )
        yield compose(
            "CREATE TEMPORARY TABLE {table} ({id} text) ON COMMIT DELETE ROWS",
            table=name(KEPT),
            id=name(IDENTITY_ID),
        )

    def open(self) -> Sql:
        """Take the pipeline; gives what is durable of the run, or no row to who comes too late."""
        load = self.load
        started = load.run_started_at.astimezone(UTC).replace(tzinfo=None).isoformat()
        return compose(
            "INSERT INTO {loads} AS l (pipeline, run, started_at, attempt)"
            " VALUES ({pipeline}, {run}, {started}::timestamp, {attempt})"
            " ON CONFLICT (pipeline) DO UPDATE SET"
            " run = excluded.run, started_at = excluded.started_at, attempt = excluded.attempt,"
            " batch = CASE WHEN l.run = excluded.run THEN l.batch END,"
            " state = CASE WHEN l.run = excluded.run THEN l.state END,"
            " purged = l.run = excluded.run AND l.purged"
            " WHERE (l.started_at, l.run, l.attempt)"
            " <= (excluded.started_at, excluded.run, excluded.attempt)"
            " RETURNING batch, state, purged",
            loads=name(LOADS),
            pipeline=self._pipeline,
            run=self._run,
            started=value(started),
            attempt=value(load.attempt),
        )

    def forget(self) -> Sql:
        """Delete what earlier runs noted for a purge that did not come."""
        return compose(
            "DELETE FROM {touched} WHERE pipeline = {pipeline} AND run <> {run}",
            touched=name(TOUCHED),
            pipeline=self._pipeline,
            run=self._run,
        )

    def owner(self) -> Sql:
        """Say who has the pipeline, and what the last batch of theirs was."""
        return compose(
            "SELECT run, attempt, batch, purged FROM {loads} WHERE pipeline = {pipeline}",
            loads=name(LOADS),
            pipeline=self._pipeline,
        )

    def enter(self, sequence: int, state: str) -> Sql:
        """Note a batch; gives a row if it is the next one and the pipeline is still ours."""
        return compose(
            "UPDATE {loads} SET batch = {sequence}, state = {state} WHERE {ours}"
            " AND coalesce(batch, 0) = {before} AND NOT purged RETURNING 1",
            loads=name(LOADS),
            sequence=value(sequence),
            before=value(sequence - 1),
            state=value(state),
            ours=self._ours(),
        )

    def enter_purge(self, last: int, state: str) -> Sql:
        """Note the purge after the last batch; gives a row if it is new and all are still ours."""
        return compose(
            "UPDATE {loads} SET purged = true, batch = {last}, state = {state}"
            " WHERE {ours} AND coalesce(batch, 0) = {last} AND NOT purged RETURNING 1",
            loads=name(LOADS),
            last=value(last),
            state=value(state),
            ours=self._ours(),
        )

    def any_identity(self) -> Sql:
        """Give a row if the pipeline has an identity that a batch could be about."""
        return compose(
            'SELECT 1 FROM {identities} WHERE "_pipeline" = {pipeline} AND NOT "_is_anonymous" LIMIT 1',
            identities=name(IDENTITIES),
            pipeline=self._pipeline,
        )

    def merge(self, sequence: int, *, with_kept: bool, all_new: bool = False) -> Sql:
        """Merge what is staged: add what is new, change what differs, note what does not (WH-31).

        Who comes first in the batch is the older identity: a temporary table is read as it was
        filled, by one process and from its beginning, so that nothing has to be sorted.
        """
        found = [] if all_new else [self._found(), self._changed()]
        added = compose(
            "added AS ({insert}{where})",
            insert=self._insert(),
            where=raw("" if all_new else ' WHERE "_position" NOT IN (SELECT position FROM found)'),
        )
        return compose(
            "WITH {steps} {touched}",
            steps=commas([*found, added]),
            touched=self._touched(sequence, with_kept=with_kept, with_found=not all_new)
            if self.load.purges and (with_kept or not all_new)
            else raw("SELECT 1"),
        )

    def _found(self) -> Sql:
        names = self._names()
        return compose(
            "found AS MATERIALIZED ("
            'SELECT s.ctid AS place, s."_position" AS position, t."_pk" AS pk,'
            " ROW({theirs}) IS DISTINCT FROM ROW({ours}) AS changed"
            " FROM {stage} AS s CROSS JOIN LATERAL {match} AS t)",
            theirs=commas(name("t", each) for each in names),
            ours=commas(self._staged(each) for each in names),
            stage=name(STAGE),
            match=self._match("s", names),
        )

    def _changed(self) -> Sql:
        return compose(
            'changed AS (UPDATE {identities} AS t SET {assignments}, "_run" = {run}'
            " FROM found AS f JOIN {stage} AS s ON s.ctid = f.place"
            ' WHERE t."_pk" = f.pk AND f.changed)',
            identities=name(IDENTITIES),
            assignments=commas(
                compose("{column} = {value}", column=name(each), value=self._staged(each))
                for each in self._names()
            ),
            run=self._run,
            stage=name(STAGE),
        )

    def _insert(self) -> Sql:
        names = self._names()
        return compose(
            'INSERT INTO {identities} ("_pipeline", "_connection", "_run",'
            ' "_identity_id", {names})'
            ' SELECT {pipeline}, {connection}, {run}, "_identity_id", {ours} FROM {stage} AS s',
            identities=name(IDENTITIES),
            names=commas(map(name, names)),
            pipeline=self._pipeline,
            connection=value(str(self.load.connection_id)),
            run=self._run,
            ours=commas(self._staged(each) for each in names),
            stage=name(STAGE),
        )

    def _names(self) -> list[str]:
        """List the columns that a batch sets."""
        return [UPDATED_AT, *(column.name for column in self.produced)]

    def _match(self, staged: str, names: Iterable[str] = ()) -> Sql:
        """Find the identity of a staged user id.

        With a limit it is looked up one by one in the index: what is estimated of one pipeline of
        a table that was never analysed is so little that all of it would be read for every batch.
        """
        return compose(
            '(SELECT {names} FROM {identities} AS i WHERE i."_pipeline" = {pipeline}'
            ' AND i."_identity_id" = {staged}."_identity_id" AND NOT i."_is_anonymous" LIMIT 1)',
            names=commas(name("i", each) for each in ("_pk", *names)),
            identities=name(IDENTITIES),
            pipeline=self._pipeline,
            staged=raw(staged),
        )

    def before_purge(self) -> Iterator[Sql]:
        """Let a purge look at all rows of the pipeline at once."""
        yield raw("SET LOCAL enable_hashjoin = on")
        yield raw("SET LOCAL enable_mergejoin = on")

    def purge(self) -> Sql:
        """Delete what the run has neither written nor touched; gives how many (RUN-41)."""
        return compose(
            "WITH gone AS (DELETE FROM {identities} AS t"
            ' WHERE t."_pipeline" = {pipeline} AND NOT t."_is_anonymous"'
            ' AND t."_run" IS DISTINCT FROM {run} AND NOT EXISTS ('
            "SELECT FROM (SELECT unnest(pks) AS pk FROM {touched}"
            " WHERE pipeline = {pipeline} AND run = {run}) AS k"
            ' WHERE k.pk = t."_pk") RETURNING 1) SELECT count(*) FROM gone',
            identities=name(IDENTITIES),
            touched=name(TOUCHED),
            pipeline=self._pipeline,
            run=self._run,
        )

    def forget_touched(self) -> Sql:
        """Delete what was noted for a purge that is done."""
        return compose(
            "DELETE FROM {touched} WHERE pipeline = {pipeline}",
            touched=name(TOUCHED),
            pipeline=self._pipeline,
        )

    def _touched(self, sequence: int, *, with_kept: bool, with_found: bool) -> Sql:
        kept = compose(
            'SELECT t."_pk" AS pk FROM {kept} AS k CROSS JOIN LATERAL {match} AS t',
            kept=name(KEPT),
            match=self._match("k"),
        )
        unchanged = raw("SELECT pk FROM found WHERE NOT changed")
        sources = [unchanged] * with_found + [kept] * with_kept
        return compose(
            "INSERT INTO {touched} SELECT {pipeline}, {run}, {sequence}::bigint, array_agg(pk)"
            " FROM ({sources}) AS noted"
            " HAVING count(*) > 0",
            touched=name(TOUCHED),
            pipeline=self._pipeline,
            run=self._run,
            sequence=value(sequence),
            sources=join(" UNION ALL ", sources),
        )

    def _staged(self, column: str) -> Sql:
        return self._casts.get(column, name("s", column))

    @property
    def _casts(self) -> dict[str, Sql]:
        return {
            column.name: name("s", column.name) + raw(f"::{column_type(column.type)}")
            for column in self.produced
            if staging_type(column.type) != column_type(column.type)
        }

    def _ours(self) -> Sql:
        return compose(
            "pipeline = {pipeline} AND run = {run} AND attempt = {attempt}",
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
