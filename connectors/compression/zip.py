"""Zip: an archive of exactly one file (FILE-8), which is unpacked without a copy on disk."""

import os
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import BinaryIO, Final, Self, cast, final

from connectors.compression.pieces import PIECE_BYTES, Counted, Unpacked, broken, not_packed
from connectors.files import FileCode, FileError, FileLimits
from connectors.spool import random_access
from mapping_lang.diagnostics import quote

MAX_DIRECTORY_BYTES: Final = 2**20
"""Of the list of files: an archive of one file has a list of a few hundred bytes."""

_SIGNATURE: Final = b"PK"
_METHODS: Final = frozenset({zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED})
_ERRORS: Final = (zipfile.BadZipFile, RuntimeError, OSError, ValueError)
"""What the library says of an archive that it cannot read."""

_EXTENDED_TIME: Final = 0x5455
"""The extra field for moments in UTC; the other ones have no zone."""


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """The only file of an archive."""

    pieces: Iterator[bytes]
    size: int
    """What it says that it becomes."""
    packed_size: int
    packed_bytes: Callable[[], int]
    """How many bytes were read of it until now."""
    modified_at: datetime | None

    def unpacked(self, limits: FileLimits) -> Unpacked:
        """Give what comes out of it; raises `FileError` if that is going to be too much."""
        unpacked = Unpacked(self.pieces, self.packed_bytes, limits)
        unpacked.expect(self.size, self.packed_size)
        return unpacked


@contextmanager
def open_zip(packed: Counted, limits: FileLimits) -> Iterator[Entry]:
    """Open the only file of an archive."""
    with random_access(packed, limits) as file:
        if (start := file.read(len(_SIGNATURE))) != _SIGNATURE:
            raise not_packed("Zip", start)
        try:
            archive = Archive(file)
        except _ERRORS as error:
            raise broken("Zip", str(error)) from None
        with archive:
            yield archive.entry(_only(archive.files))


@final
class Archive:
    """An archive whose list of files has been read."""

    def __init__(self, file: BinaryIO) -> None:
        # No entry has more bytes than its archive, whatever it says of itself.
        self._size = file.seek(0, os.SEEK_END)
        self._file = _Bounded(file, self._size)
        self._archive = zipfile.ZipFile(cast(BinaryIO, self._file))
        self.files = [entry for entry in self._archive.infolist() if not entry.is_dir()]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._archive.close()

    def entry(self, found: zipfile.ZipInfo) -> Entry:
        """Open one of the files, or refuse how it is packed."""
        if found.flag_bits & 1:
            raise broken("Zip", "it is protected by a password")
        if found.compress_type not in _METHODS:
            raise broken("Zip", f"it is packed by method {found.compress_type}, expected deflate")
        before = self._file.count
        return Entry(
            pieces=self._pieces(found),
            size=found.file_size,
            packed_size=min(self._size, found.compress_size),
            packed_bytes=lambda: self._file.count - before,
            modified_at=_modified_at(found),
        )

    def _pieces(self, found: zipfile.ZipInfo) -> Iterator[bytes]:
        try:
            with self._archive.open(found) as file:
                while piece := file.read(PIECE_BYTES):
                    yield piece
        except (zlib.error, EOFError, *_ERRORS) as error:
            raise broken("Zip", str(error) or "it ends in the middle") from None


@final
class _Bounded:
    """A file of which only little is read at once: the list of an archive is read as a whole."""

    def __init__(self, file: BinaryIO, size: int) -> None:
        self._file = file
        self._size = size
        self.count = 0
        self.seek = file.seek
        self.tell = file.tell
        self.seekable = file.seekable

    def read(self, size: int = -1) -> bytes:
        wanted = size if size >= 0 else self._size - self._file.tell()
        if wanted > MAX_DIRECTORY_BYTES:
            raise zipfile.BadZipFile(
                f"its list of files has more than {MAX_DIRECTORY_BYTES:,} bytes"
            )
        chunk = self._file.read(size)
        self.count += len(chunk)
        return chunk


def _only(files: Sequence[zipfile.ZipInfo]) -> zipfile.ZipInfo:
    if len(files) != 1:
        shown = ", ".join(quote(entry.filename) for entry in files[:3])
        found = f"{len(files):,} files: {shown}{', …' if len(files) > 3 else ''}"
        raise FileError(
            FileCode.COMPRESSION,
            f"The archive has {found if files else 'no file'}, expected exactly one",
        )
    return files[0]


def _modified_at(entry: zipfile.ZipInfo) -> datetime | None:
    extra = entry.extra
    while len(extra) >= 4:
        kind, size = struct.unpack_from("<HH", extra)
        # The first bit of the flags says that the time of modification is there.
        if kind == _EXTENDED_TIME and size >= 5 and len(extra) >= 9 and extra[4] & 1:
            (seconds,) = struct.unpack_from("<i", extra, 5)
            return datetime.fromtimestamp(seconds, UTC)
        extra = extra[4 + size :]
    try:
        return datetime(*entry.date_time, tzinfo=UTC)
    except ValueError:
        return None
