"""Parquet: columns are properties by name, and their values become those of any connector."""

from collections.abc import Iterator
from typing import Any, Final

import pyarrow as pa

from mapping_lang.batch import Step
from mapping_lang.diagnostics import did_you_mean, quote
from mapping_lang.types.conform.conform import record_conformer
from mapping_lang.types.errors import ValueRefusedError
from mapping_lang.types.kinds import Schema
from runtime.standalone.outcome import UnreadableError
from runtime.standalone.records.interface import (
    Format,
    Item,
    Pause,
    ReadOptions,
    ReadRecord,
    refuse,
)
from runtime.standalone.records.source import Source

BATCH_RECORDS: Final = 1_000
BUFFER_BYTES: Final = 2**20
"""What is read of a column at a time; without it, whole row groups lie in memory."""

_ERRORS: Final = (pa.ArrowException, OSError, ValueError)


def open_parquet(source: Source, schema: Schema, options: ReadOptions) -> Iterator[Item | Pause]:
    """Read the records of a file."""
    # Here, because it takes as long to import as many a run takes.
    import pyarrow.parquet as pq

    with source.whole() as stream:
        try:
            # The buffered reader, and not a memory map: a file that shrinks would end the process.
            file = pq.ParquetFile(stream, buffer_size=BUFFER_BYTES, pre_buffer=False)
            found = file.schema_arrow
        except _ERRORS as error:
            raise _unreadable(source, error) from None
        names = _columns(source, found, schema, options)
        conform = record_conformer(schema)
        number = 0
        batches = file.iter_batches(BATCH_RECORDS, columns=names, use_threads=False)
        while True:
            try:
                batch = next(batches, None)
                rows = None if batch is None else _rows(batch)
            except _ERRORS as error:
                raise _unreadable(source, error, f"after record {number}: ") from None
            if batch is None or rows is None:
                return
            size = batch.nbytes // max(1, len(rows))
            for row in rows:
                number += 1
                try:
                    yield ReadRecord(number, None, conform(row), size)
                except ValueRefusedError as error:
                    yield refuse(number, None, Step.VALIDATE_INPUT, error)
            if source.size:
                groups = max(1, file.metadata.num_rows)
                source.position = source.size * number // groups


def _unreadable(source: Source, error: Exception, prefix: str = "") -> UnreadableError:
    return UnreadableError(source.place, f"{prefix}cannot be read as Parquet: {error}")


def _columns(source: Source, found: Any, schema: Schema, options: ReadOptions) -> list[str]:  # noqa: ANN401 - pyarrow has no types
    names: list[str] = found.names
    for number, name in enumerate(names):
        if name in schema.by_name and name in names[:number]:
            raise UnreadableError(source.place, f"has two columns {quote(name)}")
    for name in names:
        if name not in schema.by_name:
            options.ignored.add(name)
    for item in schema.properties:
        if item.name not in names and not item.read_optional:
            hint = did_you_mean(item.name, names)
            raise UnreadableError(
                source.place,
                f"has no column {quote(item.name)}, and the property is not readOptional",
                hint=hint,
            )
    return [name for name in names if name in schema.by_name]


def _rows(batch: Any) -> list[dict[str, object]]:  # noqa: ANN401 - pyarrow has no types
    plain = pa.schema([pa.field(field.name, _plain(field.type)) for field in batch.schema])
    # Further digits than microseconds are cut (DEC-10), and instants need no zone to be in UTC.
    cast = batch.cast(plain, safe=False) if plain != batch.schema.remove_metadata() else batch
    rows: list[dict[str, object]] = cast.to_pylist(maps_as_pydicts="strict")
    return rows


def _plain(type_: Any) -> Any:  # noqa: ANN401 - pyarrow has no types
    """Give the type that Python's values have: microseconds in UTC, no dictionaries, no views."""
    if pa.types.is_timestamp(type_):
        return pa.timestamp("us")
    if pa.types.is_time(type_):
        return pa.time64("us")
    if pa.types.is_dictionary(type_):
        return _plain(type_.value_type)
    if pa.types.is_list(type_) or pa.types.is_large_list(type_):
        return pa.large_list(_plain(type_.value_type))
    if pa.types.is_struct(type_):
        return pa.struct([pa.field(field.name, _plain(field.type)) for field in type_])
    if pa.types.is_map(type_):
        return pa.map_(_plain(type_.key_type), _plain(type_.item_type))
    return type_


PARQUET = Format(name="parquet", label="Parquet", suffixes=(".parquet",), open=open_parquet)
