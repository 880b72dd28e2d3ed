"""The rows of CSV, one by one: the definition of what a file says.

Records end with a line feed, or with a carriage return and a line feed; inside quotes, both are a
line feed. A carriage return anywhere else is part of a value.
"""

from dataclasses import dataclass
from typing import Final, final

from connectors.files import FileCode, FileError

QUOTE: Final = b'"'

_WHITE_SPACE: Final = (
    "\t\n\v\f\r \x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a"
    "\u2028\u2029\u202f\u205f\u3000"
)
"""The property White_Space of Unicode."""


class MoreNeededError(Exception):
    """A row does not end in the bytes that are there."""


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Dialect:
    """How values are divided and quoted."""

    separator: bytes
    lazy: bool = False
    """Whether a quote may stand anywhere (`lazyQuotes`)."""
    trim: bool = False
    """Whether white space before a value is none of it (`trimLeadingSpace`)."""

    @property
    def space(self) -> str:
        """What is trimmed: never the separator, which is part of no value."""
        return _WHITE_SPACE.replace(self.separator.decode(), "")


@final
class Rows:
    """Reads row after row of a text that ends where a row ends, or where the file does."""

    def __init__(self, data: bytes, dialect: Dialect, *, line: int, is_end: bool) -> None:
        self._data = data
        self._dialect = dialect
        self._is_end = is_end
        self.at = 0
        """Where the next row begins."""
        self.line = line
        """The line that it begins on, unless there are blank lines before it."""
        self.row_line = line
        """The line that the last row that was given begins on."""

    def next(self) -> list[bytes] | None:
        """Give the values of the next row that is not blank; None at the end.

        Raises `MoreNeededError` and stays where it is, or `FileError`.
        """
        data = self._data
        while self.at < len(data):
            end = data.find(b"\n", self.at)
            if end < 0:
                if not self._is_end:
                    raise MoreNeededError
                end = len(data)
            line = data[self.at : end].removesuffix(b"\r")
            self.row_line = self.line
            if line and QUOTE in line:
                return self._quoted()
            if line:
                self._go(end + 1)
                return [self._trimmed(value) for value in line.split(self._dialect.separator)]
            self._go(end + 1)
        return None

    def _go(self, at: int) -> None:
        self.line += self._data.count(b"\n", self.at, at)
        self.at = min(at, len(self._data))

    def _trimmed(self, value: bytes) -> bytes:
        if not self._dialect.trim:
            return value
        text = value.decode(errors="surrogateescape").lstrip(self._dialect.space)
        return text.encode(errors="surrogateescape")

    def _quoted(self) -> list[bytes]:
        """Read a row that has quotes."""
        separator = self._dialect.separator
        values: list[bytes] = []
        at = self.at
        while True:
            if self._dialect.trim:
                at = self._behind_space(at)
            if self._data.startswith(QUOTE, at):
                value, at = self._quoted_value(at + 1)
            else:
                value, at = self._plain_value(at)
            values.append(value)
            if not self._data.startswith(separator, at):
                self._go(self._data.find(b"\n", at) + 1 or len(self._data))
                return values
            at += len(separator)

    def _behind_space(self, at: int) -> int:
        value, _ = self._until_end(at)
        return at + len(value) - len(self._trimmed(value))

    def _until_end(self, at: int) -> tuple[bytes, int]:
        """Give what stands before the next separator or the end of the line."""
        data = self._data
        line_end = data.find(b"\n", at)
        stop = line_end if line_end >= 0 else len(data)
        if stop > at and data[stop - 1] == ord("\r"):
            stop -= 1
        separator = data.find(self._dialect.separator, at, stop)
        if separator >= 0:
            return data[at:separator], separator
        if line_end < 0 and not self._is_end:
            raise MoreNeededError
        return data[at:stop], stop

    def _plain_value(self, at: int) -> tuple[bytes, int]:
        value, end = self._until_end(at)
        if not self._dialect.lazy and (found := value.find(QUOTE)) >= 0:
            raise self._wrong(
                at + found,
                "a quote inside a value that does not begin with one; a value with quotes is"
                ' written as `"a ""b"""`, or `lazyQuotes` accepts them',
            )
        return value, end

    def _quoted_value(self, start: int) -> tuple[bytes, int]:
        data = self._data
        at = start
        parts: list[bytes] = []
        while True:
            found = data.find(QUOTE, at)
            if found < 0:
                if not self._is_end:
                    raise MoreNeededError
                if not self._dialect.lazy:
                    raise self._wrong(start - 1, "quotes that are never closed")
                parts.append(data[at:])
                found = after = len(data)
                break
            parts.append(data[at:found])
            after = found + 1
            if data.startswith(QUOTE, after):
                parts.append(QUOTE)
                at = after + 1
            elif self._ends_value(after):
                break
            elif self._dialect.lazy:
                parts.append(QUOTE)
                at = after
            else:
                raise self._wrong(
                    found,
                    "a quote inside quotes; it is written as two, or `lazyQuotes` accepts it",
                )
        return b"".join(parts).replace(b"\r\n", b"\n"), after

    def _ends_value(self, at: int) -> bool:
        rest = self._data[at : at + max(2, len(self._dialect.separator))]
        if not self._is_end and len(rest) < max(2, len(self._dialect.separator)):
            if rest[:1] != b"\n":
                raise MoreNeededError
            return True
        return (
            not rest
            or rest == b"\r"
            or rest[:1] == b"\n"
            or rest[:2] == b"\r\n"
            or rest.startswith(self._dialect.separator)
        )

    def _wrong(self, at: int, found: str) -> FileError:
        line = self.line + self._data.count(b"\n", self.at, at)
        column = at - self._data.rfind(b"\n", 0, at)
        return FileError(
            FileCode.FORMAT, f"The file cannot be read: line {line}, byte {column} is {found}"
        )
