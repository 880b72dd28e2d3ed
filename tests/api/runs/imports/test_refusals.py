"""Why a run is not started: the table of section 2, and of two reasons the one that is first.

Each pipeline here has a reason and the one after it (RUN-10); what is told is compared with what
the first reason alone tells.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
import pytest

from tests.api.pipelines.bodies import body
from tests.api.runs.imports.service import Service
from tests.api.runs.imports.workspace import Workspace, schema, text

Told = tuple[int, str, str]
MISSING = 123456789
UNREADABLE = {"incremental": "yes"}
DATED: dict[str, Any] = {
    "updatedAtColumn": "changed",
    "updatedAtFormat": "ISO8601",
    "inSchema": schema(text("id"), text("mail"), text("age"), text("changed")),
}


def _told(shop: Workspace, pipeline: int, sent: object) -> Told:
    answer = shop.ask("POST", f"/v1/pipelines/{pipeline}/runs", sent)
    return answer.status, answer.code, answer.json["error"]["message"]


def _of_kind(shop: Workspace, kind: str, connection: int, **changed: object) -> int:
    sent = {**body(kind), "enabled": True, "connection": connection, **changed}
    return shop.done("POST", "/v1/pipelines", sent).id


def _events_to_sdk(shop: Workspace) -> int:
    return _of_kind(shop, "K5", shop.connect("javascript", strategy="Fusion"))


def _events_to_webhook(shop: Workspace) -> int:
    return _of_kind(shop, "K5", shop.connect("webhook"))


def _users_from_sdk(shop: Workspace) -> int:
    connection = shop.connect("javascript", strategy="Fusion")
    return _of_kind(
        shop,
        "K4",
        connection,
        transformation={"mapping": {"email": "traits.email"}},
        outSchema=schema(_email()),
    )


def _email() -> dict[str, object]:
    return {"name": "email", "type": {"kind": "string", "maxLength": 20}, "readOptional": True}


def _export(shop: Workspace, **changed: object) -> int:
    connection = shop.connect("filesystem", {"simulateHighIOLatency": False}, "Destination")
    return _of_kind(shop, "K9", connection, inSchema=schema(_email()), **changed)


@contextmanager
def _disabled_organization(service: Service) -> Iterator[None]:
    with psycopg.connect(service.database_url, autocommit=True) as connection:
        connection.execute("UPDATE organizations SET enabled = false")
        try:
            yield
        finally:
            connection.execute("UPDATE organizations SET enabled = true")


@pytest.mark.parametrize("sent", [UNREADABLE, {"incremental": 1}, [], None, {"incremental": []}])
def test_a_missing_pipeline_is_told_before_a_body_that_cannot_be_read(
    idle: Workspace, sent: object
) -> None:
    """Rows 1 and 2; a body has to be there in any case (API-2)."""
    expected = (400, "BadRequest") if sent is None else (404, "NotFound")
    assert _told(idle, MISSING, sent)[:2] == expected


def test_a_body_that_cannot_be_read_is_told_before_what_the_pipeline_is(idle: Workspace) -> None:
    """Rows 2 and 3."""
    unreadable = _told(idle, idle.create(), UNREADABLE)

    assert unreadable[:2] == (400, "BadRequest")
    assert _told(idle, _events_to_webhook(idle), UNREADABLE) == unreadable
    assert _told(idle, _export(idle), UNREADABLE) == unreadable


def test_events_are_told_before_the_kind_of_connector(idle: Workspace) -> None:
    """Rows 3 and 4, and 3 and 5: what is about events has no runs, wherever it comes from."""
    about_events = _told(idle, _events_to_webhook(idle), {})

    assert about_events == (
        400,
        "BadRequest",
        "the pipeline is about events, expected one about users",
    )
    assert _told(idle, _events_to_sdk(idle), {}) == about_events


def test_a_connector_without_runs_is_told_before_what_is_asked(idle: Workspace) -> None:
    """Rows 4, 7 and 8."""
    pipeline = _users_from_sdk(idle)
    without_runs = _told(idle, pipeline, {})
    idle.done("PUT", f"/v1/pipelines/{pipeline}/status", {"enabled": False})

    assert without_runs == (
        400,
        "BadRequest",
        "a pipeline to import users from events has no runs: events come by themselves",
    )
    assert _told(idle, pipeline, {"incremental": True}) == without_runs


def test_what_is_asked_of_an_export_is_told_before_its_state(idle: Workspace) -> None:
    """Rows 5 and 8, and suggested case 2: true and false are the same."""
    pipeline = _export(idle, enabled=False)
    for asked in (True, False):
        assert _told(idle, pipeline, {"incremental": asked}) == (
            400,
            "BadRequest",
            "`incremental` is there, expected null: the pipeline is an export",
        )
    assert _told(idle, pipeline, {})[:2] == (422, "PipelineDisabled")


def test_an_organization_that_is_disabled_is_told_at_the_door(
    idle: Workspace, service: Service
) -> None:
    """Row 6: with its key, so before anything of the request is looked at."""
    dated, undated = idle.create(**DATED), idle.create()

    with _disabled_organization(service):
        found = {
            _told(idle, pipeline, sent)[:2]
            for pipeline in (MISSING, dated, undated)
            for sent in (UNREADABLE, {}, {"incremental": True})
        }

    assert found == {(422, "OrganizationDisabled")}


def _ready(shop: Workspace) -> int:
    return shop.create(**DATED)


def _undated(shop: Workspace) -> int:
    return shop.create()


def _disabled(shop: Workspace, pipeline: int) -> None:
    shop.done("PUT", f"/v1/pipelines/{pipeline}/status", {"enabled": False})


def _running(shop: Workspace, pipeline: int) -> None:
    shop.start(pipeline)


def _in_inspection(shop: Workspace, pipeline: int) -> None:
    del pipeline
    shop.set_mode("Inspection")


def _in_maintenance(shop: Workspace, pipeline: int) -> None:
    del pipeline
    shop.set_mode("Maintenance")


_INCREMENTAL = (422, "CannotRunIncrementally", "the pipeline has no column for the update time")
_DISABLED = (422, "PipelineDisabled", "the pipeline is disabled")
_LIVE = (422, "PipelineAlreadyRunning", "a run of the pipeline is already in progress")
_INSPECTED = (422, "InspectionMode", "the data warehouse is in inspection mode")
_MAINTAINED = (422, "MaintenanceMode", "the data warehouse is in maintenance mode")
_State = Callable[[Workspace, int], None]


@pytest.mark.parametrize(
    ("make", "states", "told"),
    [
        (_undated, (), _INCREMENTAL),
        (_undated, (_disabled,), _INCREMENTAL),
        (_undated, (_running, _disabled, _in_maintenance), _INCREMENTAL),
        (_ready, (_disabled,), _DISABLED),
        (_ready, (_running, _disabled), _DISABLED),
        (_ready, (_running, _in_maintenance, _disabled), _DISABLED),
        (_ready, (_running,), _LIVE),
        (_ready, (_running, _in_inspection), _LIVE),
        (_ready, (_running, _in_maintenance), _LIVE),
        (_ready, (_in_inspection,), _INSPECTED),
        (_ready, (_in_maintenance,), _MAINTAINED),
    ],
    ids=[
        "7", "7 before 8", "7 before 8 to 10", "8", "8 before 9", "8 before 9 and 10",
        "9", "9 before 10: inspection", "9 before 10: maintenance", "10: inspection",
        "10: maintenance",
    ],
)  # fmt: skip
def test_of_two_reasons_the_earlier_is_told(
    idle: Workspace,
    make: Callable[[Workspace], int],
    states: tuple[_State, ...],
    told: Told,
) -> None:
    """Rows 7 to 10, and suggested case 3; the runs that there are stay as they are."""
    pipeline = make(idle)
    for state in states:
        state(idle, pipeline)
    before = idle.get("/v1/pipelines/runs")

    assert _told(idle, pipeline, {"incremental": True}) == told
    assert idle.get("/v1/pipelines/runs") == before


@pytest.mark.parametrize("sent", [{}, {"incremental": None}, {"incremental": False}])
def test_without_a_column_for_the_update_time_everything_can_be_run(
    idle: Workspace, sent: object
) -> None:
    """Row 7 is about what is asked for, not about what is there."""
    assert idle.done("POST", f"/v1/pipelines/{idle.create()}/runs", sent).id
