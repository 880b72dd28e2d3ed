"""The pages of Parquet, looked at before they are unpacked: what they say that they become.

A page is a header, which is Thrift in its compact form, and what follows it. Readers unpack a page
as a whole, whatever its header says; a footer says nothing of single pages.
"""

import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import BinaryIO, Final, TypeAlias, final

from connectors.files import FileCode, FileError, FileLimits

MAX_PAGE_BYTES: Final = 256 * 2**20
"""Of a page, unpacked: writers make pages of one, and the largest of tens of mebibytes."""

MAX_PAGES: Final = 1_000_000
"""Of the columns that are read: pages of the usual size have a terabyte in so many."""

_HEADER_BYTES: Final = 64 * 2**10
"""Of a header, with the extremes that it may repeat."""
_FIRST_HEADER_BYTES: Final = 256
_MAX_DEPTH: Final = 8

_TYPE, _UNPACKED, _PACKED, _DATA, _DATA_V2 = 1, 2, 3, 5, 8
_DICTIONARY_PAGE: Final = 2
_NUM_VALUES: Final = 1

_TRUE, _FALSE, _BYTE, _I16, _I32, _I64, _DOUBLE, _BINARY, _LIST, _SET, _MAP, _STRUCT = range(1, 13)

_Struct: TypeAlias = "Mapping[int, int | _Struct]"


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


class PageError(Exception):
    """What is no header of a page."""


class _ShortError(PageError):
    """A header of which not all is there."""


def pages(
    file: BinaryIO, start: int, end: int, num_values: int, limits: FileLimits
) -> Iterator[Page]:
    """Give the pages between two places of a file, up to the one with the last of the values.

    Raises `PageError` or `FileError`.
    """
    at, missing = start, num_values
    while at < end and missing > 0:
        header, size = _header(file, at)
        unpacked, packed = _count(header, _UNPACKED), _count(header, _PACKED)
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
                values = _count(data, _NUM_VALUES)
        yield Page(
            unpacked_bytes=unpacked,
            num_values=values,
            is_dictionary=header.get(_TYPE) == _DICTIONARY_PAGE,
            at=at + size,
            packed_bytes=packed,
        )
        at += size + packed
        missing -= values


def _count(header: _Struct, member: int) -> int:
    found = header.get(member)
    if not isinstance(found, int) or found < 0:
        raise PageError(f"the member {member} of the header of a page is {found}")
    return found


def _header(file: BinaryIO, at: int) -> tuple[_Struct, int]:
    """Read a header, and tell how many bytes it has."""
    size = _FIRST_HEADER_BYTES
    while True:
        file.seek(at)
        data = file.read(size)
        reader = _Reader(data)
        try:
            return reader.struct(), reader.at
        except _ShortError:
            if len(data) < size or size >= _HEADER_BYTES:
                raise
            size = _HEADER_BYTES


@final
class _Reader:
    """Reads the compact form of Thrift: numbers are kept, everything else is passed over."""

    def __init__(self, data: bytes) -> None:
        self._data = io.BytesIO(data)
        self._size = len(data)

    @property
    def at(self) -> int:
        return self._data.tell()

    def struct(self, depth: int = 0) -> _Struct:
        if depth > _MAX_DEPTH:
            raise PageError("the header of a page is nested too deeply")
        found: dict[int, int | _Struct] = {}
        member = 0
        while kind := self._byte():
            step = kind >> 4
            member = member + step if step else self._zigzag()
            value = self._value(kind & 15, depth)
            if value is not None:
                found[member] = value
        return found

    def _value(self, kind: int, depth: int) -> "int | _Struct | None":
        if kind in (_TRUE, _FALSE):
            return None
        if kind in (_I16, _I32, _I64):
            return self._zigzag()
        if kind == _STRUCT:
            return self.struct(depth + 1)
        if kind == _BYTE:
            self._skip(1)
        elif kind == _DOUBLE:
            self._skip(8)
        elif kind == _BINARY:
            self._skip(self._varint())
        else:
            raise PageError(f"the header of a page has a member of the type {kind}")
        return None

    def _byte(self) -> int:
        found = self._data.read(1)
        if not found:
            raise _ShortError("the header of a page ends in the middle")
        return found[0]

    def _skip(self, size: int) -> None:
        if size > self._size - self.at:
            raise _ShortError("the header of a page ends in the middle")
        self._data.seek(size, io.SEEK_CUR)

    def _varint(self) -> int:
        value = shift = 0
        while True:
            byte = self._byte()
            value |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                return value
            if shift > 63:
                raise PageError("the header of a page has a number of more than 64 bits")

    def _zigzag(self) -> int:
        value = self._varint()
        return (value >> 1) ^ -(value & 1)
