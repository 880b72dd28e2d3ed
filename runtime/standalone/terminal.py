"""What a stream can show: how wide, in colour or not, and how foreign text is made harmless."""

import os
import shutil
import unicodedata
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, TextIO

PLAIN_COLUMNS: Final = 100
"""The width of text that goes to no terminal."""

MIN_COLUMNS: Final = 40
"""A narrower terminal is written to as if it had so many columns."""

TAB: Final = "    "
"""What a tab of somebody's source is shown as: carets stand under columns, not under tabs."""


class Style(StrEnum):
    """What is set off from the rest, as the numbers of ECMA-48."""

    BOLD = "1"
    DIM = "2"
    RED = "31"
    GREEN = "32"
    YELLOW = "33"
    CYAN = "36"


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What a stream can show."""

    columns: int = PLAIN_COLUMNS
    is_terminal: bool = False
    has_colour: bool = False

    def paint(self, text: str, *styles: Style) -> str:
        """Set text off where the stream has colour."""
        if not self.has_colour or not text:
            return text
        return f"\x1b[{';'.join(styles)}m{text}\x1b[0m"


def look_of(stream: TextIO) -> Look:
    """Find out what a stream can show."""
    if not stream.isatty():
        return Look()
    found = shutil.get_terminal_size((80, 24)).columns
    variables = os.environ  # noqa: TID251 - what a terminal can do, not how we are set
    dull = variables.get("TERM", "") in {"", "dumb"} or bool(variables.get("NO_COLOR"))
    return Look(columns=max(MIN_COLUMNS, found), is_terminal=True, has_colour=not dull)


def printable(text: str) -> str:
    """Make text harmless and visible: no control, no escape sequence, no change of direction."""
    if text.isprintable():
        return text
    return "".join(map(_shown, text))


def _shown(char: str) -> str:
    if char.isprintable():
        return char
    code = ord(char)
    match char:
        case "\t":
            return TAB
        case _ if code > 0xFFFF:
            return f"\\U{code:08x}"
        case _:
            return f"\\u{code:04x}"


def one_line(text: str) -> str:
    """Make text harmless on one line, its line ends as escapes that people know."""
    return printable(text.replace("\r", "\\r").replace("\n", "\\n").replace("\t", "\\t"))


def cells(text: str) -> int:
    """Count the columns that printable text takes."""
    return len(text) if text.isascii() else sum(map(_cells, text))


def _cells(char: str) -> int:
    if unicodedata.combining(char) or unicodedata.category(char) in {"Mn", "Me", "Cf"}:
        return 0
    return 2 if unicodedata.east_asian_width(char) in {"W", "F"} else 1


def cut(text: str, columns: int) -> str:
    """Cut printable text that takes more columns, with a mark that it was cut."""
    # Whoever cuts does so to a width; text of millions of characters is not measured for it.
    if len(text) <= 4 * columns and cells(text) <= columns:
        return text
    width = 0
    for position, char in enumerate(text):
        width += _cells(char)
        if width >= columns:
            return text[:position] + "…"
    return text


def padded(text: str, columns: int, *, right: bool = False) -> str:
    """Fill printable text up to a width, or cut it."""
    shown = cut(text, columns)
    gap = " " * (columns - cells(shown))
    return gap + shown if right else shown + gap


def wrapped(text: str, columns: int, indent: str = "") -> list[str]:
    """Break printable text into lines at spaces; a longer word has a line of its own."""
    lines: list[str] = []
    line = ""
    for word in text.split(" "):
        candidate = f"{line} {word}" if line else word
        if cells(indent + candidate) <= columns or not line:
            line = candidate
        else:
            lines.append(indent + line)
            line = word
    return [*lines, indent + line]
