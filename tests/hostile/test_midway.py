"""What happens to an import while it writes: its file changes, its pipeline goes, the mode changes.

The run is held where it writes, by a lock on the table that it writes to: nothing is left to time.
"""

import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from tests.api.runs.imports.workspace import WAIT_SECONDS, Workspace, until
from tests.hostile.bystander import Bystander
from tests.hostile.worker import WorkerProcess

ZEROS = [0] * 6
RECORDS = 60
FILLER = "x" * 2**20
"""In a column that nobody reads: a few records are a batch, and most of the file waits."""

CHANGED = (
    "«/files/{name}» was changed while it was read. Write a file under another name and rename it"
    " when it is complete"
)


def rows(first: str = "a", records: int = RECORDS) -> str:
    header = "id,mail,age,filler"
    listed = [f"{first}{number},{first}@x.io,1,{FILLER}" for number in range(records)]
    return "\n".join((header, *listed, ""))


@contextmanager
def held(shop: Workspace, pipeline: int) -> Iterator[int]:
    """Start a run and hold it while the block lasts: it waits to write its first records."""
    with psycopg.connect(shop.service.warehouse_url) as connection:
        connection.execute(
            sql.SQL("LOCK TABLE {}.kiln_identities IN ACCESS EXCLUSIVE MODE").format(
                sql.Identifier(shop.warehouse["schema"])
            )
        )
        run = shop.start(pipeline)
        with psycopg.connect(shop.service.warehouse_url, autocommit=True) as look:
            until(lambda: _waits(look, shop))
            yield run


def _waits(look: "psycopg.Connection[tuple[object, ...]]", shop: Workspace) -> bool:
    found = look.execute(
        "SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = %s::regclass",
        [f"{shop.warehouse['schema']}.kiln_identities"],
    ).fetchone()
    return found is not None and found[0] != 0


def shrink(path: Path) -> None:
    os.truncate(path, path.stat().st_size // 2)


def grow(path: Path) -> None:
    with path.open("a") as file:
        file.write("z,z@x.io,1,\n")


def overwrite(path: Path) -> None:
    """As an editor does that writes in place."""
    path.write_text(rows("b"))


def replace(path: Path) -> None:
    """As whoever renames a file that is complete."""
    other = path.with_suffix(".new")
    other.write_text(rows("b"))
    other.rename(path)


def vanish(path: Path) -> None:
    path.unlink()


@pytest.mark.parametrize("change", [shrink, grow, overwrite])
def test_a_file_that_changes_in_place_ends_its_import(
    victim: Workspace, bystander: Bystander, folder: Path, change: Callable[[Path], None]
) -> None:
    """Half of one file and half of another is neither; what was written stays (DEC-53)."""
    name = f"{change.__name__}.csv"
    victim.put(rows(), name)
    pipeline = victim.create(path=name)

    with bystander.goes_on():
        with held(victim, pipeline) as run_id:
            change(folder / name)
        run = victim.ended(run_id)

    assert run["error"] == CHANGED.format(name=name)
    assert victim.errors(pipeline) == [("Receive", 0, run["error"])]
    assert run["failed"] == ZEROS
    assert 0 < run["passed"][-1] < RECORDS
    (folder / name).unlink()


@pytest.mark.parametrize("change", [replace, vanish])
def test_a_file_that_is_replaced_or_removed_is_read_to_its_end(
    victim: Workspace, bystander: Bystander, folder: Path, change: Callable[[Path], None]
) -> None:
    """It is another file that has the name then, or none; the one that was opened is whole."""
    name = f"{change.__name__}.csv"
    victim.put(rows(change.__name__), name)
    pipeline = victim.create(path=name)

    with bystander.goes_on():
        with held(victim, pipeline) as run_id:
            change(folder / name)
        run = victim.ended(run_id)

    assert (run["passed"], run["failed"], run["error"]) == ([RECORDS] * 6, ZEROS, "")
    assert _of(victim, change.__name__) == {
        f"{change.__name__}{number}" for number in range(RECORDS)
    }


def test_a_pipeline_that_is_deleted_ends_its_run_and_lets_go_of_its_file(
    victim: Workspace, bystander: Bystander, worker: WorkerProcess, folder: Path
) -> None:
    """RUN-83, while its worker waits for the warehouse."""
    victim.put(rows("deleted"), "deleted.csv")
    pipeline = victim.create(path="deleted.csv")

    with bystander.goes_on(), held(victim, pipeline) as run_id:
        assert worker.has_open(folder / "deleted.csv")
        victim.done("DELETE", f"/v1/pipelines/{pipeline}")
        until(lambda: not worker.has_open(folder / "deleted.csv"))

    assert victim.ask("GET", f"/v1/pipelines/runs/{run_id}").status == 404
    until(lambda: not _of(victim, "deleted"))


def test_a_run_waits_for_its_warehouse_through_every_mode(
    victim: Workspace, bystander: Bystander
) -> None:
    """RUN-28, RUN-85."""
    victim.put(rows("mode"), "mode.csv")
    pipeline = victim.create(path="mode.csv")

    with bystander.goes_on(), ThreadPoolExecutor(1) as beside:
        with held(victim, pipeline) as run_id:
            # It takes its turn behind what is being written.
            before = _waiting(victim)
            inspected = beside.submit(victim.set_mode, "Inspection")
            until(lambda: inspected.done() or _waiting(victim) > before)
        inspected.result(WAIT_SECONDS)
        assert victim.get(f"/v1/pipelines/runs/{run_id}")["endTime"] is None
        victim.set_mode("Maintenance")
        assert victim.get(f"/v1/pipelines/runs/{run_id}")["endTime"] is None
        assert len(_of(victim, "mode")) < RECORDS
        victim.set_mode("Normal")
        run = victim.ended(run_id)

    assert (run["passed"], run["failed"], run["error"]) == ([RECORDS] * 6, ZEROS, "")
    assert len(_of(victim, "mode")) == RECORDS


def _of(shop: Workspace, first: str) -> set[str]:
    return {id_ for id_ in shop.identities() if id_.startswith(first)}


def _waiting(shop: Workspace) -> int:
    """Count those who wait for a lock in the server of the warehouse."""
    with psycopg.connect(shop.service.warehouse_url) as look:
        found = look.execute(
            "SELECT count(*) FROM pg_stat_activity"
            " WHERE wait_event_type = 'Lock' AND datname = current_database()"
        ).fetchone()
    return 0 if found is None else found[0]
