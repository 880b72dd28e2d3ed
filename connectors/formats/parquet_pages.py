"""The pages of Parquet, looked at before they are unpacked: what they say that they become.

A page is a header, which is Thrift, and what follows it. Readers unpack a page
as a whole, whatever its header says; a footer says nothing of single pages.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO, Final, final

from connectors.files import FileCode, FileError, FileLimits
from connectors.formats.thrift import Reader, ShortError, Struct, count

MAX_PAGE_BYTES: Final = 256 * 2**20
"""Of a page, unpacked: writers make pages of one, and the largest of tens of mebibytes."""

MAX_PAGES: Final = 1_000_000
"""Of the columns that are read: pages of the usual size have a terabyte in so many."""

_HEADER_BYTES: Final = 64 * 2**10
"""Of a header, with the extremes that it may repeat."""
_FIRST_HEADER_BYTES: Final = 256
_TYPE, _UNPACKED, _PACKED, _DATA, _DATA_V2 = 1, 2, 3, 5, 8
_DICTIONARY_PAGE: Final = 2
_NUM_VALUES: Final = 1


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """A page, by its header."""

    unpacked_bytes: int
    num_values: int
    """0 for a dictionary."""
    is_dictionary: bool
    at: int
    """Where what follows the header begins."""
    packed_bytes: int


def pages(
    file: BinaryIO, start: int, end: int, num_values: int, limits: FileLimits
) -> Iterator[Page]:
    """Give the pages between two places of a file, up to the one with the last of the values.

    Raises `ThriftError` or `FileError`.
    """
    at, missing = start, num_values
    while at < end and missing > 0:
        header, size = _header(file, at)
        unpacked, packed = count(header, _UNPACKED), count(header, _PACKED)
        if unpacked > MAX_PAGE_BYTES:
            raise FileError(
                FileCode.LIMIT,
                f"The file has a page of {unpacked:,} bytes, expected at most {MAX_PAGE_BYTES:,}",
            )
        if unpacked > limits.ratio_from_bytes and unpacked > limits.ratio * packed:
            raise FileError(
                FileCode.LIMIT,
                f"The file has a page of {packed:,} bytes that becomes {unpacked:,}: one that"
                f" becomes more than {limits.ratio} times as large is not unpacked",
            )
        values = 0
        for member in (_DATA, _DATA_V2):
            data = header.get(member)
            if isinstance(data, dict):
                values = count(data, _NUM_VALUES)
        yield Page(
            unpacked_bytes=unpacked,
            num_values=values,
            is_dictionary=header.get(_TYPE) == _DICTIONARY_PAGE,
            at=at + size,
            packed_bytes=packed,
        )
        at += size + packed
        missing -= values


def _header(file: BinaryIO, at: int) -> tuple[Struct, int]:
    """Read a header, and tell how many bytes it has."""
    size = _FIRST_HEADER_BYTES
    while True:
        file.seek(at)
        data = file.read(size)
        reader = Reader(data)
        try:
            return reader.struct(), reader.at
        except ShortError:
            if len(data) < size or size >= _HEADER_BYTES:
                raise
            size = _HEADER_BYTES
