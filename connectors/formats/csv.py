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
    read_texts,
    wanted,
)
from connectors.interface import Connector, ConnectorType, Role, RoleSpec, Target
from connectors.members import format_settings
from forms.members import Integer, Text, flag, optional, required
from mapping_lang.types.kinds import Schema

MAX_COLUMNS: Final = 1_000

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
        for block in self._blocks.blocks(sizes.bytes):
            columns, num_rows, failure = divider.divide(block)
            for start in range(0, num_rows, sizes.records):
                length = min(sizes.records, num_rows - start)
                part = [column.slice(start, length) for column in columns]
                yield read_texts(schema, part, length, first + start)
            first += num_rows
            if failure is not None:
                raise failure


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
