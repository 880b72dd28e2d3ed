"""The life of pipelines over HTTP: what is found, what is refused first, and what follows."""

import asyncio
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import select, update

from api.db.session import Sessions
from api.db.tables.connection import Connection
from api.db.tables.pipeline import Pipeline
from api.db.tables.purge import Purge
from api.db.tables.run import Run
from api.db.tables.unset import Unset
from api.db.tables.workspace import Workspace
from mapping_lang.diagnostics import Code, Diagnostic, Span
from tests.api import rows
from tests.api.pipelines.bodies import CONNECTIONS, body, function, profile, prop, schema
from tests.api.pipelines.checking import LocalCompiler
from tests.api.pipelines.conftest import CONNECTION_IDS, SCHEDULE_START, Api

UNKNOWN = 999_999_999
MOMENT = datetime(2026, 11, 1, tzinfo=UTC)


async def _row(sessions: Sessions, pipeline_id: int) -> Pipeline:
    async with sessions() as session:
        row = await session.get(Pipeline, pipeline_id)
        assert row is not None
        return row


async def _set(sessions: Sessions, pipeline_id: int, **values: object) -> None:
    async with sessions.begin() as session:
        await session.execute(update(Pipeline).where(Pipeline.id == pipeline_id).values(**values))


async def _other_workspace(sessions: Sessions) -> int:
    """Add a pipeline of another workspace of the same organization."""
    async with sessions.begin() as session:
        for row in (
            rows.workspace(id=UNKNOWN, name="Other"),
            rows.source(id=UNKNOWN, workspace_id=UNKNOWN),
            rows.pipeline(id=UNKNOWN, workspace_id=UNKNOWN, connection_id=UNKNOWN),
        ):
            session.add(row)
            await session.flush()
    return UNKNOWN


_ENDPOINTS: list[tuple[str, str, Any]] = [
    ("GET", "", None),
    ("PUT", "", body("K3")),
    ("DELETE", "", None),
    ("PUT", "/status", {"enabled": True}),
    ("PUT", "/schedule", {"period": "1h"}),
    ("POST", "/runs", {}),
]


async def test_ids_are_numbers_of_pipelines_of_the_workspace(api: Api, sessions: Sessions) -> None:
    other = await _other_workspace(sessions)
    malformed = ("abc", "0", "01", "-5", "5.0", "99999999999")
    for method, path, sent in _ENDPOINTS:
        found = [
            (await api.ask(method, f"/{text}{path}", sent)).status
            for text in (*malformed, UNKNOWN - 1, other)
        ]

        assert found == [*([400] * len(malformed)), 404, 404], (method, path)


async def test_a_pipeline_is_looked_for_before_the_body_is_read(api: Api) -> None:
    """API-5."""
    pipeline_id = await api.create("K3")
    broken = {"enabled": 5, "period": 5, "incremental": "x", "name": 5}
    for method, path in (each[:2] for each in _ENDPOINTS if each[2] is not None):
        missing = await api.ask(method, f"/{UNKNOWN}{path}", broken)
        there = await api.ask(method, f"/{pipeline_id}{path}", broken)

        assert (missing.status, missing.code) == (404, "NotFound"), (method, path)
        assert (there.status, there.code) == (400, "BadRequest"), (method, path)


async def test_creation_decodes_then_wants_a_target_then_looks_for_the_connection(
    api: Api, sessions: Sessions
) -> None:
    """PIPE-22 to PIPE-25."""
    other = await _other_workspace(sessions)
    answers = [
        await api.ask("POST", "", {**api.new("K3"), **changed})
        for changed in (
            {"connection": UNKNOWN - 1, "target": None, "name": 5},
            {"connection": UNKNOWN - 1, "inSchema": {"kind": "object", "properties": []}},
            {"connection": UNKNOWN - 1, "target": None},
            {"connection": "705981339"},
            {"connection": 0},
            {"connection": 1.5},
            {"connection": None},
            {"connection": UNKNOWN - 1, "target": "Event", "name": ""},
            {"connection": other, "name": ""},
            {"target": "Event", "eventType": "x", "name": ""},
            {"eventType": "x", "format": "pdf"},
        )
    ]

    assert [(each.status, each.code) for each in answers] == [
        (400, "BadRequest"),
        (400, "BadRequest"),
        (400, "BadRequest"),
        (400, "BadRequest"),
        (400, "BadRequest"),
        (400, "BadRequest"),
        (400, "BadRequest"),
        (422, "ConnectionNotExist"),
        (422, "ConnectionNotExist"),
        (400, "BadRequest"),
        (400, "BadRequest"),
    ]


async def test_a_refused_creation_keeps_nothing(api: Api, sessions: Sessions) -> None:
    mistakes: list[dict[str, Any]] = [{"formatSettings": {}}, {"format": "pdf"}, {"name": ""}]
    for changed in mistakes:
        answer = await api.ask("POST", "", {**api.new("K3"), **changed})
        assert answer.status in (400, 422)

    async with sessions() as session:
        assert (await session.scalars(select(Pipeline))).all() == []


async def test_a_function_that_cannot_be_loaded_is_not_kept(
    sessions: Sessions, api: Api, compiler: LocalCompiler
) -> None:
    """DEC-30."""
    source = "def transform(user):\n  return (\n"
    compiler.mistakes = (
        Diagnostic(code=Code.FUNCTION_SYNTAX, message="'(' was never closed", span=Span(30, 31)),
    )

    answer = await api.ask("POST", "", api.new("K3", transformation=function(source=source)))

    assert (answer.status, answer.code) == (422, "TransformationFailed")
    assert answer.json["error"]["cause"].startswith("line 2, column 10: ")
    async with sessions() as session:
        assert (await session.scalars(select(Pipeline))).all() == []


async def test_only_one_pipeline_imports_the_events_of_a_connection(
    api: Api, sessions: Sessions
) -> None:
    """PIPE-4, also when both are created at once."""
    answers = await asyncio.gather(*(api.ask("POST", "", api.new("K5")) for _ in range(4)))

    assert sorted(each.status for each in answers) == [200, 422, 422, 422]
    assert {each.code for each in answers if each.status == 422} == {"TargetExist"}
    # Of other kinds, and on other connections, there may be several.
    for kind in ("K4", "K4", "K7", "K7", "K3", "K3"):
        await api.create(kind)


async def test_an_update_replaces_everything(api: Api) -> None:
    """PIPE-16: what is not sent is reset."""
    pipeline_id = await api.create("K1", enabled=True, incremental=True)
    sent = {
        "name": "New",
        "transformation": {"mapping": {"email": "country"}},
        "inSchema": schema(prop("country")),
        "outSchema": schema(profile("email")),
        # What never changes is ignored, whatever it says.
        "connection": CONNECTION_IDS["K6"],
        "target": "Event",
        "eventType": "x",
    }

    answer = await api.ask("PUT", f"/{pipeline_id}", sent)

    assert (answer.status, answer.json) == (200, None)
    found = await api.get(pipeline_id)
    names = ("name", "enabled", "filter", "incremental", "connection", "target", "transformation")
    assert {name: found[name] for name in names} == {
        "name": "New",
        "enabled": False,
        "filter": None,
        "incremental": False,
        "connection": CONNECTION_IDS["K1"],
        "target": "User",
        "transformation": {"mapping": {"email": "country"}, "function": None},
    }


async def test_an_update_keeps_the_event_type(api: Api) -> None:
    pipeline_id = await api.create("K7")

    assert (await api.ask("PUT", f"/{pipeline_id}", {"name": "Other"})).status == 200

    assert (await api.get(pipeline_id))["eventType"] == "purchase"


async def test_a_refused_update_changes_nothing(api: Api) -> None:
    pipeline_id = await api.create("K3")
    before = await api.get(pipeline_id)

    refused = [
        await api.ask("PUT", f"/{pipeline_id}", body("K3", **changed))
        for changed in ({"name": ""}, {"format": "pdf"}, {"formatSettings": {"separator": ""}})
    ]

    assert [(each.status, each.code) for each in refused] == [
        (400, "BadRequest"),
        (422, "FormatNotExist"),
        (422, "InvalidSettings"),
    ]
    assert await api.get(pipeline_id) == before


@pytest.mark.parametrize(
    ("changed", "cursor", "version"),
    [
        ({}, MOMENT, 1),
        ({"name": "Other", "enabled": True}, MOMENT, 1),
        ({"path": "other.csv"}, None, 2),
        ({"incremental": False}, None, 2),
    ],
)
async def test_the_cursor_is_reset_when_it_means_something_else(
    api: Api, sessions: Sessions, changed: dict[str, Any], cursor: datetime | None, version: int
) -> None:
    """PIPE-131, RUN-80."""
    pipeline_id = await api.create("K3", incremental=True)
    await _set(sessions, pipeline_id, cursor=MOMENT)

    await api.ask("PUT", f"/{pipeline_id}", body("K3", **{"incremental": True, **changed}))

    row = await _row(sessions, pipeline_id)
    assert (row.cursor, row.version) == (cursor, version)


async def test_functions_are_counted_and_no_number_comes_again(
    api: Api, sessions: Sessions
) -> None:
    """PIPE-133."""
    mapping = {"mapping": {"email": "mail"}}
    pipeline_id = await api.create("K3", transformation=mapping)
    versions = [(await _row(sessions, pipeline_id)).function_version]
    for transformation in (
        function(), function(), function(source="# 2\n"), mapping, function(source="# 2\n"),
    ):  # fmt: skip
        await api.ask("PUT", f"/{pipeline_id}", body("K3", transformation=transformation))
        versions.append((await _row(sessions, pipeline_id)).function_version)

    assert versions == [0, 1, 1, 2, 2, 3]
    created = await api.create("K3", transformation=function())
    assert (await _row(sessions, created)).function_version == 1


async def _unsets(sessions: Sessions) -> set[str]:
    async with sessions() as session:
        return set(await session.scalars(select(Unset.path)))


async def test_what_is_no_longer_written_is_queued_until_it_is_written_again(
    api: Api, sessions: Sessions
) -> None:
    """PIPE-132, DEC-48."""
    items = {name: profile(name) for name in ("email", "name", "address.city")}
    items["address.city"] = profile("address", schema(profile("city")))

    async def put(*paths: str) -> set[str]:
        sent = body(
            "K3",
            transformation={"mapping": dict.fromkeys(paths, "mail")},
            outSchema=schema(*(items[path] for path in paths)),
        )
        assert (await api.ask("PUT", f"/{pipeline_id}", sent)).status == 200
        return await _unsets(sessions)

    pipeline_id = await api.create("K3")
    assert await put("email", "name", "address.city") == set()
    assert await put("name") == {"email", "address.city"}
    assert await put("name") == {"email", "address.city"}
    assert await put("email") == {"name", "address.city"}


async def test_deleting_takes_runs_along_and_queues_the_purge(api: Api, sessions: Sessions) -> None:
    """PIPE-138."""
    pipeline_id = await api.create("K3", enabled=True)
    run_id = (await api.ask("POST", f"/{pipeline_id}/runs", {})).id

    answer = await api.ask("DELETE", f"/{pipeline_id}")

    assert (answer.status, answer.json) == (200, None)
    assert (await api.ask("GET", f"/{pipeline_id}")).status == 404
    assert (await api.ask("GET", f"/runs/{run_id}")).status == 404
    assert (await api.ask("DELETE", f"/{pipeline_id}")).status == 404
    async with sessions() as session:
        assert [each.pipeline_id for each in await session.scalars(select(Purge))] == [pipeline_id]


async def test_only_imports_of_users_have_identities_to_purge(api: Api, sessions: Sessions) -> None:
    created = {kind: await api.create(kind) for kind in CONNECTIONS}
    for pipeline_id in created.values():
        await api.ask("DELETE", f"/{pipeline_id}")

    async with sessions() as session:
        purged = set(await session.scalars(select(Purge.pipeline_id)))
    assert purged == {created[kind] for kind in ("K1", "K2", "K3", "K4")}


async def test_the_status_is_set_and_missing_means_off(api: Api) -> None:
    """PIPE-136."""
    pipeline_id = await api.create("K5")
    found = []
    for sent in ({"enabled": True}, {"enabled": True}, {}, {"enabled": True}, {"enabled": None}):
        assert (await api.ask("PUT", f"/{pipeline_id}/status", sent)).status == 200
        found.append((await api.get(pipeline_id))["enabled"])

    assert found == [True, True, False, True, False]
    assert (await api.ask("PUT", f"/{pipeline_id}/status", {"enabled": "true"})).status == 400


async def test_the_schedule_is_set_shown_and_turned_off(api: Api) -> None:
    """PIPE-8, PIPE-137: the minute of the day is the connection's, and is not changed."""
    pipeline_id = await api.create("K3")
    found = []
    for sent in ({"period": "5m"}, {"period": "24h"}, {"period": "24h"}, {"period": None}, {}):
        assert (await api.ask("PUT", f"/{pipeline_id}/schedule", sent)).status == 200
        shown = await api.get(pipeline_id)
        found.append((shown["scheduleStart"], shown["schedulePeriod"]))

    assert found == [
        (SCHEDULE_START, "5m"),
        (SCHEDULE_START, "24h"),
        (SCHEDULE_START, "24h"),
        (None, None),
        (None, None),
    ]
    for period in ("4h", "", "1H", 60):
        assert (await api.ask("PUT", f"/{pipeline_id}/schedule", {"period": period})).status == 400


async def test_what_has_no_runs_has_no_schedule(api: Api) -> None:
    for kind in ("K4", "K5", "K7"):
        pipeline_id = await api.create(kind)
        for sent in ({"period": "1h"}, {"period": None}):
            assert (await api.ask("PUT", f"/{pipeline_id}/schedule", sent)).status == 400


async def test_a_schedule_survives_an_update(api: Api) -> None:
    pipeline_id = await api.create("K3")
    await api.ask("PUT", f"/{pipeline_id}/schedule", {"period": "6h"})

    await api.ask("PUT", f"/{pipeline_id}", body("K3"))

    assert (await api.get(pipeline_id))["schedulePeriod"] == "6h"


async def test_changes_at_once_leave_one_whole_definition(api: Api, sessions: Sessions) -> None:
    """PIPE-134: whoever is last has its own source with its own number."""
    pipeline_id = await api.create("K3", transformation=function(source="# 0\n"))
    sources = [f"# {number}\n" for number in range(1, 9)]

    answers = await asyncio.gather(
        *(
            api.ask(
                "PUT",
                f"/{pipeline_id}",
                body("K3", name=source.strip(), transformation=function(source=source)),
            )
            for source in sources
        ),
        *(api.ask("PUT", f"/{pipeline_id}/status", {"enabled": True}) for _ in range(4)),
        *(api.ask("PUT", f"/{pipeline_id}/schedule", {"period": "1h"}) for _ in range(4)),
    )

    assert {each.status for each in answers} == {200}
    row = await _row(sessions, pipeline_id)
    assert row.function_source in sources
    assert row.name == row.function_source.strip()
    assert (row.function_version, row.version) == (9, 9)


async def test_deleting_while_everything_else_goes_on_locks_nobody_out(
    api: Api, sessions: Sessions
) -> None:
    pipeline_id = await api.create("K3", enabled=True)
    path = f"/{pipeline_id}"

    async def delete_connection() -> None:
        async with sessions.begin() as session:
            row = await session.get(Connection, CONNECTION_IDS["K3"], with_for_update=True)
            await session.delete(row)

    answers = await asyncio.gather(
        *(api.ask("PUT", path, body("K3", name=f"n{number}")) for number in range(4)),
        *(api.ask("POST", f"{path}/runs", {}) for _ in range(4)),
        *(api.ask("PUT", f"{path}/status", {"enabled": True}) for _ in range(2)),
        api.ask("POST", "", api.new("K3")),
        api.ask("DELETE", path),
    )
    await asyncio.gather(
        delete_connection(),
        *(api.ask("POST", "", api.new("K3")) for _ in range(3)),
    )

    assert {each.status for each in answers} <= {200, 404, 422}
    assert (await api.ask("GET", path)).status == 404
    async with sessions() as session:
        assert (await session.scalars(select(Pipeline))).all() == []
        assert (await session.scalars(select(Run))).all() == []


async def test_a_connection_that_goes_while_its_pipeline_is_checked_is_told(
    api: Api, sessions: Sessions, compiler: LocalCompiler
) -> None:
    """PIPE-23."""

    async def meanwhile() -> None:
        async with sessions.begin() as session:
            await session.delete(await session.get_one(Connection, CONNECTION_IDS["K3"]))

    compiler.meanwhile = meanwhile
    answer = await api.ask("POST", "", api.new("K3"))

    assert (answer.status, answer.code) == (422, "ConnectionNotExist")


async def test_a_pipeline_that_goes_while_its_update_is_checked_is_not_found(
    api: Api, sessions: Sessions, compiler: LocalCompiler
) -> None:
    pipeline_id = await api.create("K3")

    async def meanwhile() -> None:
        async with sessions.begin() as session:
            await session.delete(await session.get_one(Pipeline, pipeline_id))

    compiler.meanwhile = meanwhile
    answer = await api.ask("PUT", f"/{pipeline_id}", body("K3"))

    assert (answer.status, answer.code) == (404, "NotFound")


async def test_pipelines_can_be_changed_in_every_mode(api: Api, sessions: Sessions) -> None:
    for mode in ("Inspection", "Maintenance"):
        async with sessions.begin() as session:
            await session.execute(update(Workspace).values(warehouse_mode=mode))
        for kind in ("K3", "K6"):
            pipeline_id = await api.create(kind)
            assert (await api.ask("PUT", f"/{pipeline_id}", body(kind))).status == 200
            assert (await api.ask("DELETE", f"/{pipeline_id}")).status == 200
