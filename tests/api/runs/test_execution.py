"""Runs from the request to the warehouse: real files, runtime, PostgreSQL and workers."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, update

from api.db.bell import CHANNEL
from api.db.tables.organization import Organization
from api.db.tables.pipeline import Pipeline
from api.db.tables.run import Run
from api.db.tables.run_error import RunError
from api.runs.lease import claim, hand_over
from tests.api.runs.working import (
    OF_THE_FILE,
    PIPELINE,
    Workshop,
    held,
    lines,
    row_of,
    wait_for_attempt,
)

SIX = [0] * 6
LONG = "x" * 21
EVER = "2000-01-01T00:00:00Z/2100-01-01T00:00:00Z"
FILTERED: dict[str, Any] = {
    "filter": {
        "logical": "and",
        "conditions": [{"property": "mail", "operator": "is not", "values": ["nobody"]}],
    }
}


async def _errors(shop: Workshop, pipeline_id: int, **query: object) -> list[tuple[str, int, str]]:
    found = await shop.client.get(f"/v1/pipelines/errors/{EVER}", pipelines=pipeline_id, **query)
    return sorted((each["step"], each["count"], each["message"]) for each in found["errors"])


async def _cursor(shop: Workshop, pipeline_id: int) -> object:
    async with shop.database.sessions() as session:
        return (await session.get_one(Pipeline, pipeline_id)).cursor


async def test_a_file_becomes_identities(shop: Workshop) -> None:
    """RUN-12, RUN-31, RUN-70."""
    shop.put("members.csv", lines("a,a@x.io,30", "b,b@x.io,31"))
    pipeline_id = await shop.create()
    async with shop.working():
        run = await shop.run(pipeline_id)

    assert (run["passed"], run["failed"], run["error"]) == ([2] * 6, SIX, "")
    assert shop.identities() == {"a": ("a@x.io", 30), "b": ("b@x.io", 31)}
    assert await _cursor(shop, pipeline_id) == OF_THE_FILE
    row = await row_of(shop, run["id"])
    assert (row.definition, row.lease_owner, row.attempt) == (None, None, 1)


async def test_the_worked_example_is_counted_and_told(shop: Workshop) -> None:
    """Section 9: counters, errors by step, failed records."""
    text = lines("1,a@x.io,30", "2,nobody,30", ",c@x.io,30", f"4,{LONG},30", "5,e@x.io,old")
    shop.put("members.csv", text)
    pipeline_id = await shop.create(**FILTERED)
    async with shop.working():
        run = await shop.run(pipeline_id)

    assert run["passed"] == [4, 4, 3, 3, 1, 1]
    assert run["failed"] == [1, 0, 1, 0, 2, 0]
    assert run["error"] == ""
    assert shop.identities() == {"1": ("a@x.io", 30)}
    assert [each[:2] for each in await _errors(shop, pipeline_id)] == [
        ("Finalize", 0),
        ("OutputValidation", 1),
        ("OutputValidation", 1),
        ("Receive", 1),
    ]
    assert await _errors(shop, pipeline_id, step="Receive") == [
        ("Receive", 1, "the user ID in `id` is empty")
    ]
    path = f"/v1/pipelines/runs/{run['id']}/failures"
    kept = await shop.client.get(path)
    assert kept["total"] == 3
    assert [
        (each["position"], each["step"], each["code"], each["userID"], each["input"])
        for each in kept["failures"]
    ] == [
        (2, "Receive", "V206", None, {"id": "", "mail": "c@x.io", "age": "30"}),
        (3, "OutputValidation", "V210", "4", {"id": "4", "mail": LONG, "age": "30"}),
        (4, "OutputValidation", "V202", "5", {"id": "5", "mail": "e@x.io", "age": "old"}),
    ]
    chosen = await shop.client.get(path, step="OutputValidation", code="V210", limit=1)
    assert [each["position"] for each in chosen["failures"]] == [3]


async def test_what_cannot_be_read_ends_the_run_with_an_error(shop: Workshop) -> None:
    """RUN-29: nothing is purged, and the cursor stays."""
    shop.put("members.csv", lines("a,a@x.io,30"))
    pipeline_id = await shop.create()
    async with shop.working():
        await shop.run(pipeline_id)
        (shop.folder / "members.csv").unlink()
        run = await shop.run(pipeline_id)

    assert (run["passed"], run["failed"]) == (SIX, SIX)
    assert "members.csv" in run["error"]
    assert [each[:2] for each in await _errors(shop, pipeline_id)] == [("InputValidation", 0)]
    assert set(shop.identities()) == {"a"}
    assert await _cursor(shop, pipeline_id) == OF_THE_FILE


async def test_a_cursor_that_an_update_has_reset_is_not_set_by_the_run_before(
    shop: Workshop,
) -> None:
    """RUN-80, PIPE-131; the run itself goes on with what it started with."""
    shop.put("members.csv", lines("a,a@x.io,30"))
    pipeline_id = await shop.create()
    run_id = await shop.start(pipeline_id)
    changed = {**PIPELINE, "path": "other.csv"}
    assert (await shop.ask("PUT", f"/v1/pipelines/{pipeline_id}", changed)).status == 200
    async with shop.working():
        run = await shop.ended(run_id)

    assert (run["passed"], run["error"]) == ([1] * 6, "")
    assert await _cursor(shop, pipeline_id) is None


async def test_a_disabled_pipeline_ends_its_run(shop: Workshop) -> None:
    """RUN-81."""
    shop.put("members.csv", lines("a,a@x.io,30"))
    pipeline_id = await shop.create()
    run_id = await shop.start(pipeline_id)
    await shop.ask("PUT", f"/v1/pipelines/{pipeline_id}/status", {"enabled": False})
    async with shop.working():
        assert (await shop.ended(run_id))["passed"] == [1] * 6


async def _wait_until_ended(shop: Workshop, run_id: int) -> None:
    async with asyncio.timeout(60):
        while (await row_of(shop, run_id)).ended_at is None:  # noqa: ASYNC110 - elsewhere
            await asyncio.sleep(0.01)


async def test_a_run_waits_until_its_warehouse_may_be_written(shop: Workshop) -> None:
    """RUN-28, RUN-85."""
    _, run_id = await held(shop)
    async with shop.working():
        await wait_for_attempt(shop, run_id, 1)
        await shop.ask("PUT", "/v1/warehouse/mode", {"mode": "Normal"})
        run = await shop.ended(run_id)

    assert (run["passed"], run["error"]) == ([1] * 6, "")


async def test_a_live_run_is_cancelled_at_once_and_another_can_start(shop: Workshop) -> None:
    pipeline_id, run_id = await held(shop)
    async with shop.working(lease_seconds=600):
        await wait_for_attempt(shop, run_id, 1)
        assert (await shop.ask("DELETE", f"/v1/pipelines/runs/{run_id}")).status == 200
        run = await shop.ended(run_id)
        assert (await shop.ask("DELETE", f"/v1/pipelines/runs/{run_id}")).status == 200
        await shop.ask("PUT", "/v1/warehouse/mode", {"mode": "Normal"})
        assert (await shop.run(pipeline_id))["passed"] == [1] * 6

    assert run["error"] == "the run was cancelled"
    assert await _errors(shop, pipeline_id) == [("Receive", 0, "the run was cancelled")]


async def test_a_run_of_another_workspace_is_not_cancelled(shop: Workshop) -> None:
    assert (await shop.ask("DELETE", "/v1/pipelines/runs/123456789")).status == 404


async def test_a_pipeline_that_is_deleted_takes_its_run_with_it(shop: Workshop) -> None:
    """RUN-83: nothing is stuck, and everything else goes on."""
    pipeline_id, run_id = await held(shop)
    async with shop.working(lease_seconds=0.3):
        await wait_for_attempt(shop, run_id, 1)
        assert (await shop.ask("DELETE", f"/v1/pipelines/{pipeline_id}")).status == 200
        assert (await shop.ask("GET", f"/v1/pipelines/runs/{run_id}")).status == 404
        await shop.ask("PUT", "/v1/warehouse/mode", {"mode": "Normal"})
        run = await shop.run(await shop.create())

    assert run["passed"] == [1] * 6
    assert set(shop.identities()) == {"a"}


async def test_an_organization_that_is_disabled_ends_its_runs(shop: Workshop) -> None:
    """RUN-84."""
    _, run_id = await held(shop)
    async with shop.working(lease_seconds=0.3):
        await wait_for_attempt(shop, run_id, 1)
        async with shop.database.sessions.begin() as session:
            await session.execute(update(Organization).values(enabled=False))
        await _wait_until_ended(shop, run_id)

    row = await row_of(shop, run_id)
    assert (row.error, row.error_step) == ("the organization was disabled", 0)


async def test_a_worker_that_stops_hands_over(shop: Workshop) -> None:
    """RUN-96: another one need not wait for the lease."""
    _, run_id = await held(shop)
    async with shop.working(lease_seconds=600):
        await wait_for_attempt(shop, run_id, 1)
    row = await row_of(shop, run_id)
    assert (row.lease_owner, row.ended_at, row.attempt) == (None, None, 1)

    await shop.ask("PUT", "/v1/warehouse/mode", {"mode": "Normal"})
    async with shop.working(lease_seconds=600):
        assert (await shop.ended(run_id))["passed"] == [1] * 6


async def test_a_worker_that_is_stopped_as_it_claims_keeps_nothing(shop: Workshop) -> None:
    """RUN-96: what it was given stands in the database before it knows of it."""
    shop.put("members.csv", lines("a,a@x.io,30"))
    run_id = await shop.start(await shop.create())
    worker = shop.worker(lease_seconds=600)
    assert await claim(shop.database.sessions, worker.owner, 600) is not None

    working = asyncio.create_task(worker.run())
    await asyncio.sleep(0)
    working.cancel()
    await asyncio.wait([working])

    row = await row_of(shop, run_id)
    assert (row.lease_owner, row.ended_at, row.attempt) == (None, None, 1)


async def test_the_run_of_a_worker_that_died_is_taken_over(shop: Workshop) -> None:
    """RUN-94, RUN-96."""
    shop.put("members.csv", lines("a,a@x.io,30"))
    run_id = await shop.start(await shop.create())
    dead = await claim(shop.database.sessions, "dead", 0.2)
    assert dead is not None
    assert await claim(shop.database.sessions, "other", 0.2) is None

    async with shop.working():
        run = await shop.ended(run_id)

    assert run["passed"] == [1] * 6
    assert (await row_of(shop, run_id)).attempt == 2
    # Who was believed dead comes back, and changes nothing.
    await hand_over(shop.database.sessions, dead)
    assert (await row_of(shop, run_id)).attempt == 2


async def test_two_workers_carry_each_run_out_once(shop: Workshop) -> None:
    shop.put("members.csv", lines("a,a@x.io,30"))
    pipelines = [await shop.create(name=f"Members {number}") for number in range(6)]
    async with shop.working(), shop.working():
        runs = [await shop.start(each) for each in pipelines]
        ended = [await shop.ended(each) for each in runs]

    assert [each["passed"] for each in ended] == [[1] * 6] * 6
    async with shop.database.sessions() as session:
        attempts = await session.scalars(select(Run.attempt))
        assert list(attempts) == [1] * 6


async def test_a_run_begins_although_nobody_was_told(shop: Workshop) -> None:
    """DEC-3: a word on the channel only saves the wait."""
    shop.put("members.csv", lines("a,a@x.io,30"))
    pipeline_id = await shop.create()
    async with shop.working():
        async with shop.database.engine.connect() as connection:
            raw = await connection.get_raw_connection()
            driver: Any = raw.driver_connection
            await driver.execute(f"UNLISTEN {CHANNEL}")
        assert (await shop.run(pipeline_id))["passed"] == [1] * 6


async def test_failed_records_are_tried_again_with_the_pipeline_as_it_is_now(
    shop: Workshop,
) -> None:
    """DEC-47."""
    shop.put("members.csv", lines(f"a,{LONG},30", "b,b@x.io,31", ",c@x.io,1", "d,d@x.io,old"))
    pipeline_id = await shop.create()
    async with shop.working():
        first = await shop.run(pipeline_id)
        assert first["failed"] == [1, 0, 0, 0, 2, 0]
        transformation = {"mapping": {"email": "substring(mail, 1, 20)", "age": "age"}}
        changed = {**PIPELINE, "transformation": transformation}
        assert (await shop.ask("PUT", f"/v1/pipelines/{pipeline_id}", changed)).status == 200
        # Somebody else's change of the file makes no difference.
        shop.put("members.csv", lines("z,z@x.io,1"), OF_THE_FILE + timedelta(days=1))
        again = await shop.ask("POST", f"/v1/pipelines/runs/{first['id']}/redrive")
        second = await shop.ended(again.id)
        refused = await shop.ask("POST", f"/v1/pipelines/runs/{again.id + 1}/redrive")

    # Whoever has no id has none, and whoever is too old is; what was too long is mended.
    assert (second["passed"], second["failed"]) == ([2, 2, 2, 2, 1, 1], [1, 0, 0, 0, 1, 0])
    assert shop.identities() == {"a": (LONG[:20], 30), "b": ("b@x.io", 31)}
    assert await _cursor(shop, pipeline_id) is None
    assert refused.status == 404


async def test_a_run_without_failed_records_is_not_tried_again(shop: Workshop) -> None:
    shop.put("members.csv", lines("a,a@x.io,30"))
    async with shop.working():
        run = await shop.run(await shop.create())

    refused = await shop.ask("POST", f"/v1/pipelines/runs/{run['id']}/redrive")

    assert (refused.status, refused.code) == (400, "BadRequest")


async def test_counters_are_added_to_the_metrics_of_the_minute(shop: Workshop) -> None:
    """RUN-105."""
    shop.put("members.csv", lines("a,a@x.io,30", f"b,{LONG},1"))
    pipeline_id = await shop.create()
    async with shop.working():
        await shop.run(pipeline_id)
        await shop.run(pipeline_id)

    for path in ("minutes/60", "hours/48", "days/30"):
        found = await shop.client.get(f"/v1/pipelines/metrics/{path}", pipelines=pipeline_id)
        sums = [
            [sum(each[step] for each in found[what]) for step in range(6)]
            for what in ("passed", "failed")
        ]
        assert sums == [[4, 4, 4, 4, 2, 2], [0, 0, 0, 0, 2, 0]], path


@pytest.mark.parametrize(
    ("path", "query", "status"),
    [
        (f"errors/{EVER}", {}, 400),
        (f"errors/{EVER}", {"pipelines": "1", "step": "Nothing"}, 400),
        (f"errors/{EVER}", {"pipelines": "1", "limit": "101"}, 400),
        (f"errors/{EVER}", {"pipelines": "123456789"}, 200),
        ("errors/2024-01-02T00:00:00Z/2024-01-01T00:00:00Z", {"pipelines": "1"}, 404),
        ("errors/yesterday/today", {"pipelines": "1"}, 404),
        ("metrics/minutes/61", {"pipelines": "1"}, 404),
        ("metrics/weeks/1", {"pipelines": "1"}, 404),
        ("metrics/hours/1", {}, 400),
        ("metrics/hours/1", {"pipelines": "1", "connections": "2"}, 400),
        ("runs/123456789/failures", {}, 404),
        ("runs/123456789/progress", {}, 404),
    ],
)
async def test_what_cannot_be_meant_is_refused(
    shop: Workshop, path: str, query: dict[str, object], status: int
) -> None:
    """RUN-104, RUN-105."""
    assert (await shop.ask("GET", f"/v1/pipelines/{path}", **query)).status == status


async def test_a_run_is_followed_until_it_has_ended(shop: Workshop) -> None:
    shop.put("members.csv", lines("a,a@x.io,30"))
    pipeline_id = await shop.create()
    run_id = await shop.start(pipeline_id)
    async with shop.working():
        events = await shop.client.text(f"/v1/pipelines/runs/{run_id}/progress")

    blocks = [block for block in events.split("\n\n") if block and not block.startswith(":")]
    assert blocks[-1].startswith("event: end\n")
    assert '"passed":[1,1,1,1,1,1]' in blocks[-1]
    assert {block.split("\n")[0] for block in blocks[:-1]} == {"event: progress"}


async def test_messages_of_batches_are_one_when_the_run_has_ended(shop: Workshop) -> None:
    rows = [f"{number},{number}@x.io,old" for number in range(30)]
    shop.put("members.csv", lines(*rows))
    pipeline_id = await shop.create()
    async with shop.working():
        await shop.run(pipeline_id)

    async with shop.database.sessions() as session:
        kept = [(each.batch, each.count) for each in await session.scalars(select(RunError))]
    assert kept == [(0, 30)]
