"""The rows of a sheet, each as the texts of its cells, as they are stored."""

import re
from collections.abc import Iterator
from decimal import Decimal
from typing import Final, final

from connectors.files import ByteStream, FileCode, FileError
from connectors.formats.excel_strings import CellText, SharedStrings, unescaped
from connectors.formats.excel_xml import parse, unreadable

MAX_COLUMN: Final = 16_383
"""`XFD`, the last one that Excel has, counted from 0."""

DAYS_FROM_1900_TO_1904: Final = 1_462
"""Of the two epochs, counting the day that 1900 did not have."""

_LETTERS: Final = 26
_SERIAL: Final = re.compile(r"[0-9]{1,7}(?:\.[0-9]{1,20})?")
_BOOLEANS: Final = {"1": "true", "0": "false"}

Row = list[str]


@final
class SheetRows:
    """Collects rows while the XML of a sheet is parsed."""

    def __init__(
        self, strings: SharedStrings, shifted_styles: frozenset[str], max_row_chars: int
    ) -> None:
        self._strings = strings
        self._shifted_styles = shifted_styles
        self._max_row_chars = max_row_chars
        self._rows: list[Row] = []
        self._row: Row = []
        self._row_chars = 0
        self._columns: dict[str, int] = {}
        self._column = -1
        self._kind = ""
        self._style = ""
        self._value: list[str] = []
        self._is_value = False
        self._inline = CellText(max_row_chars)
        self._is_inline = False

    def read(self, part: ByteStream, name: str) -> Iterator[list[Row]]:
        """Give rows that are not blank, some at a time, without the empty cells at their ends."""
        for _ in parse(part, name, self._start, self._end, self._text):
            if self._rows:
                rows, self._rows = self._rows, []
                yield rows

    def _start(self, element: str, attributes: dict[str, str]) -> None:
        if element == "c":
            reference = attributes.get("r")
            self._column = self._column + 1 if reference is None else self._column_of(reference)
            self._kind = attributes.get("t", "n")
            self._style = attributes.get("s", "")
            self._value.clear()
        elif element == "v":
            self._is_value = True
        elif element == "row":
            self._row, self._column, self._row_chars = [], -1, 0
        elif element == "is":
            self._is_inline = True
            self._inline.begin()
        elif self._is_inline:
            self._inline.start(element)

    def _end(self, element: str) -> None:
        if element == "v":
            self._is_value = False
        elif element == "c":
            if self._value:
                self._put(self._text_of("".join(self._value)))
        elif element == "row":
            if self._row:
                self._rows.append(self._row)
        elif element == "is":
            self._is_inline = False
            self._put(self._inline.take())
        elif self._is_inline:
            self._inline.end(element)

    def _text(self, text: str) -> None:
        if self._is_value:
            self._value.append(text)
            self._count(len(text))
        elif self._is_inline:
            self._inline.add(text)

    def _put(self, text: str) -> None:
        if not text:
            return
        row, column = self._row, self._column
        if self._kind != "n":
            self._count(len(text))
        if column == len(row):
            row.append(text)
        elif column < len(row):
            row[column] = text
        else:
            row.extend([""] * (column - len(row)))
            row.append(text)

    def _count(self, chars: int) -> None:
        self._row_chars += chars
        if self._row_chars > self._max_row_chars:
            raise FileError(
                FileCode.LIMIT, f"A row of the sheet has more than {self._max_row_chars:,} bytes"
            )

    def _text_of(self, value: str) -> str:
        match self._kind:
            case "s":
                index = value.strip()
                return self._strings[int(index) if index.isdecimal() and len(index) < 16 else -1]
            case "b":
                return _BOOLEANS.get(value.strip(), value)
            case "n":
                number = value.strip()
                return self._shifted(number) if self._style in self._shifted_styles else number
            case _:
                # The result of a formula, an error, or a date as ISO 8601 writes it.
                return unescaped(value)

    def _shifted(self, number: str) -> str:
        """Count the day from 1900 on, as everybody expects who reads the number of a day."""
        if not _SERIAL.fullmatch(number):
            return number
        return str(Decimal(number) + DAYS_FROM_1900_TO_1904)

    def _column_of(self, reference: str) -> int:
        letters = reference.rstrip("0123456789")
        column = self._columns.get(letters)
        if column is None:
            column = -1
            for letter in letters.upper() if len(letters) <= 3 else "":
                column = (column + 1) * _LETTERS + ord(letter) - ord("A")
            if not 0 <= column <= MAX_COLUMN or not letters.isascii():
                raise unreadable(f"it has a cell {reference[:20]!r}")
            self._columns[letters] = column
        return column
