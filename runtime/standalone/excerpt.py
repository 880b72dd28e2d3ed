"""A line of what somebody wrote, with its number and a caret under the place that is meant."""

import re
from dataclasses import dataclass
from typing import Final

from mapping_lang.diagnostics import Span
from runtime.standalone.terminal import Look, Style, cells, printable

LINE_END: Final = re.compile(r"\r\n|[\r\n]")
"""Where lines end in files, in expressions and in Python."""

JAVASCRIPT_LINE_END: Final = re.compile(r"\r\n|[\r\n\u2028\u2029]")

MAX_BEFORE: Final = 1_000
"""What is kept of a line on each side of its place, in characters, before it is cut to a width."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Excerpt:
    """A stretch of one line of a text."""

    line: int
    column: int
    """Both from 1, in code points."""

    before: str
    marked: str
    after: str


def excerpt(text: str, span: Span, line_end: re.Pattern[str] = LINE_END) -> Excerpt:
    """Take the line out of a text that a span begins in."""
    start = min(span.start, len(text))
    number, line_start = 1, 0
    for end in line_end.finditer(text):
        if end.end() > start:
            line_stop = end.start()
            break
        number, line_start = number + 1, end.end()
    else:
        line_stop = len(text)
    start = min(start, line_stop)
    stop = min(max(span.end, start + 1), line_stop)
    return Excerpt(
        line=number,
        column=start - line_start + 1,
        before=text[max(line_start, start - MAX_BEFORE) : start],
        marked=text[start : min(stop, start + MAX_BEFORE)],
        after=text[stop : min(line_stop, stop + MAX_BEFORE)],
    )


def excerpt_at(
    text: str, line: int, column: int, line_end: re.Pattern[str] = LINE_END
) -> Excerpt | None:
    """Take a line out of a text by number, both from 1; none if it has no such line."""
    start = 0
    ends = line_end.finditer(text)
    for _ in range(1, line):
        end = next(ends, None)
        if end is None:
            return None
        start = end.end()
    end = next(ends, None)
    stop = len(text) if end is None else end.start()
    place = min(start + max(column, 1) - 1, stop)
    return excerpt(text, Span(place, place + 1), line_end)


def excerpt_lines(shown: Excerpt, look: Look, *, numbered: bool = True) -> list[str]:
    """Show an excerpt on two lines: the text, and a caret under its place."""
    number = f"{shown.line} | " if numbered else ""
    gutter = f"  {number}"
    room = look.columns - len(gutter)
    before, marked = printable(shown.before), printable(shown.marked) or " "
    after = printable(shown.after)
    width = max(1, cells(marked))
    # The place is what matters: it is kept, with two thirds of the room before it.
    kept = max(0, min(room - min(width, room // 3) - 1, room * 2 // 3))
    if cells(before) > kept:
        before = _tail(before, kept)
    line = f"{before}{marked}{after}"
    width = min(width, max(1, room - cells(before)))
    caret = " " * (len(gutter) + cells(before)) + "^" * width
    return [
        (look.paint(gutter, Style.DIM) + _head(line, room)).rstrip(),
        look.paint(caret, Style.RED, Style.BOLD),
    ]


def _tail(text: str, columns: int) -> str:
    kept: list[str] = []
    width = 1
    for char in reversed(text):
        width += cells(char)
        if width > columns:
            break
        kept.append(char)
    return "…" + "".join(reversed(kept))


def _head(text: str, columns: int) -> str:
    width = 0
    for position, char in enumerate(text):
        width += cells(char)
        if width > columns or (width == columns and position + 1 < len(text)):
            return text[:position] + "…"
    return text
