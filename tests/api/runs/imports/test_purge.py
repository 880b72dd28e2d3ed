"""What a run leaves behind: cursors, purges and profiles (RUN-30 to RUN-51)."""

from typing import Any

import pytest

from tests.api.runs.imports.stored import Held
from tests.api.runs.imports.workspace import (
    PROFILES,
    ZEROS,
    Workspace,
    condition,
    lines,
    schema,
    text,
    until,
)

HEADER = "id,mail,age,changed"
DATED: dict[str, Any] = {
    "updatedAtColumn": "changed",
    "updatedAtFormat": "ISO8601",
    "incremental": True,
    "inSchema": schema(text("id"), text("mail"), text("age"), text("changed")),
    "outSchema": PROFILES,
}


def _dated(*rows: str) -> str:
    return lines(*rows, header=HEADER)


OLD = _dated("a,a@x.io,1,2024-01-01", "b,b@x.io,2,2024-01-02")
"""After these, the cursor is 2 January."""


@pytest.mark.parametrize(
    ("changed", "body", "purges"),
    [
        pytest.param({}, {}, False, id="incremental, with a cursor"),
        pytest.param({}, {"incremental": None}, False, id="as the pipeline says"),
        pytest.param({}, {"incremental": False}, True, id="from scratch, as it is asked"),
        pytest.param({"incremental": False}, {}, True, id="from scratch, as the pipeline says"),
        pytest.param(
            {"filter": condition("mail", "is not", "x")}, {}, True, id="from scratch after a reset"
        ),
    ],
)
def test_a_run_purges_when_it_reads_everything(
    shop: Workspace,
    changed: dict[str, object],
    body: dict[str, object],
    purges: bool,  # noqa: FBT001 - a table
) -> None:
    """RUN-11, RUN-40, PIPE-131; suggested cases 6 and 7."""
    pipeline = shop.create(**DATED)
    shop.imported(OLD, pipeline)
    if changed:
        shop.update(pipeline, **{**DATED, **changed})
    shop.put(_dated("b,b@x.io,2,2024-01-02", "c,c@x.io,3,2024-01-01"))

    run = shop.run(pipeline, **body)

    if purges:
        assert run["passed"] == [2] * 6
        assert set(shop.identities()) == {"b", "c"}
    else:
        # What is as old as the cursor is imported again, what is older is not seen (RUN-32).
        assert run["passed"] == [1] * 6
        assert set(shop.identities()) == {"a", "b"}


def test_an_import_without_update_times_always_purges(shop: Workspace) -> None:
    """RUN-40, RUN-45: what is deleted or kept is not counted as written."""
    pipeline = shop.create()
    shop.imported(lines("a,a@x.io,1", "b,b@x.io,2", "c,c@x.io,3"), pipeline)

    run = shop.imported(lines("a,a@x.io,1", "b,b@x.io,old"), pipeline)

    assert (run["passed"], run["failed"]) == ([2, 2, 2, 2, 1, 1], [0, 0, 0, 0, 1, 0])
    assert set(shop.identities()) == {"a", "b"}


def test_what_other_pipelines_have_is_not_purged(shop: Workspace) -> None:
    """RUN-41: not even of the same file."""
    one, other = shop.create(name="One"), shop.create(name="Other")
    shop.imported(lines("a,a@x.io,1"), one)
    shop.run(other)

    shop.imported(lines("b,b@x.io,1"), one)

    assert [row[0] for row in shop.rows()] == ["a", "b"]


@pytest.mark.parametrize(
    ("file", "error", "left"),
    [(lines(), "", set()), ("", "no columns", {"a"})],
    ids=["only a header", "nothing at all"],
)
def test_a_file_without_records_purges_and_one_without_columns_does_not(
    shop: Workspace, file: str, error: str, left: set[str]
) -> None:
    """RUN-44."""
    pipeline = shop.create()
    shop.imported(lines("a,a@x.io,1"), pipeline)

    run = shop.imported(file, pipeline)

    assert (run["passed"], run["failed"], error in run["error"]) == (ZEROS, ZEROS, True)
    assert bool(run["error"]) is bool(error)
    assert set(shop.identities()) == left


def test_the_cursor_is_of_what_passed_the_filter_whatever_became_of_it(shop: Workspace) -> None:
    """RUN-30: a record that fails later counts, one that was filtered out does not."""
    given = {**DATED, "filter": condition("mail", "is not", "nobody")}
    pipeline = shop.create(**given)
    shop.imported(
        _dated("a,a@x.io,1,2024-01-01", "b,b@x.io,old,2024-01-03", "c,nobody,3,2024-01-05"),
        pipeline,
    )
    rows = [f"{day},{day}@x.io,1,2024-01-0{day}" for day in (2, 3, 4)]

    run = shop.imported(_dated(*rows), pipeline)

    assert run["passed"] == [2] * 6
    assert set(shop.identities()) == {"a", "3", "4"}


def test_a_run_from_scratch_without_matches_leaves_no_cursor(shop: Workspace) -> None:
    """RUN-31."""
    pipeline = shop.create(**{**DATED, "filter": condition("mail", "is not", "nobody")})
    shop.imported(OLD, pipeline)
    shop.put(_dated("c,nobody,3,2024-01-05"))
    shop.run(pipeline, incremental=False)

    run = shop.imported(_dated("d,d@x.io,1,2023-01-01"), pipeline)

    assert run["passed"] == [1] * 6


def _latest(shop: Workspace) -> Any:  # noqa: ANN401 - JSON
    return shop.get("/v1/identity-resolution/latest")


def _resolve_after_runs(shop: Workspace) -> None:
    sent = {"runOnBatchImport": True, "identifiers": ["email"]}
    shop.done("PUT", "/v1/identity-resolution/settings", sent)


def _profiles(shop: Workspace) -> list[str]:
    found = shop.get("/v1/profiles", properties="email")["profiles"]
    return sorted(each["attributes"]["email"] for each in found)


def test_identities_become_profiles_after_the_run_where_that_is_wanted(shop: Workspace) -> None:
    """RUN-50, RUN-51: not by the import, and after a failed run as well."""
    pipeline = shop.create()
    shop.imported(lines("a,a@x.io,1"), pipeline)
    assert (_latest(shop)["id"], _profiles(shop)) == (None, [])

    _resolve_after_runs(shop)
    shop.imported(lines("a,a@x.io,1", "b,b@x.io,2"), pipeline)
    until(lambda: _latest(shop)["endTime"] is not None)
    first = _latest(shop)["id"]
    assert _profiles(shop) == ["a@x.io", "b@x.io"]

    failed = shop.imported(lines("c,c@x.io,3", "too,short"), pipeline)
    until(lambda: _latest(shop)["id"] != first and _latest(shop)["endTime"] is not None)
    assert failed["error"]
    assert _profiles(shop) == ["a@x.io", "b@x.io", "c@x.io"]


def test_what_is_gone_from_the_source_is_gone_from_profiles(shop: Workspace) -> None:
    """Suggested case 6."""
    _resolve_after_runs(shop)
    pipeline = shop.create()
    shop.imported(lines("a,a@x.io,1", "b,b@x.io,2"), pipeline)
    until(lambda: _latest(shop)["endTime"] is not None)
    first = _latest(shop)["id"]

    shop.imported(lines("b,b@x.io,2"), pipeline)
    until(lambda: _latest(shop)["id"] != first and _latest(shop)["endTime"] is not None)

    assert _profiles(shop) == ["b@x.io"]


def test_a_run_that_is_cancelled_is_followed_by_a_resolution_too(shop: Workspace) -> None:
    """RUN-50: it has written something."""
    _resolve_after_runs(shop)
    held = Held.of("a,a@x.io,1")
    shop.files.put("members.csv", held)
    run = shop.start(shop.create(shop.web()))
    held.wait_until_reached()
    until(lambda: len(shop.rows()) == 1)

    shop.done("DELETE", f"/v1/pipelines/runs/{run}")

    until(lambda: _latest(shop)["endTime"] is not None)
    assert _profiles(shop) == ["a@x.io"]
