"""When a pipeline may run, and what is told first when it may not (RUN-10)."""

from dataclasses import replace
from itertools import product
from typing import Any

import pytest

from api.pipelines.kinds import FACTS, Kind
from api.runs.start import Situation, refusal
from connectors.interface import Role

READY = Situation(
    kind=Kind.USERS_FROM_FILE,
    enabled=True,
    has_update_time=True,
    live=False,
    warehouse_mode="Normal",
)
_BATCH = [kind for kind, facts in FACTS.items() if facts.batch]


def _situation(kind: Kind = READY.kind, **changed: Any) -> Situation:  # noqa: ANN401 - a table
    return replace(READY, kind=kind, **changed)


def _told(situation: Situation, incremental: bool | None = None) -> tuple[int, str] | None:  # noqa: FBT001 - as it is sent
    error = refusal(situation, incremental=incremental)
    return None if error is None else (error.status, error.code)


BAD = (400, "BadRequest")


@pytest.mark.parametrize("kind", _BATCH)
def test_what_is_ready_runs(kind: Kind) -> None:
    assert _told(_situation(kind)) is None


@pytest.mark.parametrize(
    ("kind", "incremental"),
    [
        (kind, asked)
        for kind in _BATCH
        if FACTS[kind].role is Role.SOURCE
        for asked in (True, False)
    ],
)
def test_imports_run_as_it_is_asked(kind: Kind, incremental: bool) -> None:  # noqa: FBT001 - as it is sent
    assert _told(_situation(kind), incremental) is None


@pytest.mark.parametrize("kind", [Kind.EVENTS, Kind.EVENTS_TO_APPLICATION, Kind.USERS_FROM_EVENTS])
def test_what_has_no_runs_is_not_run(kind: Kind) -> None:
    assert _told(_situation(kind, enabled=False), incremental=True) == BAD


@pytest.mark.parametrize("incremental", [True, False])
def test_exports_are_not_asked_whether_they_are_incremental(incremental: bool) -> None:  # noqa: FBT001 - as it is sent
    for kind in _BATCH:
        if FACTS[kind].role is Role.DESTINATION:
            assert _told(_situation(kind, enabled=False), incremental) == BAD


def test_an_incremental_run_needs_an_update_time_unless_an_application_has_one() -> None:
    told = {
        kind: _told(_situation(kind, has_update_time=False), incremental=True)
        for kind in _BATCH
        if FACTS[kind].role is Role.SOURCE
    }

    assert told == {
        Kind.USERS_FROM_APPLICATION: None,
        Kind.USERS_FROM_DATABASE: (422, "CannotRunIncrementally"),
        Kind.USERS_FROM_FILE: (422, "CannotRunIncrementally"),
    }
    assert _told(_situation(has_update_time=False), incremental=False) is None


_INCREMENTAL, _DISABLED, _LIVE, _MODE = (
    (422, code)
    for code in (
        "CannotRunIncrementally",
        "PipelineDisabled",
        "PipelineAlreadyRunning",
        "MaintenanceMode",
    )
)


@pytest.mark.parametrize("wrong", list(product((False, True), repeat=4)))
def test_of_several_reasons_the_first_is_told(wrong: tuple[bool, ...]) -> None:
    no_time, disabled, live, maintained = wrong
    situation = _situation(
        has_update_time=not no_time,
        enabled=not disabled,
        live=live,
        warehouse_mode="Maintenance" if maintained else "Normal",
    )
    reasons = (_INCREMENTAL, _DISABLED, _LIVE, _MODE)

    first = next(
        (reason for is_wrong, reason in zip(wrong, reasons, strict=True) if is_wrong), None
    )
    assert _told(situation, incremental=True) == first


def test_each_mode_of_the_warehouse_has_its_code() -> None:
    assert _told(_situation(warehouse_mode="Inspection")) == (422, "InspectionMode")
    assert _told(_situation(warehouse_mode="Maintenance")) == (422, "MaintenanceMode")
