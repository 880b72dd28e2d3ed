"""The bytes that records are read from: a file, or standard input."""

import contextlib
import os
import stat
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path as File
from typing import BinaryIO, Final

from runtime.standalone.outcome import UnreadableError

STANDARD_INPUT: Final = "-"

HEAD_BYTES: Final = 64 * 2**10
"""How much is looked at to find out what it is."""

LIVE_BYTES: Final = 64 * 2**10
"""What is asked of a pipe at once: what Linux keeps in one."""

FILE_BYTES: Final = 2**20

MAX_SPOOLED_BYTES: Final = 4 * 2**30
"""Longest standard input that has to lie in a file before it can be read."""

_UTF8_BOM: Final = b"\xef\xbb\xbf"
_UTF16_BOMS: Final = (b"\xff\xfe", b"\xfe\xff")


class Source:
    """Where records come from; read once, from the beginning."""

    def __init__(self, place: str, stream: BinaryIO) -> None:
        self.place = place
        self._stream = stream
        found = os.fstat(stream.fileno())
        self.is_live = not stat.S_ISREG(found.st_mode)
        """Whether it comes bit by bit, from whoever writes it."""

        self.size = None if self.is_live else found.st_size
        self.position = 0
        """How much has been read, for whoever wants to know how far that is."""

        self._head: bytes | None = None

    def head(self) -> bytes:
        """Look at the beginning: at a line at least, if there is one."""
        if self._head is None:
            head = b""
            while len(head) < HEAD_BYTES and b"\n" not in head.lstrip():
                chunk = self._read(HEAD_BYTES - len(head))
                if not chunk:
                    break
                head += chunk
            self._head = head
        return self._head

    def text_chunks(self) -> Iterator[bytes]:
        """Give all bytes of a text, without the mark that some begin with (DEC-52)."""
        head = self.head()
        if head.startswith(_UTF16_BOMS):
            raise UnreadableError(self.place, "is UTF-16, expected UTF-8")
        yield head.removeprefix(_UTF8_BOM)
        size = LIVE_BYTES if self.is_live else FILE_BYTES
        while chunk := self._read(size):
            yield chunk

    @contextlib.contextmanager
    def whole(self) -> Iterator[BinaryIO]:
        """Give a file that can be read from any place; a pipe is put into one first."""
        if not self.is_live:
            self._stream.seek(0)
            yield self._stream
            return
        with tempfile.TemporaryFile() as spooled:
            spooled.write(self.head())
            while chunk := self._read(FILE_BYTES):
                spooled.write(chunk)
                if spooled.tell() > MAX_SPOOLED_BYTES:
                    raise UnreadableError(self.place, f"has more than {MAX_SPOOLED_BYTES:,} bytes")
            spooled.seek(0)
            yield spooled

    def _read(self, size: int) -> bytes:
        try:
            chunk = self._stream.read(size)
        except OSError as error:
            raise UnreadableError(self.place, error.strerror or str(error)) from None
        self.position += len(chunk)
        return chunk


@contextlib.contextmanager
def open_source(name: str) -> Iterator[Source]:
    """Open a file, or standard input for `-`."""
    if name == STANDARD_INPUT:
        if sys.stdin is None:
            raise UnreadableError("standard input", "is closed")
        # Not through its buffer, which waits until it is full.
        with open(sys.stdin.fileno(), "rb", buffering=0, closefd=False) as stream:
            yield Source("standard input", stream)
        return
    try:
        opened = File(name).open("rb", buffering=0)  # noqa: SIM115 - closed below
    except OSError as error:
        raise UnreadableError(name, error.strerror or str(error)) from None
    with opened:
        yield Source(name, opened)
