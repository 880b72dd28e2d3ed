"""How much of a Parquet file is read at once: a few bytes of it can stand for any number of texts.

Pages are packed, texts in dictionaries are referred to, and a footer may say anything of both.
"""

import os
import struct
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, BinaryIO, Final, final

import pyarrow as pa
import pyarrow.compute as pc

from connectors.files import BatchSizes, FileCode, FileError, FileLimits
from connectors.formats.parquet_footer import Footer
from connectors.formats.parquet_pages import MAX_PAGES, Page, pages
from connectors.formats.thrift import ThriftError

MOST_BYTES: Final = 64 * 2**20
"""Of texts that are in memory at once; what is read at once is usually far less."""

_LONG_BYTES: Final = MOST_BYTES // BatchSizes().records
"""Of a text that may be referred to by all records that are read at once."""

_LENGTH: Final = struct.Struct("<I")


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Survey:
    """What the pages of some columns say."""

    record_bytes: int
    """Of a record where the records are largest."""
    dictionaries: tuple[str, ...]
    """Columns whose texts stay in their dictionaries until it is known how many fit."""

    def records(self, footer: Footer, sizes: BatchSizes) -> int:
        """Choose how many records are read at once: likely the wanted bytes, and never too many."""
        per_record = max(1, footer.unpacked_bytes // max(1, footer.num_rows))
        most = MOST_BYTES // max(1, self.record_bytes)
        return max(1, min(sizes.records, sizes.bytes // per_record, most))


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Leaf:
    """A column that is read: its place among those of the file, and what its values are."""

    name: str
    index: int
    is_text: bool
    length: int
    """Of values that all have the same number of bytes; 0 for others."""


def survey(footer: Footer, stream: BinaryIO, leaves: Sequence[Leaf], limits: FileLimits) -> Survey:
    """Look at all pages of some columns; raises `ThriftError` or `FileError`."""
    record_bytes = num_pages = 0
    dictionaries: list[str] = []
    for leaf in leaves:
        # Values of a fixed length may be referred to as well.
        column_bytes = leaf.length
        is_referred_to = False
        for group in footer.groups:
            if leaf.index >= len(group):
                raise ThriftError("a group of rows has fewer columns than the file")
            chunk = group[leaf.index]
            for page in pages(stream, chunk.start, chunk.end, chunk.num_values, limits):
                num_pages += 1
                if num_pages > MAX_PAGES:
                    raise FileError(
                        FileCode.LIMIT, f"The file has more than {MAX_PAGES:,} pages to read"
                    )
                if page.is_dictionary and leaf.is_text:
                    longest = _longest(stream, chunk.codec, page)
                    if longest is None or longest > _LONG_BYTES:
                        is_referred_to = True
                    else:
                        column_bytes = max(column_bytes, longest)
                elif page.num_values:
                    column_bytes = max(column_bytes, page.unpacked_bytes // page.num_values)
        record_bytes += column_bytes
        if is_referred_to:
            dictionaries.append(leaf.name)
    return Survey(record_bytes=record_bytes, dictionaries=tuple(dictionaries))


def _longest(stream: BinaryIO, codec: str | None, page: Page) -> int | None:
    """Give the bytes of the longest text of a dictionary; None if it cannot be told."""
    if codec is None:
        return None
    stream.seek(page.at)
    data = stream.read(page.packed_bytes)
    try:
        if codec:
            data = pa.Codec(codec).decompress(data, page.unpacked_bytes, asbytes=True)
    except (pa.ArrowException, OSError, ValueError):
        return None  # whoever reads it says what is wrong, if anything is
    longest = at = 0
    while at + _LENGTH.size <= len(data):
        (length,) = _LENGTH.unpack_from(data, at)
        longest = max(longest, length)
        at += _LENGTH.size + length
    return longest


def parts(data: Any, first: int, limits: FileLimits) -> Iterator[Any]:  # noqa: ANN401
    """Divide records by the texts that they stand for, which have to fit into memory."""
    lengths = [found for found in map(_lengths, data.columns) if found is not None]
    for found in lengths:
        longest = pc.max(found).as_py() or 0
        if longest > limits.record_bytes:
            position = pc.index(found, longest).as_py()
            raise FileError(
                FileCode.LIMIT,
                f"The record {first + position + 1:,} of the file has a text of {longest:,} bytes,"
                f" expected at most {limits.record_bytes:,}",
            )
    total = sum(pc.sum(found).as_py() or 0 for found in lengths)
    if total <= MOST_BYTES:
        yield data
        return
    sizes = lengths[0]
    for found in lengths[1:]:
        sizes = pc.add(sizes, found)
    ends = pc.cumulative_sum(sizes).to_pylist()
    start, behind = 0, 0
    while start < data.num_rows:
        end = max(start + 1, bisect_right(ends, behind + MOST_BYTES, lo=start))
        yield data.slice(start, end - start)
        start, behind = end, ends[end - 1]


def _lengths(column: Any) -> Any:  # noqa: ANN401
    """Give the bytes of each text of a column; None for a column of something else."""
    if pa.types.is_dictionary(column.type):
        lengths = pc.binary_length(column.dictionary).cast(pa.int64())
        return lengths.take(column.indices).fill_null(0)
    if pa.types.is_string(column.type) or pa.types.is_binary(column.type):
        return pc.binary_length(column).cast(pa.int64()).fill_null(0)
    return None


@final
class Allowance:
    """What a file may become, by its size: as with files that are packed as a whole."""

    def __init__(self, stream: BinaryIO, limits: FileLimits) -> None:
        self._file_bytes = stream.seek(0, os.SEEK_END)
        self._limits = limits
        self._bytes = 0

    def spend(self, count: int) -> None:
        """Take some of it; raises `FileError` if there is no more."""
        self._bytes += count
        limits = self._limits
        if self._bytes > limits.ratio_from_bytes and self._bytes > limits.ratio * self._file_bytes:
            raise FileError(
                FileCode.LIMIT,
                f"{self._bytes:,} bytes came out of a file of {self._file_bytes:,}: one that"
                f" becomes more than {limits.ratio} times as large is not read",
            )
