"""The footer of Parquet, as far as it says where columns lie.

Arrow tells the same, and ends the process where a footer contradicts itself: what it throws is
caught by nobody there. So this is read here, and Arrow is asked for records alone.
"""

import os
from dataclasses import dataclass
from typing import BinaryIO, Final, final

from connectors.files import FileCode, FileError
from connectors.formats.thrift import Reader, Struct, ThriftError, count

MAX_FOOTER_BYTES: Final = 32 * 2**20
"""Of hundreds of thousands of columns, counted in each of their groups."""

_MAGIC: Final = b"PAR1"
_END_BYTES: Final = 8

_GROUPS: Final = 4
_COLUMNS, _GROUP_BYTES, _GROUP_ROWS = 1, 2, 3
_METADATA: Final = 3
_CODEC, _VALUES, _PACKED, _DATA_AT, _DICTIONARY_AT = 4, 5, 7, 9, 11
_CODECS: Final = {1: "snappy", 2: "gzip", 4: "brotli", 6: "zstd", 7: "lz4_raw"}


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Chunk:
    """A column of a group of rows."""

    start: int
    end: int
    num_values: int
    codec: str | None
    """What packs its pages: empty for nothing, None for what only Arrow knows."""


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Footer:
    """What a file says of its groups of rows."""

    num_rows: int
    unpacked_bytes: int
    groups: tuple[tuple[Chunk, ...], ...]


def read_footer(file: BinaryIO) -> Footer:
    """Read the end of a file; raises `ThriftError` or `FileError`."""
    size = file.seek(0, os.SEEK_END)
    file.seek(max(0, size - _END_BYTES))
    end = file.read(_END_BYTES)
    length = int.from_bytes(end[:4], "little")
    if end[4:] != _MAGIC or length + _END_BYTES > size:
        raise ThriftError("it does not end as it should")
    if length > MAX_FOOTER_BYTES:
        raise FileError(
            FileCode.LIMIT,
            f"The file has a footer of {length:,} bytes, expected at most {MAX_FOOTER_BYTES:,}",
        )
    file.seek(size - _END_BYTES - length)
    groups = _structs(Reader(file.read(length)).struct(), _GROUPS)
    return Footer(
        num_rows=sum(count(group, _GROUP_ROWS) for group in groups),
        unpacked_bytes=sum(count(group, _GROUP_BYTES) for group in groups),
        groups=tuple(tuple(map(_chunk, _structs(group, _COLUMNS))) for group in groups),
    )


def _structs(found: Struct, member: int) -> list[Struct]:
    value = found.get(member, [])
    if not isinstance(value, list):
        raise ThriftError(f"its member {member} is no list")
    return value


def _chunk(column: Struct) -> Chunk:
    found = column.get(_METADATA)
    if not isinstance(found, dict):
        raise ThriftError("a column does not say where it lies")
    start = count(found, _DATA_AT)
    if found.get(_DICTIONARY_AT, 0):
        start = min(start, count(found, _DICTIONARY_AT))
    codec = count(found, _CODEC)
    return Chunk(
        start=start,
        end=start + count(found, _PACKED),
        num_values=count(found, _VALUES),
        codec=_CODECS.get(codec) if codec else "",
    )
