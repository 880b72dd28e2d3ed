"""Results for a person: a table where it fits the terminal, else a card for each record."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import msgspec

from mapping_lang.types.kinds import DecimalType, FloatType, IntType, Schema, YearType
from mapping_lang.types.schema import Path, format_path, leaves
from runtime.standalone.terminal import Look, Style, cells, cut, one_line, padded

MIN_COLUMN: Final = 10
"""A column that would be narrower says too little."""

MAX_COLUMN: Final = 40
GAP: Final = "  "
NUMBER: Final = "#"

_OBJECT: Final = msgspec.json.Decoder(dict[str, msgspec.Raw])
_TEXT: Final = msgspec.json.Decoder(str)


@dataclass(frozen=True, slots=True)
class Cell:
    """One value as it is shown; what is no text of the record is set off."""

    text: str
    is_special: bool = False


@dataclass(frozen=True, slots=True)
class _Column:
    title: str
    cells: list[Cell]
    is_number: bool


def table_lines(
    schema: Schema, numbers: Sequence[int], texts: Sequence[bytes], look: Look
) -> list[str]:
    """Show records that are JSON, with their numbers in the input."""
    columns = [_Column(NUMBER, [Cell(str(number)) for number in numbers], is_number=True)]
    found = [_OBJECT.decode(text) for text in texts]
    for path, item in leaves(schema):
        column = [_cell(record, path) for record in found]
        is_number = isinstance(item.type, IntType | FloatType | DecimalType | YearType)
        columns.append(_Column(format_path(path), column, is_number))
    widths = _widths(columns, look.columns)
    return _cards(columns, look) if widths is None else _table(columns, widths, look)


def _cell(record: dict[str, msgspec.Raw], path: Path) -> Cell:
    """Show a value; what is absent is shown as nothing, which no value is."""
    current = record
    for name in path[:-1]:
        if name not in current:
            return Cell("")
        if bytes(current[name]) == b"null":
            return Cell("null", is_special=True)
        current = _OBJECT.decode(current[name])
    raw = current.get(path[-1])
    if raw is None:
        return Cell("")
    text = bytes(raw)
    if text[:1] != b'"':
        return Cell(one_line(text.decode()), is_special=text == b"null")
    value = _TEXT.decode(raw)
    return Cell(one_line(text.decode() if value in {"", "null"} else value))


def _widths(columns: Sequence[_Column], room: int) -> list[int] | None:
    """Decide how wide columns are; none if they do not fit, however narrow."""
    widths = [
        min(MAX_COLUMN, max([cells(column.title), *(cells(each.text) for each in column.cells)]))
        for column in columns
    ]
    room -= len(GAP) * (len(columns) - 1)
    if sum(min(width, MIN_COLUMN) for width in widths) > room:
        return None
    while sum(widths) > room:
        # One by one from the widest: all that are cut end up equally wide.
        widths[widths.index(max(widths))] -= 1
    return widths


def _table(columns: Sequence[_Column], widths: Sequence[int], look: Look) -> list[str]:
    titles = [
        look.paint(padded(column.title, width, right=column.is_number), Style.BOLD)
        for column, width in zip(columns, widths, strict=True)
    ]
    rule = GAP.join("─" * width for width in widths)
    lines = [GAP.join(titles), look.paint(rule, Style.DIM)]
    for row in range(len(columns[0].cells)):
        shown = [
            _paint(
                column.cells[row],
                padded(column.cells[row].text, width, right=column.is_number),
                look,
            )
            for column, width in zip(columns, widths, strict=True)
        ]
        lines.append(GAP.join(shown).rstrip())
    return lines


def _cards(columns: Sequence[_Column], look: Look) -> list[str]:
    number, *others = columns
    width = min(max(cells(column.title) for column in others), look.columns // 2)
    lines: list[str] = []
    for row, cell in enumerate(number.cells):
        lines.append(look.paint(f"record {cell.text}", Style.BOLD))
        for column in others:
            value = column.cells[row]
            if value.text:
                shown = cut(value.text, look.columns - width - 4)
                title = look.paint(padded(column.title, width), Style.DIM)
                lines.append(f"  {title}  {_paint(value, shown, look)}")
    return lines


def _paint(cell: Cell, shown: str, look: Look) -> str:
    return look.paint(shown, Style.DIM) if cell.is_special else shown
