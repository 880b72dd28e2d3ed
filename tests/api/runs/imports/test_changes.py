"""What changes do to a run that is being carried out: section 6 of the rules of runs, row by row.

Every run here has written two records, and waits for the rest of its file until it is let go.
"""

from typing import Any

import psycopg
import pytest

from tests.api.runs.imports.service import Service
from tests.api.runs.imports.stored import Held
from tests.api.runs.imports.workspace import (
    AGE,
    EMAIL,
    EVER,
    ZEROS,
    Workspace,
    function,
    lines,
    optional,
    schema,
    text,
    until,
)

ROWS = ("a,a@x.io,30", "b,b@x.io,31")
REST = ("c,c@x.io,32",)
FIRST = {"a": ("a@x.io", 30), "b": ("b@x.io", 31)}
ALL = {**FIRST, "c": ("c@x.io", 32), "filler": ("filler@x.io", 1)}


def _reading(shop: Workspace, **changed: object) -> tuple[int, int, Held]:
    """Start a run, and give it when what came before the rest of its file is durable."""
    held = Held.of(*ROWS, rest=REST)
    shop.files.put("members.csv", held)
    pipeline = shop.create(shop.web(), **changed)
    run = shop.start(pipeline)
    held.wait_until_reached()
    shop.wait_until_noted(run, len(ROWS))
    return pipeline, run, held


def _read_on(shop: Workspace, run: int, held: Held) -> Any:  # noqa: ANN401 - JSON
    """Let a run read the rest of its file, and give it when it has ended."""
    assert shop.get(f"/v1/pipelines/runs/{run}")["endTime"] is None
    held.let_go()
    return shop.ended(run)


def test_counters_are_zero_until_the_end(shop: Workspace) -> None:
    """RUN-2, RUN-12."""
    pipeline, run, held = _reading(shop)

    live = shop.get(f"/v1/pipelines/runs/{run}")
    assert (live["passed"], live["failed"], live["error"]) == (ZEROS, ZEROS, "")
    assert shop.get(f"/v1/pipelines/{pipeline}")["running"] is True

    assert _read_on(shop, run, held)["passed"] == [4] * 6
    assert shop.get(f"/v1/pipelines/{pipeline}")["running"] is False
    assert shop.identities() == ALL


def test_an_update_does_not_reach_a_run(shop: Workspace) -> None:
    """RUN-80: definition, schemas and mapping are those that it started with."""
    pipeline, run, held = _reading(shop)
    shop.update(
        pipeline,
        path="other.csv",
        transformation={"mapping": {"email": "upper(mail)"}},
        inSchema=schema(text("id"), text("mail")),
        outSchema=schema(EMAIL),
    )

    ended = _read_on(shop, run, held)

    assert (ended["passed"], ended["error"]) == ([4] * 6, "")
    # What is no longer given is cleared when no run gives it any more (PIPE-132).
    until(lambda: {age for _, _, age in shop.rows()} == {None})
    assert {each: email for each, email, _ in shop.rows()} == {
        each: email for each, (email, _) in ALL.items()
    }


@pytest.mark.parametrize("language", ["Python", "JavaScript"])
def test_a_function_does_not_change_under_a_run(shop: Workspace, language: str) -> None:
    """RUN-80, PIPE-133: the version that failed records name is the one that failed them."""
    source = {
        "Python": "def transform(user):\n    return {'email': %s, 'age': 1}\n",
        "JavaScript": "const transform = (user) => { return { email: %s, age: 1 } }",
    }[language]
    failing = {
        "Python": "[][1] if user['mail'] == 'c@x.io' else 'old'",
        "JavaScript": "user.mail === 'c@x.io' ? null.x : 'old'",
    }[language]
    pipeline, run, held = _reading(
        shop, transformation=function(source % failing, language=language)
    )
    shop.update(pipeline, transformation=function(source % "'new'", language=language))

    ended = _read_on(shop, run, held)

    assert (ended["passed"], ended["failed"]) == ([4, 4, 4, 3, 3, 3], [0, 0, 0, 1, 0, 0])
    assert {email for _, email, _ in shop.rows()} == {"old"}
    assert [each["functionVersion"] for each in shop.failures(run)] == ["1"]


DATED = {
    "updatedAtColumn": "mail",
    "updatedAtFormat": "ISO8601",
    "incremental": True,
    "transformation": {"mapping": {"age": "age"}},
    "outSchema": schema(AGE),
    "inSchema": schema(text("id"), text("mail"), text("age")),
}


@pytest.mark.parametrize(
    ("changed", "read"),
    [
        ({"name": "Another name"}, 1),
        ({"transformation": {"mapping": {"age": "trim(age)"}}}, 2),
    ],
    ids=["name", "mapping"],
)
def test_a_cursor_that_was_reset_meanwhile_is_not_set_by_the_run(
    shop: Workspace, changed: dict[str, object], read: int
) -> None:
    """RUN-80, PIPE-131: the next incremental run reads everything, as the update wanted."""
    held = Held.of("a,2024-01-01,1", "b,2024-01-02,2")
    shop.files.put("dated.csv", held)
    pipeline = shop.create(shop.web(), **DATED, path="dated.csv", enabled=True)
    run = shop.start(pipeline)
    held.wait_until_reached()
    shop.update(pipeline, **{**DATED, "path": "dated.csv", **changed})
    ended = _read_on(shop, run, held)
    # The filler has no update time.
    assert (ended["passed"][0], ended["failed"][0], ended["error"]) == (2, 1, "")

    shop.files.put("dated.csv", lines("a,2024-01-01,1", "b,2024-01-02,2").encode())
    assert shop.run(pipeline)["passed"][0] == read


def test_a_disabled_pipeline_ends_its_run_and_starts_no_other(shop: Workspace) -> None:
    """RUN-81, PIPE-136."""
    pipeline, run, held = _reading(shop)
    shop.done("PUT", f"/v1/pipelines/{pipeline}/status", {"enabled": False})

    refused = shop.ask("POST", f"/v1/pipelines/{pipeline}/runs", {})
    ended = _read_on(shop, run, held)
    again = shop.ask("POST", f"/v1/pipelines/{pipeline}/runs", {})

    assert (refused.code, again.code) == ("PipelineDisabled", "PipelineDisabled")
    assert (ended["passed"], ended["error"]) == ([4] * 6, "")


def test_a_schedule_says_nothing_to_a_run(shop: Workspace) -> None:
    """RUN-82."""
    pipeline, run, held = _reading(shop)
    for period in ("5m", "24h", None):
        shop.done("PUT", f"/v1/pipelines/{pipeline}/schedule", {"period": period})

    ended = _read_on(shop, run, held)

    assert (ended["passed"], ended["error"]) == ([4] * 6, "")
    assert [each["id"] for each in shop.get("/v1/pipelines/runs")["runs"]] == [run]


def test_other_names_are_nothing_to_a_run(shop: Workspace) -> None:
    """Of its pipeline's connection and of its workspace; the settings of files never change."""
    _, run, held = _reading(shop)
    shop.done("PUT", f"/v1/connections/{shop.web()}", {"name": "Another"})
    names = {"firstName": "", "lastName": "", "extra": ""}
    renamed = {"name": "Another", "uiPreferences": {"userProfile": names}}
    shop.done("PUT", "/v1/workspaces/current", renamed)

    ended = _read_on(shop, run, held)

    assert (ended["passed"], ended["error"]) == ([4] * 6, "")
    assert shop.identities() == ALL


@pytest.mark.parametrize("deleted", ["pipeline", "connection", "workspace"])
def test_a_run_whose_ground_is_gone_ends_at_once(shop: Workspace, deleted: str) -> None:
    """RUN-83: its lease lasts for ten minutes, so somebody told its worker."""
    pipeline, run, held = _reading(shop)
    path = {
        "pipeline": f"/v1/pipelines/{pipeline}",
        "connection": f"/v1/connections/{shop.web()}",
        "workspace": "/v1/workspaces/current",
    }[deleted]

    shop.done("DELETE", path)

    held.wait_until_left()
    assert shop.ask("GET", f"/v1/pipelines/runs/{run}").status == 404
    if deleted == "workspace":
        # The customer's warehouse stays as it is (WH-9).
        assert shop.identities() == FIRST
    else:
        assert shop.get("/v1/pipelines/runs") == {"runs": []}
        until(lambda: shop.identities() == {})


def test_nothing_is_written_for_a_pipeline_that_was_deleted(shop: Workspace) -> None:
    """RUN-83, RUN-97: whatever is in flight, its identities are purged for good."""
    pipeline, _, held = _reading(shop)
    shop.done("DELETE", f"/v1/pipelines/{pipeline}")
    held.let_go()
    until(lambda: shop.identities() == {})

    other = shop.imported(lines("z,z@x.io,1"))

    assert other["passed"] == [1] * 6
    assert shop.identities() == {"z": ("z@x.io", 1)}


def _set_organization(service: Service, *, enabled: bool) -> None:
    """Nobody does this over HTTP: it is a matter between whoever runs the service and a payer."""
    with psycopg.connect(service.database_url, autocommit=True) as connection:
        connection.execute("UPDATE organizations SET enabled = %s", [enabled])


def test_an_organization_that_is_disabled_loses_its_runs(idle: Workspace, service: Service) -> None:
    """RUN-84: ended with an error of the first step; what was written stays."""
    with service.working(lease_seconds=3.0):
        pipeline, run, held = _reading(idle)
        _set_organization(service, enabled=False)
        try:
            held.wait_until_left()
            refused = idle.ask("GET", f"/v1/pipelines/runs/{run}")
        finally:
            _set_organization(service, enabled=True)
        ended = idle.ended(run)

    assert (refused.status, refused.code) == (422, "OrganizationDisabled")
    assert (ended["passed"], ended["failed"]) == ([2] * 6, ZEROS)
    assert ended["error"] == "the organization was disabled"
    assert idle.errors(pipeline) == [("Receive", 0, "the organization was disabled")]
    assert idle.identities() == FIRST


@pytest.mark.parametrize("mode", ["Inspection", "Maintenance"])
def test_a_run_waits_for_a_warehouse_that_may_not_be_written(shop: Workspace, mode: str) -> None:
    """RUN-85, RUN-28: it stays live, and goes on where it was."""
    _, run, held = _reading(shop)
    shop.set_mode(mode)
    held.let_go()
    other = shop.create(shop.folder(), name="Other")
    refused = shop.ask("POST", f"/v1/pipelines/{other}/runs", {})
    assert shop.get(f"/v1/pipelines/runs/{run}")["endTime"] is None
    assert shop.identities() == FIRST

    shop.set_mode("Normal")
    ended = shop.ended(run)

    assert refused.code == f"{mode}Mode"
    assert (ended["passed"], ended["error"]) == ([4] * 6, "")
    assert shop.identities() == ALL


def test_a_warehouse_that_drops_its_connections_is_written_on(shop: Workspace) -> None:
    """RUN-28: nothing is lost, counted or written twice."""
    _, run, held = _reading(shop)
    with psycopg.connect(shop.service.warehouse_url, autocommit=True) as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )

    ended = _read_on(shop, run, held)

    assert (ended["passed"], ended["failed"], ended["error"]) == ([4] * 6, ZEROS, "")
    assert shop.identities() == ALL


def test_what_a_mode_does_not_allow_is_cancelled_on_demand(shop: Workspace) -> None:
    """RUN-85, RUN-70: the run is over, its worker lets go, and another one can start."""
    pipeline, run, held = _reading(shop)

    shop.set_mode("Maintenance", cancel=True)

    held.wait_until_left()
    ended = shop.ended(run)
    assert (ended["passed"], ended["failed"]) == ([2] * 6, ZEROS)
    assert ended["error"]
    assert shop.errors(pipeline) == [("Receive", 0, ended["error"])]
    shop.set_mode("Normal")
    shop.files.put("members.csv", lines("z,z@x.io,1").encode())
    assert shop.run(pipeline)["passed"] == [1] * 6


def _alter(shop: Workspace, *properties: dict[str, Any]) -> None:
    sent = {"schema": schema(*properties), "primarySources": {}, "rePaths": {}}
    shop.done("PUT", "/v1/profiles/schema", sent)
    until(lambda: shop.get("/v1/profiles/schema/latest-alter")["endTime"] is not None)
    assert shop.get("/v1/profiles/schema/latest-alter")["error"] in ("", None)


def test_a_property_more_of_profiles_is_nothing_to_a_run(shop: Workspace) -> None:
    """RUN-86."""
    pipeline, run, held = _reading(shop)
    _alter(shop, EMAIL, AGE, optional("city", kind="string"))

    ended = _read_on(shop, run, held)

    assert (ended["passed"], ended["error"]) == ([4] * 6, "")
    assert shop.run(pipeline)["passed"] == [4] * 6


def test_a_property_less_of_profiles_ends_a_run_that_gives_it(shop: Workspace) -> None:
    """RUN-86: the live run fails when it writes, later ones at their start (RUN-29)."""
    pipeline, run, held = _reading(shop)
    _alter(shop, EMAIL)

    ended = _read_on(shop, run, held)
    later = shop.run(pipeline)

    assert (ended["passed"], later["passed"]) == ([2] * 6, ZEROS)
    steps = [step for step, count, _ in shop.errors(pipeline) if count == 0]
    assert steps == ["Finalize", "OutputValidation"]
    assert {user_id for user_id, _ in shop.rows("email")} == {"a", "b"}


def test_identities_are_resolved_beside_a_run(shop: Workspace) -> None:
    """RUN-87, RUN-51: what the run has written until then becomes profiles."""
    _, run, held = _reading(shop)
    shop.done("POST", "/v1/identity-resolution/start")
    until(lambda: shop.get("/v1/identity-resolution/latest")["endTime"] is not None)
    profiles = shop.get("/v1/profiles", properties="email")["profiles"]

    assert len(profiles) == 2
    assert _read_on(shop, run, held)["passed"] == [4] * 6
    assert shop.get("/v1/profiles", properties="email")["profiles"] == profiles


def test_a_run_that_is_cancelled_ends_at_once_and_keeps_what_it_did(shop: Workspace) -> None:
    """RUN-72, RUN-73, RUN-29: nothing is purged, the cursor stays; a second time says nothing."""
    shop.files.put("members.csv", lines("old,old@x.io,1").encode())
    pipeline = shop.create(shop.web())
    shop.run(pipeline)
    held = Held.of(*ROWS, rest=REST)
    shop.files.put("members.csv", held)
    run = shop.start(pipeline)
    held.wait_until_reached()
    shop.wait_until_noted(run, len(ROWS))

    shop.done("DELETE", f"/v1/pipelines/runs/{run}")
    held.wait_until_left()
    ended = shop.ended(run)
    shop.done("DELETE", f"/v1/pipelines/runs/{run}")

    assert (ended["passed"], ended["failed"]) == ([2] * 6, ZEROS)
    assert ended["error"] == "the run was cancelled"
    assert shop.errors(pipeline) == [("Receive", 0, "the run was cancelled")]
    assert shop.ended(run) == ended
    assert shop.identities() == {**FIRST, "old": ("old@x.io", 1)}


def test_errors_of_pipelines_go_with_them(shop: Workspace) -> None:
    """RUN-103, PIPE-138."""
    run = shop.imported(lines("a,a@x.io,old"))
    path = f"/v1/pipelines/errors/{EVER}"
    assert len(shop.get(path, pipelines=run["pipeline"])["errors"]) == 1

    shop.done("DELETE", f"/v1/pipelines/{run['pipeline']}")

    assert shop.get(path, pipelines=run["pipeline"]) == {"errors": []}
    assert shop.ask("GET", f"/v1/pipelines/runs/{run['id']}/failures").status == 404
