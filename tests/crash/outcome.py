"""What an import has come to, in the warehouse and in the service, without what differs anyway.

Ids of runs, pipelines, connections and profiles are drawn anew for every import, and moments of
the machine are never the same: a run is told as the first or the second of its pipeline, a profile
by the place of its oldest identity. Numbers of identities (`_pk`) have gaps where a transaction was
undone; their order is what counts, and it is compared.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, fields
from typing import Any, Final, cast

import msgspec
from psycopg import sql
from psycopg.rows import tuple_row

from tests.crash.fleet import SERVICE, WAREHOUSE, Fleet, connection
from tests.crash.subject import Subject, wait_for

Rows = list[tuple[object, ...]]

CLEAN_SECONDS: Final = 60.0
"""Until the server has removed the temporary tables of sessions that were killed."""

_ALWAYS: Final = "2000-01-01T00:00:00Z/2100-01-01T00:00:00Z"
_SHOWN: Final = 5
_OURS: Final = ("_pk", "_run", "_kpid", "_cluster", "_connection", "_pipeline")
"""What differs from import to import, and is compared in another form."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What is compared of an import; each member is a list of rows."""

    run: Rows
    """Counters by step, and the error."""
    failures: Rows
    errors: Rows
    metrics: Rows
    lease: Rows
    ledger: Rows
    tables: Rows
    """What the schema of the warehouse holds, and what the service still has to do."""
    totals: Rows
    """What the API says of profiles and identities."""
    identities: Rows
    profiles: Rows

    def emails(self) -> dict[str, object]:
        """Give the addresses by user id."""
        return {str(row[1]): row[2] for row in self.identities}


def outcome(fleet: Fleet, subject: Subject, run_id: int) -> Outcome:
    """Look at everything that an import has left."""
    client = subject.client
    totals = subject.totals()
    run = client.get(f"/v1/pipelines/runs/{run_id}")
    failures = client.all(f"/v1/pipelines/runs/{run_id}/failures", "failures")
    errors = client.get(f"/v1/pipelines/errors/{_ALWAYS}", pipelines=subject.pipeline_id)["errors"]
    metrics = client.get("/v1/pipelines/metrics/days/2", pipelines=subject.pipeline_id)
    wait_for(lambda: _no_temporary_tables(fleet), CLEAN_SECONDS, "the end of temporary tables")
    with (
        connection(fleet.url(SERVICE)) as service,
        connection(fleet.url(WAREHOUSE)) as warehouse,
    ):
        warehouse.execute(sql.SQL("SET search_path = {}").format(sql.Identifier(subject.schema)))
        lease = service.execute(
            "SELECT lease_owner, lease_ends_at, definition, ended_at IS NOT NULL FROM runs"
            " WHERE id = %s",
            [run_id],
        ).fetchall()
        look = warehouse.cursor(row_factory=tuple_row)
        ledger = look.execute("SELECT run, batch, state, purged FROM kiln_loads").fetchall()
        columns = [
            str(name)
            for (name,) in look.execute(
                "SELECT attname FROM pg_attribute WHERE attrelid = 'kiln_identities'::regclass"
                " AND attnum > 0 AND NOT attisdropped ORDER BY attnum"
            )
            if name not in _OURS
        ]
        return Outcome(
            run=[("passed", *run["passed"]), ("failed", *run["failed"]), ("error", run["error"])],
            failures=[
                tuple(str(each[name]) for name in ("position", "step", "code", "path", "message"))
                for each in failures
            ],
            errors=sorted((e["step"], e["count"], e["message"]) for e in errors),
            metrics=[
                (name, *map(sum, zip(*cast("list[list[int]]", metrics[name]), strict=True)))
                for name in ("passed", "failed")
            ],
            lease=lease,
            ledger=[_ledger(row, run_id) for row in ledger],
            tables=[
                *look.execute(
                    "SELECT relname, relkind::text FROM pg_class WHERE relnamespace ="
                    " current_schema()::regnamespace ORDER BY 1"
                ).fetchall(),
                *look.execute(
                    "SELECT run = %s, batch, cardinality(pks) FROM kiln_touched ORDER BY batch",
                    [str(run_id)],
                ).fetchall(),
                *look.execute(
                    "SELECT operation_type, completed_at IS NULL, error"
                    " FROM kiln_system_operations ORDER BY 1"
                ).fetchall(),
                *look.execute("SELECT gid FROM pg_prepared_xacts").fetchall(),
            ],
            totals=[totals],
            identities=look.execute(_identities(columns, subject)).fetchall(),
            profiles=look.execute(_profiles(columns)).fetchall(),
        )


def differences(expected: Outcome, found: Outcome) -> list[str]:
    """Tell what differs, a few rows of each part."""
    told: list[str] = []
    for member in fields(Outcome):
        one: Rows = getattr(expected, member.name)
        other: Rows = getattr(found, member.name)
        if one == other:
            continue
        before, after = Counter(one), Counter(other)
        missing, added = list((before - after).elements()), list((after - before).elements())
        told.append(
            f"{member.name}: {len(one)} rows became {len(other)}; {len(missing)} are missing and"
            f" {len(added)} are others"
            + ("" if missing or added else ", their order differs")
            + "".join(f"\n      - {row}" for row in missing[:_SHOWN])
            + "".join(f"\n      + {row}" for row in added[:_SHOWN])
        )
    return told


def _ledger(row: tuple[Any, ...], run_id: int) -> tuple[object, ...]:
    run, batch, state, purged = row
    told = msgspec.json.decode(state)
    # What tells this file from others holds when it was put there.
    del told["source"]
    told["batch"] = batch
    return run == str(run_id), purged, msgspec.json.encode(told, order="sorted").decode()


def _no_temporary_tables(fleet: Fleet) -> bool | None:
    """Look at what sessions that are gone have left in the catalogue."""
    with connection(fleet.url(WAREHOUSE)) as warehouse:
        found = warehouse.execute("SELECT relname FROM pg_class WHERE relpersistence = 't'")
        return None if found.fetchall() else True


def _identities(columns: Iterable[str], subject: Subject) -> sql.Composed:
    return sql.SQL(
        'SELECT row_number() OVER (ORDER BY "_pk"), "_identity_id", "email",'
        ' "_run" = {first}, "_pipeline" = {pipeline}, "_connection" = {connection}, {columns}'
        ' FROM kiln_identities ORDER BY "_pk"'
    ).format(
        first=sql.Literal(str(subject.first_run_id)),
        pipeline=sql.Literal(str(subject.pipeline_id)),
        connection=sql.Literal(str(subject.connection_id)),
        columns=sql.SQL(", ").join(map(_text, columns)),
    )


def _profiles(columns: Iterable[str]) -> sql.Composed:
    named = [each for each in columns if not each.startswith("_")]
    return sql.SQL(
        'WITH placed AS (SELECT "_kpid", row_number() OVER (ORDER BY "_pk") AS place'
        " FROM kiln_identities)"
        ', grouped AS (SELECT "_kpid", min(place) AS first, array_agg(place ORDER BY place) AS places'
        ' FROM placed GROUP BY "_kpid")'
        ' SELECT places::text, "_updated_at", {columns}'
        ' FROM profiles LEFT JOIN grouped USING ("_kpid") ORDER BY first'
    ).format(columns=sql.SQL(", ").join(map(_text, named)))


def _text(column: str) -> sql.Composable:
    return sql.SQL("{}::text").format(sql.Identifier(column))
