"""CSV in blocks of whole rows, most of which Arrow divides into columns.

`csv_rows` says what a file means. Arrow reads a block only if that is known to be the same: after a
look at its quotes and carriage returns, and never where quotes may stand anywhere. If it then finds
a row of another width, `csv_rows` reads the block again and says which.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, final

import pyarrow as pa
import re2

from connectors.files import ByteStream, FileCode, FileError
from connectors.formats.csv_rows import QUOTE, Dialect, MoreNeededError, Rows
from connectors.gather import gather
from mapping_lang.types.arrow.layout import Array

_BOM: Final = b"\xef\xbb\xbf"
_MARK_BYTES: Final = 10
"""So much tells what a file is."""

_FIRST_BYTES: Final = 64 * 2**10
"""What is looked at for the first row."""

_PACKED: Final = {
    b"\x1f\x8b": "Gzip",
    b"PK\x03\x04": "Zip",
    b"\xff\x06\x00\x00sNaPpY": "Snappy",
}
"""How files begin that are no text, and that people take for one."""

_UTF16: Final = (b"\xff\xfe", b"\xfe\xff")


def _bytes_pattern(pattern: bytes) -> Any:  # noqa: ANN401 - re2 has no types
    """Compile a pattern of bytes, whatever they mean."""
    options = re2.Options()
    options.encoding = re2.Options.Encoding.LATIN1
    return re2.compile(pattern, options=options)


_LONE_RETURN: Final = _bytes_pattern(rb"\r(?:[^\n]|\z)")


@final
@dataclass(frozen=True, slots=True)
class Block:
    """Whole rows, and the line of the file that they begin on."""

    data: bytes
    line: int


@final
class Blocks:
    """Divides a file into blocks of whole rows."""

    def __init__(self, stream: ByteStream, dialect: Dialect, *, row_bytes: int) -> None:
        self._stream = stream
        self._dialect = dialect
        self._row_bytes = row_bytes
        self._data = b""
        self._line = 1
        self._is_end = False
        self._is_start = True
        self._first = b""

    def first_row(self) -> tuple[int, list[bytes] | None]:
        """Take the first row, after the line that it begins on; None if there is none."""
        wanted = _FIRST_BYTES
        while True:
            # Whoever wants to know the columns does not wait for the records.
            self._fill(wanted, least=max(self._more(), _MARK_BYTES), seconds=0.0)
            rows = Rows(self._data, self._dialect, line=self._line, is_end=self._is_end)
            try:
                row = rows.next()
            except MoreNeededError:
                self._drop(rows.at, rows.line)
                self._check_row()
                wanted = self._twice(len(self._data))
                continue
            self._first = self._data[: rows.at]
            self._drop(rows.at, rows.line)
            if row is None and not self._is_end:
                continue  # nothing but blank lines so far
            return rows.row_line, row

    def give_back(self) -> None:
        """Read the first row again, as one of the others."""
        self._data = self._first + self._data
        self._line -= self._first.count(b"\n")

    def next(self, block_bytes: int, seconds: float) -> Block | None:
        """Take rows of about so many bytes, one at least; None at the end of the file.

        They are fewer if the others do not come within some seconds.
        """
        wanted, least = block_bytes, 1
        while True:
            self._fill(wanted, least=least, seconds=seconds)
            if not self._data:
                return None
            window = self._data[:wanted]
            is_end = self._is_end and len(window) == len(self._data)
            size = len(window) if is_end else self._whole_rows(window)
            if size:
                block = Block(window[:size], self._line)
                self._drop(size, self._line + block.data.count(b"\n"))
                return block
            self._check_row()
            wanted, least = max(block_bytes, self._twice(len(window))), self._more()

    def _twice(self, size: int) -> int:
        """Give twice as much, but no more than tells that a row is too large."""
        return min(2 * size, max(size, self._row_bytes) + 1)

    def _more(self) -> int:
        """Give how much there has to be before a row is looked for again.

        A quarter more: a row that comes bit by bit would be read again at every bit.
        """
        return len(self._data) + len(self._data) // 4 + 1

    def _drop(self, size: int, line: int) -> None:
        self._data = self._data[size:]
        self._line = line

    def _fill(self, size: int, *, least: int, seconds: float) -> None:
        if not self._is_end:
            gathered = gather(self._stream, self._data, size, least=least, seconds=seconds)
            self._data, self._is_end = gathered.data, gathered.is_end
        if self._is_start and (len(self._data) >= _MARK_BYTES or self._is_end):
            self._is_start = False
            self._refuse_encoding()
            # A byte order mark is none of the first value (DEC-52).
            self._data = self._data.removeprefix(_BOM)

    def _refuse_encoding(self) -> None:
        if self._data.startswith(_UTF16):
            raise FileError(FileCode.FORMAT, "The file is UTF-16, expected UTF-8")
        for start, name in _PACKED.items():
            if self._data.startswith(start):
                raise FileError(
                    FileCode.FORMAT,
                    f"The file is packed by {name}, and the pipeline says something else of it",
                )

    def _check_row(self) -> None:
        """Refuse to look any further for the end of a row."""
        if len(self._data) > self._row_bytes:
            raise FileError(
                FileCode.LIMIT,
                f"The record on line {self._line} has more than {self._row_bytes:,} bytes; quotes"
                " that are never closed make the rest of a file one value",
            )

    def _whole_rows(self, data: bytes) -> int:
        """Find the end of the last row that ends in a part of the file; 0 if none does."""
        end = data.rfind(b"\n")
        quotes = data.count(QUOTE, 0, end + 1)
        if not quotes:
            return end + 1
        if self._dialect.lazy:
            return self._exactly_whole_rows(data)
        # Between rows the number of quotes is even. If that is so by mistake, as after a quote that
        # stands where it may not, then that mistake is in the block and ends it.
        while end >= 0 and quotes % 2:
            before = data.rfind(b"\n", 0, end)
            quotes -= data.count(QUOTE, before + 1, end + 1)
            end = before
        return end + 1 or self._exactly_whole_rows(data)

    def _exactly_whole_rows(self, data: bytes) -> int:
        rows = Rows(data, self._dialect, line=self._line, is_end=False)
        try:
            while rows.next() is not None:
                pass
        except MoreNeededError:
            pass
        except FileError:
            # Whoever divides the block finds the same, and has the rows before it.
            return len(data)
        return rows.at


@final
class Divider:
    """Divides the rows of blocks into columns, of which it keeps some."""

    def __init__(self, dialect: Dialect, width: int, kept: Sequence[int]) -> None:
        self._dialect = dialect
        self._width = width
        self._kept = kept
        self._proper = _proper_quotes(dialect)

    def divide(self, block: Block) -> tuple[list[Array], int, FileError | None]:
        """Give columns of bytes, how many rows they have, and what keeps the next from being read.

        The columns are of the type `binary`: whether they are text is not looked at.
        """
        divided = self._by_arrow(block.data)
        if divided is not None:
            return *divided, None
        return self._one_by_one(block)

    def _by_arrow(self, data: bytes) -> tuple[list[Array], int] | None:
        """Divide a block if that is certain to give what `csv_rows` does, and to succeed."""
        if self._proper is None:
            return None
        # To Arrow every carriage return ends a row, and here one that is part of a value does not.
        if _LONE_RETURN.search(data) is not None:
            return None
        if has_quotes := QUOTE in data:
            if self._dialect.lazy or self._dialect.trim:
                return None
            # Those that are in values become line feeds.
            data = data.replace(b"\r\n", b"\n")
            if not data.endswith(b"\n"):
                data += b"\n"
            if self._proper.fullmatch(data) is None:
                return None
        return self._parse(data, has_quotes=has_quotes)

    def _parse(self, data: bytes, *, has_quotes: bool) -> tuple[list[Array], int] | None:
        # Takes a tenth of a second, and few commands need it.
        from pyarrow import csv

        names = [str(index) for index in range(self._width)]
        # A column at least, to know how many rows there are.
        kept = [names[index] for index in self._kept] or names[:1]
        try:
            table = csv.read_csv(
                pa.BufferReader(data),
                read_options=csv.ReadOptions(
                    column_names=names, block_size=len(data) + 1, use_threads=False
                ),
                parse_options=csv.ParseOptions(
                    delimiter=self._dialect.separator.decode(),
                    quote_char='"' if has_quotes else False,
                    newlines_in_values=has_quotes,
                ),
                convert_options=csv.ConvertOptions(
                    include_columns=kept, column_types=dict.fromkeys(names, pa.binary())
                ),
            )
        except pa.ArrowInvalid:
            return None
        columns = [_whole(column) for column in table.columns]
        if self._dialect.trim:
            columns = [self._trimmed(column) for column in columns]
        return columns[: len(self._kept)], table.num_rows

    def _trimmed(self, column: Array) -> Array:
        # Kernels for text stop at what is none.
        space = self._dialect.space
        values = [
            value.decode(errors="surrogateescape").lstrip(space).encode(errors="surrogateescape")
            for value in column.to_pylist()
        ]
        return pa.array(values, pa.binary())

    def _one_by_one(self, block: Block) -> tuple[list[Array], int, FileError | None]:
        rows = Rows(block.data, self._dialect, line=block.line, is_end=True)
        kept: list[list[bytes]] = []
        failure: FileError | None = None
        while True:
            try:
                row = rows.next()
            except FileError as error:
                failure = error
                break
            if row is None:
                break
            if len(row) != self._width:
                failure = other_width(len(row), self._width, rows.row_line)
                break
            kept.append(row)
        columns = [pa.array([row[index] for row in kept], pa.binary()) for index in self._kept]
        return columns, len(kept), failure


def other_width(found: int, expected: int, line: int) -> FileError:
    """Refuse a file with a record of another width."""
    return FileError(
        FileCode.FORMAT,
        f"The file cannot be read: the record on line {line} has {found:,} values, expected"
        f" {expected:,} as in the first one",
    )


def _proper_quotes(dialect: Dialect) -> Any:  # noqa: ANN401 - re2 has no types
    """Compile what a block with quotes looks like; None if Arrow cannot divide it at all."""
    separator = dialect.separator
    if len(separator) > 1:
        return None  # Arrow takes one byte
    escaped = re2.escape(separator.decode())
    plain = rf'[^"\n{escaped}]*'
    return _bytes_pattern(rf'(?:(?:{plain}|"(?:[^"]|"")*")(?:{escaped}|\n))*'.encode())


def _whole(column: pa.ChunkedArray) -> Array:
    if column.num_chunks == 1:
        return column.chunk(0)
    return pa.concat_arrays(column.chunks) if column.num_chunks else pa.array([], pa.binary())
