"""Excel workbooks of the `.xlsx` kind, one sheet of them."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Final, final

import pyarrow as pa

from connectors.files import (
    BatchSizes,
    Column,
    FileCode,
    FileError,
    FormatInput,
    FormatReading,
    ReadBatch,
)
from connectors.formats.excel_rows import Row, SheetRows
from connectors.formats.excel_strings import shared_strings
from connectors.formats.excel_workbook import open_workbook
from connectors.formats.texts import lettered_columns, named_columns, read_texts, wanted
from connectors.interface import Connector, ConnectorType, Role, RoleSpec, Target
from connectors.members import format_settings
from forms.members import flag
from mapping_lang.types.kinds import Schema

_CELL_BYTES: Final = 8
"""Of a cell in memory, even if it is empty."""

_USERS: Final = frozenset({Target.USER})


@final
class ExcelReader:
    """Reads the rows of a sheet whose first one is known."""

    def __init__(self, columns: Sequence[Column], rows: Iterator[list[Row]], number: int) -> None:
        self.columns: Sequence[Column] = columns
        self.issues: Sequence[str] = ()
        self._rows = rows
        self._number = number
        """How many rows are behind us, blank ones left out."""

    def batches(self, schema: Schema, sizes: BatchSizes) -> Iterator[ReadBatch]:
        """Read the rest of the sheet."""
        kept = wanted(self.columns, schema)
        first, size = 0, 0
        rows: list[Row] = []
        failure: FileError | None = None
        for row in self._each():
            failure = self._refusal(row)
            if failure is not None:
                break
            rows.append(row)
            size += sum(map(len, row)) + _CELL_BYTES * len(row)
            if len(rows) >= sizes.records or size >= sizes.bytes:
                yield _batch(schema, kept, rows, first)
                first += len(rows)
                rows, size = [], 0
        if rows:
            yield _batch(schema, kept, rows, first)
        if failure is not None:
            raise failure

    def _each(self) -> Iterator[Row]:
        for rows in self._rows:
            yield from rows

    def _refusal(self, row: Row) -> FileError | None:
        """Refuse a record that is longer than the first; shorter ones are padded (FILE-23)."""
        self._number += 1
        if len(row) <= len(self.columns):
            return None
        return FileError(
            FileCode.FORMAT,
            f"The file cannot be read: row {self._number} of the sheet, not counting blank ones,"
            f" has {len(row):,} cells, expected at most {len(self.columns):,} as in the first one",
        )


def _batch(schema: Schema, kept: Sequence[int], rows: Sequence[Row], first: int) -> ReadBatch:
    columns = [
        pa.array([row[index] if index < len(row) else "" for row in rows], pa.string())
        for index in kept
    ]
    return read_texts(schema, columns, len(rows), first)


@contextmanager
def open_excel(given: FormatInput) -> Iterator[ExcelReader]:
    """Find the sheet and read its first row."""
    with open_workbook(given) as workbook:
        sheet = workbook.find(given.sheet)
        name = workbook.strings
        part = workbook.part(name) if name else None
        with shared_strings(part, name, given.limits) as strings:
            # Numbers without a date's looks are numbers, whatever the epoch (DEC-51).
            styles = workbook.date_styles() if workbook.is_1904 else frozenset()
            found = SheetRows(strings, frozenset(map(str, styles)), given.limits.record_bytes)
            rows = found.read(workbook.part(sheet.part), sheet.part)
            first = next(rows, None)
            if first is None:
                raise FileError(FileCode.NO_COLUMNS, "The sheet has no columns: it is empty")
            has_names = bool(given.settings.get("hasColumnNames"))
            row = first[0]
            columns = (
                named_columns(row, described=True) if has_names else lettered_columns(len(row))
            )
            rest = first[1:] if has_names else first
            yield ExcelReader(columns, _chained(rest, rows), 1 if has_names else 0)


def _chained(first: list[Row], rest: Iterator[list[Row]]) -> Iterator[list[Row]]:
    yield first
    yield from rest


def list_sheets(given: FormatInput) -> tuple[str, ...]:
    """Name the sheets of a workbook, in its order."""
    with open_workbook(given) as workbook:
        return tuple(sheet.name for sheet in workbook.sheets)


EXCEL: Final = Connector(
    code="excel",
    label="Excel",
    type=ConnectorType.FILE,
    roles={
        Role.SOURCE: RoleSpec(targets=_USERS, settings=format_settings(flag("hasColumnNames"))),
        Role.DESTINATION: RoleSpec(targets=_USERS),
    },
    has_sheets=True,
    extension="xlsx",
    reading=FormatReading(open=open_excel, sheets=list_sheets),
)
