"""What ends a run, and the step that it counts for: the table of RUN-29, row by row.

Whatever it is: what was written stays, nothing is purged, and the cursor is where it was.
"""

import io
from collections.abc import Callable
from typing import Any

import openpyxl
import psycopg
import pytest
from psycopg import sql

from tests.api.runs.imports.stored import Held
from tests.api.runs.imports.workspace import (
    AGE,
    EMAIL,
    ZEROS,
    Workspace,
    condition,
    function,
    lines,
    optional,
    schema,
    text,
    until,
)

OLD = {"old": ("old@x.io", 1)}
FILE = lines("a,a@x.io,1")


def _book(*rows: tuple[str, ...]) -> bytes:
    book = openpyxl.Workbook()
    book.active.title = "Sheet1"
    for row in rows:
        book.active.append(row)
    written = io.BytesIO()
    book.save(written)
    return written.getvalue()


EXCEL: dict[str, Any] = {
    "format": "excel",
    "path": "members.xlsx",
    "sheet": "Sheet1",
    "formatSettings": {"hasColumnNames": True},
}
_HEADER = ("id", "mail", "age")
Spoil = Callable[[Workspace], None]


def _no_file(shop: Workspace) -> None:
    (shop.service.folder / "members.csv").unlink()


def _other_columns(shop: Workspace) -> None:
    shop.put(lines("a,a@x.io", header="id,mail"))


def _no_columns(shop: Workspace) -> None:
    shop.put("")


def _other_width(shop: Workspace) -> None:
    shop.put(lines("a,a@x.io,1", "b,b@x.io"))


def _no_utf8(shop: Workspace) -> None:
    shop.put(FILE.encode("utf-16"))


def _no_sheet(shop: Workspace) -> None:
    book = openpyxl.Workbook()
    book.active.title = "Another"
    book.save(shop.service.folder / "members.xlsx")


def _empty_sheet(shop: Workspace) -> None:
    shop.put(_book(), "members.xlsx")


def _no_workbook(shop: Workspace) -> None:
    shop.put(b"no workbook", "members.xlsx")


def _statement(shop: Workspace, statement: str) -> None:
    with psycopg.connect(shop.service.warehouse_url, autocommit=True) as connection:
        connection.execute(
            sql.SQL("SET search_path TO {}").format(sql.Identifier(shop.warehouse["schema"]))
        )
        connection.execute(statement.encode())


def _refused_rows(shop: Workspace) -> None:
    """Somebody else has changed the warehouse."""
    statement = "ALTER TABLE kiln_identities ADD CHECK (email <> 'a@x.io')"
    _statement(shop, statement)


def _no_table(shop: Workspace) -> None:
    _statement(shop, "DROP TABLE kiln_identities CASCADE")


def _no_settings(shop: Workspace) -> None:
    """What was stored cannot be opened: nobody foresaw it."""
    with psycopg.connect(shop.service.database_url, autocommit=True) as connection:
        connection.execute(
            "UPDATE connections SET sealed_settings = 'spoiled' WHERE workspace_id = %s", [shop.id]
        )


@pytest.mark.parametrize(
    ("spoil", "step", "message"),
    [
        (_no_file, "InputValidation", "members.csv"),
        (_other_columns, "InputValidation", "there is no column «age»"),
        (_no_columns, "Receive", "no columns"),
        (_other_width, "Receive", "line 3"),
        (_no_utf8, "Receive", "UTF-16"),
        (_refused_rows, "Finalize", "check"),
        (_no_settings, "Receive", "internal error"),
    ],
)
def test_a_run_that_cannot_go_on_ends_with_an_error_of_its_step(
    shop: Workspace, spoil: Spoil, step: str, message: str
) -> None:
    """RUN-29, RUN-31, RUN-71."""
    pipeline = shop.create()
    shop.imported(lines("old,old@x.io,1"), pipeline)
    shop.put(FILE)
    spoil(shop)

    run = shop.run(pipeline)

    assert (run["failed"], message in run["error"]) == (ZEROS, True), run["error"]
    assert shop.errors(pipeline) == [(step, 0, run["error"])]
    assert OLD.items() <= shop.identities().items()


@pytest.mark.parametrize(
    ("spoil", "step", "message"),
    [
        (_no_sheet, "Receive", "Sheet1"),
        (_empty_sheet, "Receive", "empty"),
        (_no_workbook, "Receive", "workbook"),
    ],
)
def test_a_workbook_that_cannot_be_read_ends_the_run(
    shop: Workspace, spoil: Spoil, step: str, message: str
) -> None:
    """RUN-29: a sheet that is not there, or has no columns."""
    pipeline = shop.create(**EXCEL)
    shop.put(_book(_HEADER, ("old", "old@x.io", "1")), "members.xlsx")
    assert shop.run(pipeline)["passed"] == [1] * 6
    spoil(shop)

    run = shop.run(pipeline)

    assert (run["passed"], message in run["error"]) == (ZEROS, True), run["error"]
    assert shop.errors(pipeline) == [(step, 0, run["error"])]
    assert shop.identities() == OLD


def test_a_warehouse_without_its_tables_ends_the_run(shop: Workspace) -> None:
    """RUN-29: it is the writer that cannot write."""
    shop.put(FILE)
    pipeline = shop.create()
    _no_table(shop)

    run = shop.run(pipeline)

    assert shop.errors(pipeline) == [("Finalize", 0, run["error"])]


def test_profiles_that_are_not_as_the_output_schema_says_end_the_run(shop: Workspace) -> None:
    """RUN-29, RUN-86, PIPE-140."""
    pipeline = shop.create()
    shop.imported(lines("old,old@x.io,1"), pipeline)
    sent = {
        "schema": schema(EMAIL, optional("years", kind="int", bitSize=32)),
        "primarySources": {},
        "rePaths": {"years": "age"},
    }
    shop.done("PUT", "/v1/profiles/schema", sent)
    until(lambda: shop.get("/v1/profiles/schema/latest-alter")["endTime"] is not None)

    run = shop.run(pipeline)

    assert (run["passed"], "age" in run["error"]) == (ZEROS, True)
    assert shop.errors(pipeline) == [("OutputValidation", 0, run["error"])]


def test_what_is_wrong_with_the_source_is_told_before_what_is_wrong_with_profiles(
    shop: Workspace,
) -> None:
    """RUN-20: the source is opened before the writer."""
    pipeline = shop.create()
    sent = {"schema": schema(EMAIL), "primarySources": {}, "rePaths": {}}
    shop.done("PUT", "/v1/profiles/schema", sent)
    until(lambda: shop.get("/v1/profiles/schema/latest-alter")["endTime"] is not None)

    shop.imported("", pipeline)
    shop.imported(lines("a,a@x.io,1"), pipeline)
    shop.imported(lines("a,a@x.io", header="id,mail"), pipeline)

    assert [step for step, _, _ in shop.errors(pipeline)] == [
        "InputValidation",
        "OutputValidation",
        "Receive",
    ]


FINE = {
    "Python": "def transform(user):\n    return {}\n",
    "JavaScript": "const transform = (user) => ({})",
}


@pytest.mark.parametrize(
    ("language", "source"),
    [
        ("Python", "raise ValueError('never')\ndef transform(user):\n    return {}\n"),
        ("JavaScript", "null.x; const transform = (user) => ({})"),
        ("Python", "import socket\ndef transform(user):\n    return {}\n"),
        ("JavaScript", "const another = (user) => ({})"),
    ],
)
def test_a_function_that_cannot_be_executed_ends_the_run(
    shop: Workspace, language: str, source: str
) -> None:
    """RUN-29, suggested case 10: what was counted up to the first batch is kept."""
    columns = schema(text("id"), text("mail", maxLength=9), text("age"), text("country"))
    pipeline = shop.create(
        transformation=function(FINE[language], language=language),
        filter=condition("country", "is", "US"),
        inSchema=columns,
    )
    # Whoever saves such a function is refused: an earlier release took it.
    with psycopg.connect(shop.service.database_url, autocommit=True) as connection:
        connection.execute(
            "UPDATE pipelines SET function_source = %s WHERE id = %s", [source, pipeline]
        )
    rows = ("a,a@x.io,1,US", "b,b@x.io,2,IT", f"c,{'c' * 10},3,US", ",d@x.io,4,US")

    run = shop.imported(lines(*rows, header="id,mail,age,country"), pipeline)

    assert (run["passed"], run["failed"]) == ([3, 2, 1, 0, 0, 0], [1, 1, 1, 0, 0, 0])
    assert ("Transformation", 0, run["error"]) in shop.errors(pipeline)
    assert shop.identities() == {}


@pytest.mark.parametrize(
    ("language", "source"),
    [
        ("Python", "def transform(user)\n    return {}\n"),
        ("Python", "def another(user):\n    return {}\n"),
        ("JavaScript", "const transform = (user) => {"),
        ("JavaScript", "const another = (user) => ({})"),
        ("Python", "raise ValueError('never')\ndef transform(user):\n    return {}\n"),
    ],
)
def test_a_function_that_is_none_is_refused_before_there_is_a_pipeline(
    idle: Workspace, language: str, source: str
) -> None:
    """DEC-30, against suggested case 10: whoever writes it is told at once."""
    sent = {
        "name": "Members",
        "connection": idle.folder(),
        "target": "User",
        "format": "csv",
        "path": "members.csv",
        "formatSettings": {"separator": ","},
        "userIDColumn": "id",
        "transformation": function(source, language=language),
        "inSchema": schema(text("id"), text("mail"), text("age")),
        "outSchema": schema(EMAIL, AGE),
    }

    answer = idle.ask("POST", "/v1/pipelines", sent)

    assert (answer.status, answer.code) == (422, "TransformationFailed")


def test_a_source_that_breaks_off_ends_the_run(shop: Workspace) -> None:
    """RUN-29, RUN-73, DEC-53: what was written until then is written and counted."""
    shop.files.put("members.csv", lines("old,old@x.io,1").encode())
    pipeline = shop.create(shop.web())
    shop.run(pipeline)
    held = Held.of("a,a@x.io,2", "b,b@x.io,3")
    shop.files.put("members.csv", held)
    run = shop.start(pipeline)
    held.wait_until_reached()
    until(lambda: len(shop.rows()) == 3)

    held.let_go(broken=True)
    ended = shop.ended(run)

    assert (ended["passed"], ended["failed"]) == ([2] * 6, ZEROS)
    assert shop.errors(pipeline) == [("Receive", 0, ended["error"])]
    assert shop.identities() == {**OLD, "a": ("a@x.io", 2), "b": ("b@x.io", 3)}


def test_an_error_leaves_the_cursor_where_it_was(shop: Workspace) -> None:
    """RUN-31: the next run begins where the last one that ended well did."""
    columns = schema(text("id"), text("mail"), text("age"), text("changed"))
    pipeline = shop.create(
        updatedAtColumn="changed",
        updatedAtFormat="ISO8601",
        incremental=True,
        inSchema=columns,
    )
    header = "id,mail,age,changed"
    shop.imported(lines("a,a@x.io,1,2024-01-01", header=header), pipeline)
    failed = shop.imported(lines("b,b@x.io,1,2024-01-03", "too,short", header=header), pipeline)
    again = shop.imported(lines("c,c@x.io,1,2024-01-02", header=header), pipeline)

    assert (failed["passed"], failed["error"] != "") == ([1] * 6, True)
    assert again["passed"] == [1] * 6
    assert set(shop.identities()) == {"a", "b", "c"}
