"""Comma-separated values, or values separated by any other character."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Final, final

from connectors.files import (
    BatchSizes,
    Column,
    FileCode,
    FileError,
    FormatInput,
    FormatReading,
    ReadBatch,
)
from connectors.formats.csv_blocks import Blocks, Divider, other_width
from connectors.formats.csv_rows import QUOTE, Dialect
from connectors.formats.texts import (
    check_width,
    lettered_columns,
    named_columns,
    parts,
    read_texts,
    wanted,
)
from connectors.interface import Connector, ConnectorType, Role, RoleSpec, Target
from connectors.members import format_settings
from forms.members import Integer, Text, flag, optional, required
from mapping_lang.types.kinds import Schema

MAX_COLUMNS: Final = 1_000

_FIRST_BYTES: Final = 256 * 2**10
"""Of the first block: it tells the size of rows, and others begin with its records early."""

_AIM: Final = 0.97
"""Of the most records of a batch: a few too many would be a second one."""

_FORBIDDEN_SEPARATORS: Final = {"\r": "a carriage return", "\n": "a line feed", "\ufffd": "U+FFFD"}

_SEPARATOR: Final = required(
    "separator",
    Text(
        max_length=1,
        expected="exactly one character, neither a line break nor U+FFFD",
        also=lambda text: _FORBIDDEN_SEPARATORS.get(text, ""),
    ),
)
_SOURCE: Final = (
    optional("numberOfColumns", Integer(0, MAX_COLUMNS), default=0),
    flag("trimLeadingSpace"),
    flag("hasColumnNames"),
    flag("lazyQuotes"),
)
_DESTINATION: Final = (flag("useCRLF"),)
_USERS: Final = frozenset({Target.USER})


@final
class CsvReader:
    """Reads the records of a file whose first row is known."""

    def __init__(self, dialect: Dialect, columns: Sequence[Column], blocks: Blocks) -> None:
        self.columns: Sequence[Column] = columns
        self.issues: Sequence[str] = ()
        self._dialect = dialect
        self._blocks = blocks

    def batches(self, schema: Schema, sizes: BatchSizes) -> Iterator[ReadBatch]:
        """Read the rest of the file, a block after the other."""
        kept = wanted(self.columns, schema)
        divider = Divider(self._dialect, len(self.columns), kept)
        first = 0
        block_bytes = min(sizes.bytes, _FIRST_BYTES)
        while (block := self._blocks.next(block_bytes, sizes.seconds)) is not None:
            columns, num_rows, failure = divider.divide(block)
            for start, stop in parts(num_rows, sizes.records):
                part = [column.slice(start, stop - start) for column in columns]
                yield read_texts(schema, part, stop - start, first + start)
            first += num_rows
            if failure is not None:
                raise failure
            block_bytes = _aimed_bytes(len(block.data), num_rows, sizes)


def _aimed_bytes(block_bytes: int, num_rows: int, sizes: BatchSizes) -> int:
    """Say where a block likely ends that is one batch, from the size of the rows before it."""
    if not num_rows:
        return sizes.bytes
    aimed = int(block_bytes / num_rows * sizes.records * _AIM)
    return max(1, min(sizes.bytes, aimed))


@contextmanager
def open_csv(given: FormatInput) -> Iterator[CsvReader]:
    """Read the first row, which names the columns or tells how many there are."""
    dialect = _dialect(given.settings)
    blocks = Blocks(given.stream, dialect, row_bytes=given.limits.record_bytes)
    line, row = blocks.first_row()
    if row is None:
        raise FileError(FileCode.NO_COLUMNS, "The file has no columns: there is no record in it")
    check_width(len(row))
    expected = given.settings.get("numberOfColumns") or len(row)
    if isinstance(expected, int) and len(row) != expected:
        raise other_width(len(row), expected, line)
    if given.settings.get("hasColumnNames"):
        # What is no UTF-8 is no letter, so it stands for a `_`.
        columns = named_columns([value.decode(errors="replace") for value in row])
    else:
        columns = lettered_columns(len(row))
        blocks.give_back()
    yield CsvReader(dialect, columns, blocks)


def _dialect(settings: Mapping[str, object]) -> Dialect:
    separator = str(settings["separator"]).encode()
    if separator == QUOTE:
        raise FileError(FileCode.FORMAT, "The separator is a quote, expected another character")
    return Dialect(
        separator=separator,
        lazy=bool(settings.get("lazyQuotes")),
        trim=bool(settings.get("trimLeadingSpace")),
    )


CSV: Final = Connector(
    code="csv",
    label="CSV",
    type=ConnectorType.FILE,
    roles={
        Role.SOURCE: RoleSpec(
            targets=_USERS, settings=format_settings(_SEPARATOR, *_SOURCE, reset=_DESTINATION)
        ),
        Role.DESTINATION: RoleSpec(
            targets=_USERS, settings=format_settings(_SEPARATOR, *_DESTINATION, reset=_SOURCE)
        ),
    },
    extension="csv",
    reading=FormatReading(open=open_csv),
)
