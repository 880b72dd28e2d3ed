"""Where results go: a table on the terminal, lines on standard output, or a file."""

import os
import stat
import tempfile
from collections.abc import Sequence
from pathlib import Path as File
from typing import BinaryIO, Protocol

from mapping_lang.types.kinds import Schema
from runtime.standalone.outcome import UnreadableError
from runtime.standalone.streams import Streams
from runtime.standalone.table import table_lines
from runtime.standalone.terminal import Style


class Sink(Protocol):
    """Takes results as JSON texts, in order."""

    def write(self, numbers: Sequence[int], texts: Sequence[bytes]) -> None:
        """Take some more."""

    def finish(self) -> None:
        """Show or keep what was taken: there is no more."""

    def abandon(self) -> None:
        """Leave everything as it was: the run was broken off."""


class LineSink:
    """Writes JSON lines to a stream as they come."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream

    def write(self, numbers: Sequence[int], texts: Sequence[bytes]) -> None:
        """Write them at once: whoever reads may be waiting."""
        if texts:
            self._stream.write(b"\n".join(texts) + b"\n")
            self._stream.flush()

    def finish(self) -> None:
        """Write what a buffer may still hold."""
        self._stream.flush()

    def abandon(self) -> None:
        """Keep what was written: it may have been read already."""
        self._stream.flush()


class TableSink:
    """Shows the first results at the end, and says how many there are."""

    def __init__(self, streams: Streams, schema: Schema, most: int) -> None:
        self._streams = streams
        self._schema = schema
        self._most = most
        self._numbers: list[int] = []
        self._texts: list[bytes] = []
        self._total = 0

    def write(self, numbers: Sequence[int], texts: Sequence[bytes]) -> None:
        room = self._most - len(self._texts)
        self._numbers += numbers[:room]
        self._texts += texts[:room]
        self._total += len(texts)

    def finish(self) -> None:
        if not self._texts:
            return
        look = self._streams.out_look
        lines = table_lines(self._schema, self._numbers, self._texts, look)
        if self._total > len(self._texts):
            more = f"… and {self._total - len(self._texts):,} more; --output FILE keeps them all"
            lines.append(look.paint(more, Style.DIM))
        self._streams.write_out([*lines, ""])

    def abandon(self) -> None:
        """Show what there is."""
        self.finish()


class FileSink:
    """Writes JSON lines to a file, which is as before until all are there."""

    def __init__(self, name: str) -> None:
        self._name = name
        try:
            self._stream, self._temporary = _opened(File(name))
        except OSError as error:
            raise _not_written(name, error) from None

    def write(self, numbers: Sequence[int], texts: Sequence[bytes]) -> None:
        try:
            if texts:
                self._stream.write(b"\n".join(texts) + b"\n")
        except BrokenPipeError:
            raise
        except OSError as error:
            raise _not_written(self._name, error) from None

    def finish(self) -> None:
        try:
            self._stream.close()
            if self._temporary is not None:
                self._temporary.replace(File(self._name).resolve())
        except BrokenPipeError:
            raise
        except OSError as error:
            raise _not_written(self._name, error) from None

    def abandon(self) -> None:
        if self._temporary is not None:
            self._stream.close()
            self._temporary.unlink(missing_ok=True)


def _opened(file: File) -> tuple[BinaryIO, File | None]:
    """Open what becomes a file, or what is no file and stays what it is."""
    if file.exists() and not stat.S_ISREG(file.stat().st_mode):
        return file.open("wb"), None
    target = file.resolve()
    mode = stat.S_IMODE(target.stat().st_mode) if target.exists() else 0o666 & ~_mask()
    descriptor, temporary = tempfile.mkstemp(prefix=f".{target.name}.", dir=target.parent)
    os.fchmod(descriptor, mode)
    return os.fdopen(descriptor, "wb"), File(temporary)


def _mask() -> int:
    mask = os.umask(0o077)
    os.umask(mask)
    return mask


def _not_written(name: str, error: OSError) -> UnreadableError:
    return UnreadableError(name, f"cannot be written: {error.strerror or error}")
