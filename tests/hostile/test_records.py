"""Records and functions that others have stumbled over, and what becomes of the rest."""

import psycopg
import pytest

from tests.api.runs.imports.workspace import Workspace, function, lines, schema, text
from tests.hostile.bystander import Bystander

ZEROS = [0] * 6
LONG = 20_000
JAVASCRIPT = "const transform = user => ({email: user.mail.slice(0, 6), age: user.mail.length});"
PYTHON = "def transform(user):\n    return {'email': user['mail'][:6], 'age': len(user['mail'])}\n"
BROKEN = "const transform = user => ({email: ;"


def test_an_empty_cell_is_an_empty_text_for_substring(
    victim: Workspace, bystander: Bystander
) -> None:
    """MAP-57: a text that is shorter than its start has nothing there, and is no mistake."""
    mapping = {"email": "substring(mail, 2, 3)", "age": "age"}
    victim.put(lines("1,abcdef,1", "2,,2", "3,a,3"), "cells.csv")
    pipeline = victim.create(path="cells.csv", transformation={"mapping": mapping})

    with bystander.goes_on():
        run = victim.run(pipeline)

    assert (run["passed"], run["failed"], run["error"]) == ([3] * 6, ZEROS, "")
    assert victim.identities() == {"1": ("bcd", 1), "2": ("", 2), "3": ("", 3)}


@pytest.mark.parametrize(("language", "source"), [("JavaScript", JAVASCRIPT), ("Python", PYTHON)])
def test_a_hundred_records_of_twenty_kilobytes_go_through_a_function(
    victim: Workspace, bystander: Bystander, language: str, source: str
) -> None:
    name = f"long.{language}.csv"
    rows = [f"{language}{number},{'x' * LONG},1" for number in range(100)]
    victim.put(lines(*rows), name)
    pipeline = victim.create(path=name, transformation=function(source, language=language))

    with bystander.goes_on():
        run = victim.run(pipeline)

    assert (run["passed"], run["failed"], run["error"]) == ([100] * 6, ZEROS, "")
    found = {id_: row for id_, row in victim.identities().items() if id_.startswith(language)}
    assert found == {f"{language}{number}": ("xxxxxx", LONG) for number in range(100)}


def test_a_function_with_a_mistake_in_its_syntax_is_not_saved(victim: Workspace) -> None:
    """DEC-30."""
    connection = f"/v1/connections/{victim.folder()}"
    before = victim.get(connection)["pipelines"]
    answer = victim.ask(
        "POST",
        "/v1/pipelines",
        {
            "name": "Members",
            "connection": victim.folder(),
            "target": "User",
            "enabled": True,
            "format": "csv",
            "path": "members.csv",
            "formatSettings": {"separator": ",", "hasColumnNames": True},
            "userIDColumn": "id",
            "transformation": function(BROKEN, language="JavaScript"),
            "inSchema": schema(text("id"), text("mail"), text("age")),
            "outSchema": victim.get("/v1/profiles/schema"),
        },
    )

    assert (answer.status, answer.code) == (422, "TransformationFailed")
    assert answer.cause == (
        "/source, line 1, column 36: U502: JavaScript: SyntaxError: Unexpected token ';' (line 1)\n"
        "  const transform = user => ({email: ;\n"
        "                                     ^"
    )
    assert victim.get(connection)["pipelines"] == before


def test_a_stored_function_that_does_not_compile_any_more_ends_its_run(
    victim: Workspace, bystander: Bystander
) -> None:
    """RUN-29: what was right for an earlier release, or was damaged in the database."""
    victim.put(lines("1,a@x.io,1"), "stored.csv")
    transformation = function(JAVASCRIPT, language="JavaScript")
    pipeline = victim.create(path="stored.csv", transformation=transformation)
    with psycopg.connect(victim.service.database_url) as connection:
        connection.execute(
            "UPDATE pipelines SET function_source = %s WHERE id = %s", [BROKEN, pipeline]
        )

    with bystander.goes_on():
        run = victim.run(pipeline)

    assert run["error"] == "SyntaxError: Unexpected token ';'"
    assert (run["passed"], run["failed"]) == ([1, 1, 1, 0, 0, 0], ZEROS)
    assert victim.errors(pipeline) == [("Transformation", 0, run["error"])]
