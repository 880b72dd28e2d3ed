"""Apache Parquet files: columns with types of their own, of which the flat ones are read."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, BinaryIO, Final, final

import pyarrow as pa

from connectors.files import (
    BatchSizes,
    Column,
    FileCode,
    FileError,
    FileLimits,
    FormatInput,
    FormatReading,
    ReadBatch,
)
from connectors.formats.columns import assemble
from connectors.formats.parquet_columns import read_column
from connectors.formats.parquet_footer import read_footer
from connectors.formats.parquet_sizes import Allowance, Leaf, parts, survey
from connectors.formats.parquet_types import column_of
from connectors.formats.texts import MAX_COLUMNS
from connectors.formats.thrift import ThriftError
from connectors.interface import Connector, ConnectorType, Role, RoleSpec, Target
from connectors.spool import random_access
from mapping_lang.diagnostics import quote
from mapping_lang.types.kinds import Schema

_BUFFER_BYTES: Final = 2**20
"""What is read of a column at a time; without it, whole row groups lie in memory."""

_MAX_STRING_BYTES: Final = 16 * 2**20
_MAX_CONTAINER_ITEMS: Final = 2**20
"""Of what the footer is made of, which is read as a whole."""

_ERRORS: Final = (pa.ArrowException, OSError, ValueError, OverflowError)
_USERS: Final = frozenset({Target.USER})


@final
class ParquetReader:
    """Reads a file whose footer has been read."""

    def __init__(
        self,
        file: Any,  # noqa: ANN401 - pyarrow has no types
        stream: BinaryIO,
        columns: Sequence[Column],
        issues: Sequence[str],
        limits: FileLimits,
    ) -> None:
        self.columns: Sequence[Column] = columns
        self.issues: Sequence[str] = issues
        self._file = file
        self._stream = stream
        self._limits = limits

    def batches(self, schema: Schema, sizes: BatchSizes) -> Iterator[ReadBatch]:
        """Read the wanted columns, some records of all of them at a time."""
        names = [item.name for item in schema.properties]
        try:
            footer = read_footer(self._stream)
            surveyed = survey(footer, self._stream, self._leaves(names), self._limits)
            file = _opened(self._stream, self._file.metadata, surveyed.dictionaries)
        except (ThriftError, *_ERRORS) as error:
            raise _unreadable(str(error)) from None
        records = surveyed.records(footer, sizes)
        found = file.iter_batches(records, columns=names, use_threads=False)
        allowance = Allowance(self._stream, self._limits)
        first = 0
        while True:
            try:
                data = next(found, None)
            except _ERRORS as error:
                raise _unreadable(f"after record {first:,}, {error}") from None
            if data is None:
                return
            for part in parts(data, first, self._limits):
                try:
                    columns = [
                        read_column(part.column(item.name), item) for item in schema.properties
                    ]
                except _ERRORS as error:
                    raise _unreadable(f"after record {first:,}, {error}") from None
                allowance.spend(sum(column.values.nbytes for column in columns))
                yield assemble(schema, columns, part.num_rows, first)
                first += part.num_rows

    def _leaves(self, names: Sequence[str]) -> list[Leaf]:
        wanted = set(names)
        found = [self._file.schema.column(index) for index in range(len(self._file.schema))]
        return [
            Leaf(
                name=leaf.path,
                index=index,
                is_text=leaf.physical_type == "BYTE_ARRAY",
                length=max(0, leaf.length or 0),
            )
            for index, leaf in enumerate(found)
            if leaf.path in wanted
        ]


@contextmanager
def open_parquet(given: FormatInput) -> Iterator[ParquetReader]:
    """Read the footer, which lists the columns."""
    with random_access(given.stream, given.limits) as stream:
        try:
            file = _opened(stream)
            leaves = [file.schema.column(index) for index in range(len(file.schema))]
        except _ERRORS as error:
            raise _unreadable(str(error)) from None
        yield ParquetReader(file, stream, *_columns(leaves), given.limits)


def _opened(stream: BinaryIO, metadata: Any = None, dictionaries: Sequence[str] = ()) -> Any:  # noqa: ANN401
    # Here, because it takes a while to import and few commands need it.
    import pyarrow.parquet as pq

    # The buffered reader, and not a memory map: a file that shrinks would end the process.
    return pq.ParquetFile(
        stream,
        metadata=metadata,
        read_dictionary=list(dictionaries),
        buffer_size=_BUFFER_BYTES,
        pre_buffer=False,
        # Nanoseconds would not reach from 1678 to 2262.
        coerce_int96_timestamp_unit="us",
        page_checksum_verification=True,
        thrift_string_size_limit=_MAX_STRING_BYTES,
        thrift_container_size_limit=_MAX_CONTAINER_ITEMS,
        arrow_extensions_enabled=False,
    )


def _columns(leaves: Sequence[Any]) -> tuple[tuple[Column, ...], tuple[str, ...]]:
    columns: dict[str, Column] = {}
    issues: list[str] = []
    if len(leaves) > MAX_COLUMNS:
        raise FileError(
            FileCode.LIMIT,
            f"The file has {len(leaves):,} columns, expected at most {MAX_COLUMNS:,}",
        )
    for leaf in leaves:
        column = column_of(leaf)
        if isinstance(column, str):
            issues.append(column)
        elif column.property.name in columns:
            raise FileError(FileCode.COLUMN, f"The file has two columns {quote(leaf.path)}")
        else:
            columns[column.property.name] = column
    if not columns:
        reasons = "; ".join(issues[:5])
        raise FileError(
            FileCode.NO_COLUMNS, f"The file has no column that is read. {reasons}".rstrip()
        )
    return tuple(columns.values()), tuple(issues)


def _unreadable(reason: str) -> FileError:
    return FileError(FileCode.FORMAT, f"The file cannot be read as Parquet: {reason}")


PARQUET: Final = Connector(
    code="parquet",
    label="Parquet",
    type=ConnectorType.FILE,
    roles={Role.SOURCE: RoleSpec(targets=_USERS), Role.DESTINATION: RoleSpec(targets=_USERS)},
    extension="parquet",
    reading=FormatReading(open=open_parquet),
)
