"""The rows of CSV with the lines that they begin on; a broken one costs itself alone."""

import csv
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from runtime.standalone.records.interface import PAUSE, Pause
from runtime.standalone.records.lines import MAX_RECORD_BYTES, Line

MAX_ROW_LINES: Final = 10_000
"""Most lines of one row: while its quotes are open, each is kept to be read again by itself."""


@dataclass(frozen=True, slots=True)
class Row:
    """The texts of one row."""

    line: int
    values: list[str]
    size: int


@dataclass(frozen=True, slots=True)
class BrokenRow:
    """A row that cannot be read, and why."""

    line: int
    message: str
    is_too_long: bool = False


class _PauseError(Exception):
    """Between two rows, nothing more is here now."""


class _LineError(Exception):
    """A line that nothing can be made of."""


class _Feed:
    """Hands lines to the reader of CSV and remembers those of the row in hand."""

    def __init__(self, lines: Iterator[Line | Pause]) -> None:
        self._lines = lines
        self._again: deque[Line] = deque()
        self.taken: list[Line] = []
        self.size = 0

    def __iter__(self) -> "_Feed":
        return self

    def __next__(self) -> str:
        line = self._again.popleft() if self._again else self._line()
        self.taken.append(line)
        if line.content is None:
            raise _LineError(f"the line has more than {MAX_RECORD_BYTES:,} bytes")
        self.size += len(line.content) + 1
        if self.size > MAX_RECORD_BYTES or len(self.taken) > MAX_ROW_LINES:
            raise _LineError(
                f"the quotes that are opened on this line are not closed within"
                f" {MAX_RECORD_BYTES:,} bytes and {MAX_ROW_LINES:,} lines"
            )
        try:
            return line.content.decode() + "\n"
        except UnicodeDecodeError as error:
            raise _LineError(
                f"the row is not UTF-8: byte {error.start} of line {line.number} is"
                f" 0x{line.content[error.start]:02x}"
            ) from None

    def _line(self) -> Line:
        for line in self._lines:
            if line is not PAUSE:
                return line
            if not self.taken:
                raise _PauseError
        raise StopIteration

    def begin(self) -> None:
        """Forget the lines of the last row."""
        self.taken, self.size = [], 0

    def give_back(self) -> None:
        """Read what followed the first line of the row again, as rows of their own."""
        self._again.extendleft(reversed(self.taken[1:]))


def rows(lines: Iterator[Line | Pause], separator: str) -> Iterator[Row | BrokenRow | Pause]:
    """Read rows as RFC 4180 has them; blank lines are none."""
    # For the whole process; the limit of the library is below ours.
    csv.field_size_limit(MAX_RECORD_BYTES)
    feed = _Feed(lines)
    reader = csv.reader(feed, delimiter=separator, strict=True)
    while True:
        feed.begin()
        try:
            values = next(reader)
        except StopIteration:
            return
        except _PauseError:
            yield PAUSE
        except (_LineError, csv.Error) as error:
            first = feed.taken[0]
            feed.give_back()
            yield BrokenRow(first.number, _words(error), first.content is None)
        else:
            if values:
                yield Row(feed.taken[0].number, values, feed.size)


def _words(error: Exception) -> str:
    if str(error) == "unexpected end of data":
        return "the quotes that are opened on this line are never closed"
    return str(error)
