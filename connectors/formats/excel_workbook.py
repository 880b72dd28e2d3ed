"""Workbooks: archives of XML, of which one part lists the sheets."""

import posixpath
import re
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import BinaryIO, Final, final

from connectors.compression.zip import Archive
from connectors.files import ByteStream, FileCode, FileError, FileLimits, FormatInput
from connectors.formats.excel_xml import attribute, parse, unreadable
from connectors.spool import random_access
from mapping_lang.diagnostics import did_you_mean, quote

MAX_SHEETS: Final = 10_000

_OLE: Final = b"\xd0\xcf\x11\xe0"
_MAIN: Final = "xl/workbook.xml"
_DATE_FORMATS: Final = frozenset((*range(14, 18), 22, *range(27, 32), 36, *range(50, 55), 57, 58))
"""Those of the built-in number formats that show a day, and not only a time."""

_NO_CODES: Final = re.compile(r'"[^"]*"|\\.|_.|\*.|\[(?!h+\]|m+\]|s+\])[^\]]*\]', re.IGNORECASE)
"""What stands for itself in a number format, or says a colour or a language."""


@final
@dataclass(frozen=True, slots=True)
class Sheet:
    """A sheet with cells, and the part that it is in."""

    name: str
    part: str


@final
class Workbook:
    """An archive that turned out to be a workbook."""

    def __init__(self, archive: Archive, limits: FileLimits) -> None:
        self._archive = archive
        self._limits = limits
        self._parts = {file.filename.lstrip("/").lower(): file for file in archive.files}
        self.is_1904 = False
        """Whether days are counted from 1904 on."""
        self.sheets: tuple[Sheet, ...] = ()
        self.strings = ""
        self.styles = ""
        self._read()

    def part(self, name: str) -> ByteStream:
        """Open a part of the workbook."""
        found = self._parts.get(name.lower())
        if found is None:
            raise unreadable(f"it has no part {quote(name)}")
        return self._archive.entry(found).unpacked(self._limits)

    def find(self, name: str) -> Sheet:
        """Give the sheet of a name, in whatever case of letters."""
        folded = name.casefold()
        for sheet in self.sheets:
            if sheet.name.casefold() == folded:
                return sheet
        names = [sheet.name for sheet in self.sheets]
        shown = ", ".join(map(quote, names[:10])) + (", …" if len(names) > 10 else "")
        hint = did_you_mean(name, names)
        raise FileError(
            FileCode.SHEET,
            f"There is no sheet {quote(name)} in the file, which has {shown or 'none'}"
            + (f". {hint}" if hint else ""),
        )

    def date_styles(self) -> frozenset[int]:
        """Find the styles of cells that show a day."""
        if not self.styles:
            return frozenset()
        codes: dict[int, str] = {}
        formats: list[int] = []
        inside = ""

        def start(name: str, attributes: dict[str, str]) -> None:
            nonlocal inside
            if name == "numFmt":
                codes[_number(attributes, "numFmtId")] = attributes.get("formatCode", "")
            elif name == "xf" and inside == "cellXfs":
                formats.append(_number(attributes, "numFmtId"))
            elif name.endswith("Xfs"):
                inside = name

        def end(name: str) -> None:
            nonlocal inside
            if name == inside:
                inside = ""

        for _ in parse(self.part(self.styles), self.styles, start, end, None):
            pass
        return frozenset(
            style
            for style, number in enumerate(formats)
            if (shows_day(codes[number]) if number in codes else number in _DATE_FORMATS)
        )

    def _read(self) -> None:
        main = _MAIN
        for kind, _, target in self._relations(""):
            if kind == "officeDocument":
                main = target
        if main.endswith(".bin"):
            raise unreadable("it is a binary workbook (.xlsb), expected .xlsx")
        targets: dict[str, str] = {}
        for kind, identifier, target in self._relations(main):
            match kind:
                case "sharedStrings":
                    self.strings = target
                case "styles":
                    self.styles = target
                case "worksheet":
                    targets[identifier] = target
                case _:
                    pass  # themes, links and the like
        found: list[Sheet] = []

        def start(name: str, attributes: dict[str, str]) -> None:
            if name == "workbookPr":
                self.is_1904 = attributes.get("date1904", "") in ("1", "true", "on")
            elif name == "sheet":
                # A sheet that is a chart has no cells.
                target = targets.get(attribute(attributes, "id"))
                if target is not None:
                    found.append(Sheet(attributes.get("name", ""), target))
                if len(found) > MAX_SHEETS:
                    raise unreadable(f"it has more than {MAX_SHEETS:,} sheets")

        for _ in parse(self.part(main), main, start, lambda _: None, None):
            pass
        self.sheets = tuple(found)

    def _relations(self, part: str) -> list[tuple[str, str, str]]:
        """List the relations of a part: the last word of the kind, the identifier, the target."""
        folder, name = posixpath.split(part)
        relations = posixpath.join(folder, "_rels", f"{name}.rels")
        if relations.lower() not in self._parts:
            return []
        found: list[tuple[str, str, str]] = []

        def start(name: str, attributes: dict[str, str]) -> None:
            if name == "Relationship" and attributes.get("TargetMode") != "External":
                target = posixpath.normpath(
                    posixpath.join("/", folder, attributes.get("Target", ""))
                )
                kind = attributes.get("Type", "").rpartition("/")[2]
                found.append((kind, attributes.get("Id", ""), target.lstrip("/")))

        for _ in parse(self.part(relations), relations, start, lambda _: None, None):
            pass
        return found


@contextmanager
def open_workbook(given: FormatInput) -> Iterator[Workbook]:
    """Open the archive that a workbook is."""
    with random_access(given.stream, given.limits) as file, _archive(file) as archive:
        yield Workbook(archive, given.limits)


def _archive(file: BinaryIO) -> Archive:
    start = file.read(len(_OLE))
    if start == _OLE:
        raise unreadable(
            "it is protected by a password, or of the outdated kind .xls, expected .xlsx"
        )
    try:
        return Archive(file)
    except (zipfile.BadZipFile, RuntimeError, OSError, ValueError) as error:
        raise unreadable(f"it is no .xlsx: {error}") from None


def shows_day(code: str) -> bool:
    """Tell if a number format shows a day, and not only a time or a number."""
    letters = _NO_CODES.sub("", code.partition(";")[0]).lower()
    if letters == "general":
        return False
    # Beside hours or seconds, `m` is minutes.
    months = "m" in letters and not {"h", "s"} & set(letters)
    return "y" in letters or "d" in letters or months


def _number(attributes: dict[str, str], name: str) -> int:
    text = attributes.get(name, "")
    return int(text) if text.isdecimal() and len(text) < 10 else -1
