"""The documents' own import of an Excel file: created, run and read as they print it."""

import io
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from tests.api.runs.imports.service import Service
from tests.api.runs.imports.stored import Files
from tests.api.runs.imports.workspace import Workspace, workspace
from tests.api.seeds.documents import (
    documented,
    sample_request,
    sample_response,
    with_descriptions,
)
from tests.connectors.storages.places import PASSWORD, USERNAME, ssh_server

CREATE = sample_request("file_imports", "Create pipeline")
RUN = sample_request("pipelines", "Run pipeline")
PROFILES = sample_request("workspaces", "Create workspace")["profileSchema"]
HEADER = ("email", "firstName", "lastName", "country", "updated_at")
FIRST = (
    ("ada@x.io", "Ada", "Lovelace", "US", "2024-11-01T10:00:00Z"),
    ("alan@x.io", "Alan", "Turing", "UK", "2024-11-02T10:00:00Z"),
    ("grace@x.io", "Grace", "Hopper", "US", "2024-11-03T10:00:00Z"),
)
JAVASCRIPT = (
    "const transform = (user) => {"
    " return { email: user.email, first_name: user.firstName, last_name: user.lastName } }"
)


def workbook(*rows: tuple[object, ...]) -> bytes:
    book = openpyxl.Workbook()
    book.active.title = "Sheet1"
    for row in (HEADER, *rows):
        book.active.append(row)
    written = io.BytesIO()
    book.save(written)
    return written.getvalue()


@contextmanager
def sftp(service: Service, folder: Path) -> Iterator[dict[str, object]]:
    """Serve a folder by SFTP; gives the settings of a connection to it."""
    server = ssh_server(folder)
    port, key = service.do(server.__aenter__())
    try:
        yield {
            "host": "127.0.0.1",
            "port": port,
            "username": USERNAME,
            "password": PASSWORD,
            "hostPublicKey": key,
            "tempPath": "",
        }
    finally:
        service.do(server.__aexit__(None, None, None))


@pytest.fixture
def documents(
    service: Service, stored_files: Files, tmp_path: Path
) -> Iterator[tuple[Workspace, int]]:
    """The workspace of the documents, with a connection to a folder with the file of theirs."""
    (tmp_path / "subscribers.xlsx").write_bytes(workbook(*FIRST))
    with (
        workspace(service, stored_files, PROFILES) as made,
        sftp(service, tmp_path) as settings,
        service.working(),
    ):
        yield made, made.connect("sftp", settings)


def _names(shop: Workspace) -> dict[str, tuple[Any, ...]]:
    return {row[0]: row[1:] for row in shop.rows("email", "first_name", "last_name")}


def test_the_pipeline_is_created_run_and_read_as_printed(documents: tuple[Workspace, int]) -> None:
    """RUN-12, RUN-102, DEC-40, DEC-41; only the connection's id is another."""
    shop, connection = documents

    pipeline = shop.done("POST", "/v1/pipelines", {**CREATE, "connection": connection}).id
    run = shop.run(pipeline, **RUN)

    printed = sample_response("pipelines", "Get pipeline run")
    assert list(run) == list(printed)
    assert run == {
        **printed,
        "id": run["id"],
        "pipeline": pipeline,
        "startTime": run["startTime"],
        "endTime": run["endTime"],
        "passed": [3, 3, 2, 2, 2, 2],
        "failed": [0, 0, 1, 0, 0, 0],
    }
    assert datetime.fromisoformat(run["startTime"]) <= datetime.fromisoformat(run["endTime"])
    assert shop.get("/v1/pipelines/runs") == {"runs": [run]}
    # The printed function gives nothing, and what it does not give is null (RUN-27).
    nothing = (None, None, None)
    assert _names(shop) == {"ada@x.io": nothing, "grace@x.io": nothing}
    shown = shop.get(f"/v1/pipelines/{pipeline}")
    assert shown == {
        **shown,
        **sample_response("file_imports", "Get pipeline"),
        # What is printed there is of another pipeline in these.
        "id": pipeline,
        "connection": connection,
        "transformation": {**CREATE["transformation"], "mapping": None},
        "inSchema": with_descriptions(CREATE["inSchema"]),
        "outSchema": with_descriptions(CREATE["outSchema"]),
        "schedulePeriod": None,
        "scheduleStart": None,
    }


def test_what_changed_is_imported_by_the_next_run(
    documents: tuple[Workspace, int], tmp_path: Path
) -> None:
    """The documents' own words on `incremental`: equal to or later than the last one (RUN-32)."""
    shop, connection = documents
    transformation = {
        "function": {**CREATE["transformation"]["function"], "source": JAVASCRIPT}
        | {
            "language": sample_response("file_imports", "Get pipeline")["transformation"][
                "function"
            ]["language"]
        }
    }
    sent = {**CREATE, "connection": connection, "transformation": transformation}
    pipeline = shop.done("POST", "/v1/pipelines", sent).id
    first = shop.run(pipeline)
    later = (
        ("ada@x.io", "Augusta", "King", "US", "2024-11-01T11:00:00Z"),  # before the cursor
        ("grace@x.io", "Grace Brewster", "Murray", "US", "2024-11-03T10:00:00Z"),
        ("mary@x.io", "Mary", "Jackson", "US", "2024-11-04T10:00:00Z"),
    )
    (tmp_path / "subscribers.xlsx").write_bytes(workbook(*later))
    second = shop.run(pipeline, **RUN)

    assert (first["passed"], first["failed"]) == ([3, 3, 2, 2, 2, 2], [0, 0, 1, 0, 0, 0])
    assert (second["passed"], second["failed"]) == ([2] * 6, [0] * 6)
    assert _names(shop) == {
        "ada@x.io": ("ada@x.io", "Ada", "Lovelace"),
        "grace@x.io": ("grace@x.io", "Grace Brewster", "Murray"),
        "mary@x.io": ("mary@x.io", "Mary", "Jackson"),
    }


def test_values_longer_than_the_documents_allow_fail_their_records(
    documents: tuple[Workspace, int], tmp_path: Path
) -> None:
    """DEC-40: `updated_at` has at most 60 characters there, and columns of Excel have no limit."""
    shop, connection = documents
    too_long = ("tim@x.io", "Tim", "Long", "US", "2024-11-04T10:00:00Z" + " " * 41)
    (tmp_path / "subscribers.xlsx").write_bytes(workbook(*FIRST, too_long))

    pipeline = shop.done("POST", "/v1/pipelines", {**CREATE, "connection": connection}).id
    run = shop.run(pipeline, **RUN)

    assert (run["passed"], run["failed"]) == ([4, 3, 2, 2, 2, 2], [0, 1, 1, 0, 0, 0])
    (failed,) = shop.failures(run["id"])
    assert failed["input"] == dict(zip(HEADER, too_long, strict=True))


def test_update_times_may_be_dates_of_the_spreadsheet(
    documents: tuple[Workspace, int], tmp_path: Path
) -> None:
    """RUN-25: the documents' other format, `Excel`, is that of cells which show a date."""
    shop, connection = documents
    moment = datetime(2024, 2, 29, 13, 14, 15)  # noqa: DTZ001 - cells have no zone
    rows = (
        ("ada@x.io", "Ada", "Lovelace", "US", moment),
        ("alan@x.io", "Alan", "Turing", "US", "60"),  # no day, and too short
    )
    (tmp_path / "subscribers.xlsx").write_bytes(workbook(*rows))

    sent = {**CREATE, "connection": connection, "updatedAtFormat": "Excel"}
    run = shop.run(shop.done("POST", "/v1/pipelines", sent).id)

    assert (run["passed"], run["failed"]) == ([1] * 6, [1, 0, 0, 0, 0, 0])
    assert shop.rows("_updated_at") == [("ada@x.io", moment)]


def test_the_refusals_are_those_of_the_documents(documents: tuple[Workspace, int]) -> None:
    """The errors that are listed with the endpoint, each provoked."""
    shop, connection = documents
    pipeline = shop.done("POST", "/v1/pipelines", {**CREATE, "connection": connection}).id
    path = f"/v1/pipelines/{pipeline}/runs"

    def told(asked: str = path, body: object = RUN) -> tuple[int, str]:
        answer = shop.ask("POST", asked, body)
        return answer.status, answer.code

    shop.done("PUT", f"/v1/pipelines/{pipeline}/status", {"enabled": False})
    found = {told("/v1/pipelines/123456789/runs"), told()}
    shop.done("PUT", f"/v1/pipelines/{pipeline}/status", {"enabled": True})
    for mode in ("Inspection", "Maintenance"):
        shop.set_mode(mode)
        found.add(told())

    assert found == {
        (404, "NotFound"),
        (422, "PipelineDisabled"),
        (422, "InspectionMode"),
        (422, "MaintenanceMode"),
    }
    listed = documented("pipelines", "Run pipeline").errors
    assert {status for status, _ in listed} == {404, 422}
