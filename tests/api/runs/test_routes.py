"""Runs over HTTP, up to their execution."""

import asyncio
from datetime import UTC, datetime, timedelta

import psycopg
from sqlalchemy import select, update

from api.db.bell import CHANNEL
from api.db.session import Sessions
from api.db.tables.pipeline import Pipeline
from api.db.tables.run import Run
from api.db.tables.workspace import Workspace
from api.pipelines.columns import read_snapshot
from api.pipelines.definition import MappingTransformation
from api.pipelines.kinds import Kind
from tests.api import rows
from tests.api.pipelines.bodies import body
from tests.api.pipelines.conftest import Api
from tests.api.seeds.documents import sample_response

MOMENT = datetime(2026, 11, 1, 12, 30, 15, 120_000, tzinfo=UTC)
ZEROS = [0] * 6


async def _rows(sessions: Sessions) -> list[Run]:
    async with sessions() as session:
        return list(await session.scalars(select(Run).order_by(Run.created_at)))


async def _end(sessions: Sessions, run_id: int, **values: object) -> None:
    """End a run as whoever executed it would."""
    async with sessions.begin() as session:
        await session.execute(
            update(Run)
            .where(Run.id == run_id)
            .values({"ended_at": MOMENT + timedelta(hours=1), "definition": None, **values})
        )


async def test_a_run_is_pending_from_the_answer_on(api: Api, sessions: Sessions) -> None:
    """RUN-12, RUN-80, PIPE-13."""
    pipeline_id = await api.create("K3", enabled=True)
    assert (await api.get(pipeline_id))["running"] is False

    run_id = (await api.ask("POST", f"/{pipeline_id}/runs", {})).id

    assert (await api.get(pipeline_id))["running"] is True
    (row,) = await _rows(sessions)
    assert (row.id, row.pipeline_id, row.attempt, row.lease_owner, row.ended_at) == (
        run_id,
        pipeline_id,
        0,
        None,
        None,
    )
    assert row.definition is not None
    definition = read_snapshot(row.definition).definition
    assert definition.kind is Kind.USERS_FROM_FILE
    assert definition.transformation == MappingTransformation(
        expressions=(("email", "mail"),), in_paths=("mail",)
    )


async def test_a_live_run_keeps_its_definition_and_an_update_is_allowed(
    api: Api, sessions: Sessions
) -> None:
    """PIPE-135."""
    pipeline_id = await api.create("K3", enabled=True)
    await api.ask("POST", f"/{pipeline_id}/runs", {})

    answer = await api.ask("PUT", f"/{pipeline_id}", body("K3", path="other.csv"))

    assert answer.status == 200
    (row,) = await _rows(sessions)
    assert row.definition is not None
    assert read_snapshot(row.definition).definition.path == "crm/members.csv"
    async with sessions() as session:
        pipeline = await session.get_one(Pipeline, pipeline_id)
    assert (row.pipeline_version, pipeline.version) == (1, 2)
    assert (await api.get(pipeline_id))["running"] is True


async def test_the_cursor_of_the_pipeline_is_where_an_incremental_run_starts(
    api: Api, sessions: Sessions
) -> None:
    """RUN-11: what is asked for, else what the pipeline says."""
    found = []
    for default in (True, False):
        pipeline_id = await api.create("K3", enabled=True, incremental=default)
        async with sessions.begin() as session:
            await session.execute(
                update(Pipeline).where(Pipeline.id == pipeline_id).values(cursor=MOMENT)
            )
        for asked in (None, True, False):
            run_id = (await api.ask("POST", f"/{pipeline_id}/runs", {"incremental": asked})).id
            await _end(sessions, run_id)
            async with sessions() as session:
                row = await session.get_one(Run, run_id)
            found.append((default, asked, row.incremental, row.cursor))

    assert found == [
        (True, None, True, MOMENT),
        (True, True, True, MOMENT),
        (True, False, False, None),
        (False, None, False, None),
        (False, True, True, MOMENT),
        (False, False, False, None),
    ]


async def test_reasons_are_told_over_http(api: Api, sessions: Sessions) -> None:
    disabled = await api.create("K3")
    export = await api.create("K6", enabled=True)
    events = await api.create("K5", enabled=True)
    enabled = await api.create("K9", enabled=True)

    async def told(pipeline_id: int, sent: object) -> tuple[int, str]:
        answer = await api.ask("POST", f"/{pipeline_id}/runs", sent)
        return answer.status, "" if answer.status == 200 else answer.code

    found = [
        await told(disabled, {}),
        await told(disabled, {"incremental": "yes"}),
        await told(export, {"incremental": False}),
        await told(events, {}),
        await told(enabled, {"incremental": None, "unknown": 1}),
        await told(enabled, {}),
    ]
    async with sessions.begin() as session:
        await session.execute(update(Workspace).values(warehouse_mode="Inspection"))
    found.append(await told(export, {}))

    assert found == [
        (422, "PipelineDisabled"),
        (400, "BadRequest"),
        (400, "BadRequest"),
        (400, "BadRequest"),
        (200, ""),
        (422, "PipelineAlreadyRunning"),
        (422, "InspectionMode"),
    ]


async def test_of_many_starts_at_once_one_succeeds(api: Api, sessions: Sessions) -> None:
    """RUN-10: one live run per pipeline."""
    pipeline_id = await api.create("K3", enabled=True)

    answers = await asyncio.gather(*(api.ask("POST", f"/{pipeline_id}/runs", {}) for _ in range(8)))

    assert sorted(each.status for each in answers) == [200, *[422] * 7]
    assert {each.code for each in answers if each.status != 200} == {"PipelineAlreadyRunning"}
    assert len(await _rows(sessions)) == 1


async def test_disabling_and_starting_at_once_never_start_a_disabled_pipeline(
    api: Api, sessions: Sessions
) -> None:
    for _ in range(5):
        pipeline_id = await api.create("K3", enabled=True)
        started, disabled = await asyncio.gather(
            api.ask("POST", f"/{pipeline_id}/runs", {}),
            api.ask("PUT", f"/{pipeline_id}/status", {"enabled": False}),
        )
        assert disabled.status == 200
        assert started.status == 200 or started.code == "PipelineDisabled"
        again = await api.ask("POST", f"/{pipeline_id}/runs", {})
        assert again.code == "PipelineDisabled"


async def test_workers_are_woken_when_a_run_is_there(api: Api, database_url: str) -> None:
    """DEC-3."""
    pipeline_id = await api.create("K3", enabled=True)
    async with await psycopg.AsyncConnection.connect(database_url, autocommit=True) as listener:
        await listener.execute(f"LISTEN {CHANNEL}")
        await api.ask("POST", f"/{pipeline_id}/runs", {})
        heard = [each async for each in listener.notifies(timeout=20, stop_after=1)]

    assert [each.channel for each in heard] == [CHANNEL]


async def test_counters_are_told_when_the_run_has_ended(api: Api, sessions: Sessions) -> None:
    """RUN-2, RUN-102, and the form of the documents' own answer."""
    pipeline_id = await api.create("K3", enabled=True)
    run_id = (await api.ask("POST", f"/{pipeline_id}/runs", {})).id
    passed, failed = [9, 9, 8, 8, 6, 6], [2, 0, 1, 0, 2, 0]
    async with sessions.begin() as session:
        await session.execute(update(Run).values(passed=passed, failed=failed, created_at=MOMENT))

    live = (await api.ask("GET", f"/runs/{run_id}")).json
    await _end(sessions, run_id, error="the file is gone", error_step=0)
    ended = (await api.ask("GET", f"/runs/{run_id}")).json

    assert list(live) == list(sample_response("pipelines", "Get pipeline run"))
    assert live == {
        "id": run_id,
        "pipeline": pipeline_id,
        "startTime": "2026-11-01T12:30:15.12Z",
        "endTime": None,
        "passed": ZEROS,
        "failed": ZEROS,
        "error": "",
    }
    assert ended == {
        **live,
        "endTime": "2026-11-01T13:30:15.12Z",
        "passed": passed,
        "failed": failed,
        "error": "the file is gone",
    }


async def test_runs_of_the_workspace_are_listed_the_latest_first(
    api: Api, sessions: Sessions
) -> None:
    """RUN-100."""
    assert (await api.ask("GET", "/runs")).json == {"runs": []}
    pipeline_ids = [await api.create("K3", enabled=True) for _ in range(3)]
    run_ids = [(await api.ask("POST", f"/{each}/runs", {})).id for each in pipeline_ids]
    async with sessions.begin() as session:
        other = rows.workspace(id=rows.DESTINATION_ID)
        for row in (
            other,
            rows.source(workspace_id=other.id),
            rows.pipeline(workspace_id=other.id),
            rows.run(),
        ):
            session.add(row)
            await session.flush()
        for hours, run_id in enumerate(run_ids):
            moment = MOMENT + timedelta(hours=hours)
            await session.execute(update(Run).where(Run.id == run_id).values(created_at=moment))

    listed = (await api.ask("GET", "/runs")).json["runs"]

    assert [each["id"] for each in listed] == run_ids[::-1]
    assert [each["pipeline"] for each in listed] == pipeline_ids[::-1]
    assert (await api.ask("GET", f"/runs/{run_ids[0]}")).json == listed[-1]
    # A run of another workspace is not there.
    assert (await api.ask("GET", f"/runs/{rows.RUN_ID}")).status == 404
    assert (await api.ask("GET", "/runs/abc")).status == 400
