"""Looking into files before they are imported: GET /v1/connections/:id/files and its neighbours."""

import json

import openpyxl
import pytest

from tests.api import rows
from tests.api.runs.working import Workshop, lines

FILES = f"/v1/connections/{rows.SOURCE_ID}/files"
CSV = {
    "path": "members.csv",
    "format": "csv",
    "formatSettings": json.dumps({"separator": ",", "hasColumnNames": True}),
}


def _text(name: str) -> dict[str, object]:
    return {"name": name, "type": {"kind": "string"}, "description": ""}


async def test_a_preview_has_the_columns_and_the_first_records(shop: Workshop) -> None:
    shop.put("members.csv", lines("a,a@x.io,30", "b,b@x.io,31", "c,c@x.io,32"))

    found = await shop.client.get(FILES, **CSV, limit=2)

    assert found == {
        "schema": {"kind": "object", "properties": [_text("id"), _text("mail"), _text("age")]},
        "records": [
            {"id": "a", "mail": "a@x.io", "age": "30"},
            {"id": "b", "mail": "b@x.io", "age": "31"},
        ],
        "issues": None,
    }
    assert (await shop.client.get(FILES, **CSV))["records"] == []


async def test_sheets_are_listed_in_their_order(shop: Workshop) -> None:
    book = openpyxl.Workbook()
    book.active.title = "Users"
    book.create_sheet("Others")
    book.save(shop.folder / "book.xlsx")

    found = await shop.client.get(f"{FILES}/sheets", path="book.xlsx", format="excel")

    assert found == {"sheets": ["Users", "Others"]}


async def test_a_path_is_told_as_people_write_it(shop: Workshop) -> None:
    found = await shop.client.get(f"{FILES}/absolute", path="a/members.csv")
    assert found == {"path": "/files/a/members.csv"}


@pytest.mark.parametrize(
    ("changed", "status", "code"),
    [
        ({"format": "pdf"}, 422, "FormatNotExist"),
        ({"format": "postgresql"}, 400, "BadRequest"),
        ({"format": "excel", "formatSettings": "{}"}, 400, "BadRequest"),
        ({"sheet": "Users"}, 400, "BadRequest"),
        ({"compression": "zip"}, 400, "BadRequest"),
        ({"compression": "Zip"}, 503, "ServiceUnavailable"),
        ({"formatSettings": "["}, 400, "BadRequest"),
        ({"formatSettings": "[]"}, 400, "BadRequest"),
        ({"formatSettings": '{"separator":";;"}'}, 422, "InvalidSettings"),
        ({"path": ""}, 400, "BadRequest"),
        ({"path": "../members.csv"}, 503, "ServiceUnavailable"),
        ({"path": "nothing.csv"}, 503, "ServiceUnavailable"),
        ({"path": "empty.csv"}, 422, "NoColumnsFound"),
        ({"limit": "101"}, 400, "BadRequest"),
    ],
)
async def test_what_cannot_be_read_is_told(
    shop: Workshop, changed: dict[str, str], status: int, code: str
) -> None:
    shop.put("members.csv", lines("a,a@x.io,30"))
    shop.put("empty.csv", "")

    answer = await shop.ask("GET", FILES, **{**CSV, **changed})

    assert (answer.status, answer.code) == (status, code)


async def test_the_cause_names_the_file(shop: Workshop) -> None:
    answer = await shop.ask("GET", FILES, **{**CSV, "path": "nothing.csv"})
    assert "/files/nothing.csv" in answer.cause


async def test_only_connections_to_files_have_files(shop: Workshop) -> None:
    async with shop.database.sessions.begin() as session:
        session.add(rows.destination(workspace_id=shop.workspace_id))

    for connection, status in ((rows.DESTINATION_ID, 400), (123456789, 404)):
        answer = await shop.ask("GET", f"/v1/connections/{connection}/files", **CSV)
        assert answer.status == status


async def test_a_path_that_leaves_the_storage_is_none(shop: Workshop) -> None:
    answer = await shop.ask("GET", f"{FILES}/absolute", path="../secret")
    assert (answer.status, answer.code) == (422, "InvalidPath")
