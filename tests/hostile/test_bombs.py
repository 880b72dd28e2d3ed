"""Files that become far too large: each import ends with a clear error, and no other does.

FILE-8, RUN-29, and the limits of `connectors.files.FileLimits`.
"""

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from tests.api.runs.imports.workspace import Workspace, schema
from tests.hostile import bombs
from tests.hostile.bystander import Bystander
from tests.hostile.cases import Case, Ended, all_ended
from tests.hostile.worker import WorkerProcess

pytestmark = pytest.mark.timeout(300)  # the first of them waits for all

MOST_MEMORY_BYTES = 1_000 * 2**20
"""Of the worker, with all of these at once."""

NULLABLE_TEXT = {"type": {"kind": "string"}, "nullable": True}


def _stored(name: str, content: Callable[[], bytes], **changed: Any) -> Callable[[Workspace], int]:  # noqa: ANN401 - JSON
    """Put a file into the folder."""

    def create(shop: Workspace) -> int:
        shop.put(content(), name)
        return shop.create(path=name, **changed)

    return create


def _workbook(name: str, content: Callable[[], bytes]) -> Callable[[Workspace], int]:
    settings = {"hasColumnNames": True}
    return _stored(name, content, format="excel", sheet="Sheet1", formatSettings=settings)


def _hole(name: str, start: bytes, **changed: Any) -> Callable[[Workspace], int]:  # noqa: ANN401 - JSON
    def create(shop: Workspace) -> int:
        bombs.sparse(shop.service.folder / name, start)
        return shop.create(path=name, **changed)

    return create


def _columns(**type_: object) -> dict[str, Any]:
    return schema(*({"name": name, **type_} for name in ("id", "mail", "age")))


JSON = {
    "format": "json",
    "formatSettings": {
        "properties": [{"key": name, "value": "t"} for name in ("id", "mail", "age")]
    },
    "inSchema": _columns(type={"kind": "json"}),
}
PARQUET = {
    "format": "parquet",
    "formatSettings": None,
    "inSchema": _columns(**NULLABLE_TEXT),
}
_SAYS = (
    "The packed file says that {size:,} bytes come out of {packed:,}: one that becomes more than 500"
    " times as large is not unpacked"
)


def _says(content: bombs.Deflated) -> str:
    return _SAYS.format(size=content.size, packed=len(content.stream))


CASES = (
    Case(
        "a Zip of 10 GB",
        _stored("bomb.zip", bombs.zip_bomb, compression="Zip"),
        _says(bombs.csv_bomb(10)),
        step="InputValidation",
    ),
    Case(
        "a Zip of a Zip",
        _stored("nested.zip", bombs.nested_zip_bomb, compression="Zip"),
        "The file is packed by Zip, and the pipeline says something else of it",
    ),
    Case(
        "a Gzip of 10 GB",
        _stored("bomb.gz", bombs.gzip_bomb, compression="Gzip"),
        "{n} bytes came out of {n}: a packed file that becomes more than 500 times as"
        " large is not unpacked",
        has_begun=True,
    ),
    Case(
        "a raw Snappy of 4 GB",
        _stored("bomb.sz", bombs.snappy_bomb, compression="Snappy"),
        "The file is Snappy without frames and has 4,294,967,295 bytes or more, expected at most"
        " 134,217,728: with frames, it may have any size",
    ),
    Case(
        "a framed Snappy of 4 GB",
        _stored("framed.sz", bombs.framed_snappy_bomb, compression="Snappy"),
        "The file cannot be unpacked as Snappy: snappy: corrupt input (unsupported chunk length:"
        " 4294967295)",
    ),
    Case(
        "a workbook whose sheet is 10 GB",
        _workbook("rows.xlsx", bombs.workbook_of_endless_rows),
        _says(bombs.endless_rows(10)),
    ),
    Case(
        "a workbook whose only cell does not end",
        _workbook("cell.xlsx", lambda: bombs.workbook_of_one_cell(megabytes=60)),
        "A row of the sheet has more than 16,777,216 bytes",
    ),
    Case(
        "a workbook whose only tag does not end",
        _workbook("tag.xlsx", lambda: bombs.workbook_of_one_attribute(megabytes=60)),
        "The file cannot be read as an Excel workbook: xl/sheet.xml has a tag of more than"
        " 1,048,576 bytes",
    ),
    Case(
        "a workbook of wide rows",
        _workbook("wide.xlsx", bombs.workbook_of_wide_rows),
        "The file cannot be read: row 2 of the sheet, not counting blank ones, has 16,384 cells,"
        " expected at most 3 as in the first one",
    ),
    Case(
        "a workbook of a billion laughs",
        _workbook("laughs.xlsx", bombs.workbook_with_entities),
        "The file cannot be read as an Excel workbook: xl/sheet.xml has a document type, which no"
        " workbook has",
    ),
    Case(
        "a Parquet of long texts that are referred to",
        _stored(
            "texts.parquet",
            bombs.parquet_of_repeated_texts,
            **PARQUET,
            transformation={"mapping": {"email": "substring(mail, 1, 5)", "age": "age"}},
        ),
        "{n} bytes came out of a file of {n}: one that becomes more than 500 times as large is not"
        " read",
        has_begun=True,
    ),
    Case(
        "a Parquet with a page that is a bomb",
        _stored("page.parquet", bombs.parquet_of_one_page, **PARQUET),
        "The file has a page of {n} bytes that becomes {n}: one that becomes more than 500 times as"
        " large is not unpacked",
    ),
    Case(
        "a JSON of one text of 1 GB",
        _hole("text.json", b'[{"id":"', **JSON),
        "The record of the file that begins at byte 2 has more than 16,777,216 bytes",
    ),
    Case(
        "a JSON whose first name does not end",
        _hole("name.json", b'{"aaaaaaaaaaaaaaaaaaaa', **JSON),
        'The file begins with «{"aaaaaaaaaaaaaaaaaa», expected an array of objects, or an object'
        " whose only member is such an array",
    ),
    Case(
        "a JSON of one text of escapes",
        _stored("escapes.json", lambda: b'[{"id":"' + b"\\\\" * 2**24, **JSON),
        "The record of the file that begins at byte 2 has more than 16,777,216 bytes",
    ),
    Case(
        "a CSV of one text of quotes",
        _stored("quotes.csv", lambda: b"id,mail,age\n" + b'"' * 2**25),
        "The record on line 2 has more than 16,777,216 bytes; quotes that are never closed make the"
        " rest of a file one value",
    ),
    Case(
        "a CSV of one line of 1 GB",
        _hole("line.csv", b"id,mail,age\n"),
        "The record on line 2 has more than 16,777,216 bytes; quotes that are never closed make the"
        " rest of a file one value",
    ),
)


@pytest.fixture(scope="module")
def ended(victim: Workspace, bystander: Bystander) -> Mapping[str, Ended]:
    return all_ended(CASES, victim, bystander)


@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
def test_it_ends_with_a_clear_error(case: Case, ended: Mapping[str, Ended]) -> None:
    ended[case.name].check(case.error, case.step, has_begun=case.has_begun)


def test_the_memory_of_the_worker_is_bounded(
    worker: WorkerProcess, ended: Mapping[str, Ended]
) -> None:
    assert len(ended) == len(CASES)
    assert worker.peak_bytes < MOST_MEMORY_BYTES


@pytest.mark.parametrize(
    ("query", "error"),
    [
        ({"path": "bomb.zip", "compression": "Zip"}, _says(bombs.csv_bomb(10))),
        (
            {"path": "line.csv"},
            (
                "The record on line 2 has more than 16,777,216 bytes; quotes that are never closed"
                " make the rest of a file one value"
            ),
        ),
    ],
)
def test_a_preview_ends_with_the_same_error(
    victim: Workspace, ended: Mapping[str, Ended], query: Mapping[str, str], error: str
) -> None:
    """The API reads a file as well, and answers as if it were not there now."""
    assert len(ended) == len(CASES)
    settings = '{"separator":",","hasColumnNames":true}'
    answer = victim.ask(
        "GET",
        f"/v1/connections/{victim.folder()}/files",
        format="csv",
        formatSettings=settings,
        limit=10,
        **query,
    )

    assert (answer.status, answer.cause) == (503, error)
