"""A warehouse that loses what it said to be durable (DEC-44): the run goes on from what is there.

A server may: one that does not wait for its disk (`synchronous_commit = off`) and is killed, or a
replica that lagged behind and takes over.
"""

from collections.abc import Mapping
from typing import Any

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from tests.api.runs.working import Workshop, row_of

ROWS = 3_000
BATCH = 1_000
"""Records of a batch: each has a few kilobytes that nobody reads."""


def _lose(settings: Mapping[str, Any], batch: int) -> None:
    """Have a batch undone by its own commit, once, of which nobody is told."""
    url = make_conninfo(
        host=settings["host"],
        port=settings["port"],
        user=settings["username"],
        dbname=settings["database"],
    )
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("CREATE TABLE lost (batch bigint)")
        connection.execute(
            "CREATE FUNCTION lose() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
            " IF NOT EXISTS (SELECT FROM lost) THEN"
            "  INSERT INTO lost VALUES (NEW.batch);"
            "  UPDATE kiln_loads SET batch = OLD.batch, state = OLD.state;"
            "  DELETE FROM kiln_identities WHERE xmin = pg_current_xact_id()::xid;"
            " END IF; RETURN NULL; END $$"
        )
        connection.execute(
            "CREATE CONSTRAINT TRIGGER lose AFTER UPDATE ON kiln_loads"
            " DEFERRABLE INITIALLY DEFERRED FOR EACH ROW"
            f" WHEN (NEW.batch = {batch} AND NOT NEW.purged) EXECUTE FUNCTION lose()"
        )


@pytest.mark.parametrize("batch", [1, 2, 3], ids=["the first", "another", "the last"])
async def test_a_batch_that_is_lost_is_written_again(shop: Workshop, batch: int) -> None:
    pad = "x" * 2_100
    rows = "".join(f"u{i:04},{'' if i % 500 else 'x' * 30}m{i},{i},{pad}\n" for i in range(ROWS))
    shop.put("members.csv", f"id,mail,age,pad\n{rows}")
    pipeline_id = await shop.create()
    _lose(shop.settings, batch)
    async with shop.working():
        run = await shop.run(pipeline_id)

    written = ROWS - ROWS // 500
    assert (run["passed"], run["error"]) == ([ROWS] * 4 + [written] * 2, "")
    assert run["failed"] == [0, 0, 0, 0, ROWS // 500, 0]
    assert shop.identities() == {f"u{i:04}": (f"m{i}", i) for i in range(ROWS) if i % 500}
    failures = await shop.client.get(f"/v1/pipelines/runs/{run['id']}/failures")
    assert [each["position"] for each in failures["failures"]] == list(range(0, ROWS, 500))
    assert (await row_of(shop, run["id"])).attempt == 2
