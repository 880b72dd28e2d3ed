"""Records that failed, kept whole with step and reason, and tried again (DEC-32, DEC-47)."""

from typing import Any

import pytest

from tests.api.runs.imports.workspace import (
    PROFILES,
    ZEROS,
    Workspace,
    function,
    lines,
    schema,
    text,
)

HEADER = "id,mail,age,changed"
COLUMNS = schema(text("id"), text("mail"), text("age"), text("changed"))
SOURCE = """\
def transform(user):
    if user["mail"] == "raise":
        raise ValueError("not this one")
    return {"email": user["mail"], "age": int(user["age"])}
"""
BASE: dict[str, Any] = {
    "updatedAtColumn": "changed",
    "updatedAtFormat": "ISO8601",
    "inSchema": COLUMNS,
    "outSchema": PROFILES,
    "transformation": function(SOURCE),
}
SHORT = schema(text("id"), text("mail", maxLength=6), text("age"), text("changed"))
MENDED = function("def transform(user):\n    return {'email': 'mended', 'age': 1}\n")
BY_MAIL = {"userIDColumn": "mail", "inSchema": schema(text("mail"), text("age"), text("changed"))}
DAY = "2024-01-02"

CASES: dict[str, tuple[str, str, str, dict[str, Any], dict[str, Any], object]] = {
    # what fails, its step, its code, the pipeline, what is changed of it, and what comes then
    "user id": (
        f",b@x.io,2,{DAY}", "Receive", "V206",
        {}, BY_MAIL, {"b@x.io": ("b@x.io", 2)},
    ),
    "update time": (
        "c,c@x.io,3,31/01/2024", "Receive", "V206",
        {}, {"updatedAtFormat": "%d/%m/%Y"}, {"c": ("c@x.io", 3)},
    ),
    "input": (
        f"d,dorothy@x.io,4,{DAY}", "InputValidation", "V210",
        {"inSchema": SHORT}, {"inSchema": COLUMNS}, {"d": ("dorothy@x.io", 4)},
    ),
    "transformation": (
        f"e,raise,5,{DAY}", "Transformation", "U521",
        {}, {"transformation": MENDED}, {"e": ("mended", 1)},
    ),
    "output": (
        f"f,{'f' * 21},6,{DAY}", "OutputValidation", "V210",
        {}, {"transformation": MENDED}, {"f": ("mended", 1)},
    ),
    "warehouse": (
        f"g\0,g@x.io,7,{DAY}", "Finalize", "V217",
        {}, BY_MAIL, {"g@x.io": ("g@x.io", 7)},
    ),
}  # fmt: skip


def _members(row: str) -> dict[str, str]:
    return dict(zip(HEADER.split(","), row.split(","), strict=True))


@pytest.mark.parametrize("case", CASES)
def test_a_failed_record_is_kept_whole_and_can_be_tried_again(shop: Workspace, case: str) -> None:
    """At each step: as it was, in vain; and as the pipeline is now."""
    row, step, code, given, changed, identities = CASES[case]
    pipeline = shop.create(**{**BASE, **given})
    first = shop.imported(lines(row, header=HEADER), pipeline)
    (kept,) = shop.failures(first["id"])

    in_vain = shop.ended(shop.done("POST", f"/v1/pipelines/runs/{first['id']}/redrive").id)
    (kept_again,) = shop.failures(in_vain["id"])
    shop.update(pipeline, **{**BASE, **given, **changed})
    again = shop.ended(shop.done("POST", f"/v1/pipelines/runs/{in_vain['id']}/redrive").id)

    assert (kept["step"], kept["code"]) == (step, code)
    assert kept["input"] == _members(row)
    assert (in_vain["passed"], in_vain["failed"]) == (first["passed"], first["failed"])
    assert kept_again == {**kept, "time": kept_again["time"]}
    assert (again["passed"], again["failed"], again["error"]) == ([1] * 6, ZEROS, "")
    assert shop.identities() == identities


def test_what_is_tried_again_purges_nothing_and_leaves_the_cursor(shop: Workspace) -> None:
    """A redriven run has not read the source, so what it did not see is still there."""
    rows = (f"a,a@x.io,1,{DAY}", "b,raise,2,2024-01-03", "c,c@x.io,3,2024-01-01")
    pipeline = shop.create(**BASE)
    first = shop.imported(lines(*rows, header=HEADER), pipeline)
    shop.update(pipeline, **{**BASE, "transformation": MENDED, "incremental": True})

    again = shop.ended(shop.done("POST", f"/v1/pipelines/runs/{first['id']}/redrive").id)
    everything = shop.run(pipeline)

    assert (first["passed"], again["passed"]) == ([3, 3, 3, 2, 2, 2], [1] * 6)
    # The update has reset the cursor (PIPE-131), and the redriven run has not set it.
    assert everything["passed"] == [3] * 6
    assert set(shop.identities()) == {"a", "b", "c"}


def test_failed_records_are_found_by_step_and_code(shop: Workspace) -> None:
    """DEC-47: in the order of the file, with how many there are."""
    rows = [row for row, *_ in CASES.values()]
    run = shop.imported(lines(*rows, header=HEADER), **{**BASE, "inSchema": COLUMNS})
    path = f"/v1/pipelines/runs/{run['id']}/failures"

    def found(**query: object) -> tuple[list[int], int]:
        answer = shop.get(path, **query)
        return [each["position"] for each in answer["failures"]], answer["total"]

    assert (run["passed"], run["failed"]) == ([4, 4, 4, 3, 2, 1], [2, 0, 0, 1, 1, 1])
    assert found() == ([0, 1, 3, 4, 5], 5)
    assert found(first=1, limit=2) == ([1, 3], 5)
    assert found(step="Receive") == ([0, 1], 2)
    assert found(code="V210") == ([4], 1)
    assert found(step="Receive", code="V210") == ([], 0)


def test_what_is_refused_to_a_run_is_refused_to_a_redrive(idle: Workspace) -> None:
    """RUN-10: its state and that of the warehouse count for every run."""
    shop = idle
    with shop.service.working():
        run = shop.imported(lines("a,a@x.io,old"))
        fine = shop.imported(lines("a,a@x.io,1"))
    pipeline = run["pipeline"]

    def told(run_id: int = run["id"]) -> str:
        answer = shop.ask("POST", f"/v1/pipelines/runs/{run_id}/redrive")
        return "" if answer.status == 200 else answer.code

    found = [told(123456789), told(fine["id"])]
    shop.set_mode("Inspection")
    found.append(told())
    shop.set_mode("Normal")
    shop.start(pipeline)
    found.append(told())
    shop.done("PUT", f"/v1/pipelines/{pipeline}/status", {"enabled": False})
    found.append(told())

    assert found == [
        "NotFound",
        "BadRequest",
        "InspectionMode",
        "PipelineAlreadyRunning",
        "PipelineDisabled",
    ]
