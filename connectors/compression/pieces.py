"""What comes out of a packed file, piece by piece, until it is too much."""

from collections.abc import Callable, Iterator
from typing import BinaryIO, Final, final

from connectors.files import ByteStream, FileCode, FileError, FileLimits

PIECE_BYTES: Final = 2**20
"""What comes out at once at most."""


@final
class Counted:
    """A stream that knows how much was read of it."""

    def __init__(self, stream: ByteStream) -> None:
        self._stream = stream
        self.count = 0
        self.unused = 0
        """Of these, what has not been unpacked yet."""

    @property
    def used(self) -> int:
        """How many bytes have become what came out."""
        return self.count - self.unused

    @property
    def local(self) -> BinaryIO | None:
        return self._stream.local

    def ready(self, size: int, seconds: float, /) -> bool:
        return self._stream.ready(size, seconds)

    def read(self, size: int, /) -> bytes:
        chunk = self._stream.read(size)
        self.count += len(chunk)
        return chunk


@final
class Unpacked:
    """A stream of pieces; refuses what is likely meant to fill memory and disks."""

    local: BinaryIO | None = None

    def __init__(
        self,
        pieces: Iterator[bytes],
        packed_bytes: Callable[[], int],
        limits: FileLimits,
        packed_ready: Callable[[int, float], bool] = lambda *_: True,
    ) -> None:
        self._pieces = pieces
        self._packed_bytes = packed_bytes
        self._limits = limits
        self._packed_ready = packed_ready
        self._piece = memoryview(b"")
        self._count = 0

    def expect(self, size: int, packed_bytes: int) -> None:
        """Refuse at once what says of itself that it becomes too much."""
        limits = self._limits
        if size > limits.unpacked_bytes:
            raise FileError(
                FileCode.LIMIT,
                f"The packed file says that {size:,} bytes come out of it, expected at most"
                f" {limits.unpacked_bytes:,}",
            )
        if size > limits.ratio_from_bytes and size > limits.ratio * packed_bytes:
            raise FileError(
                FileCode.LIMIT,
                f"The packed file says that {size:,} bytes come out of {packed_bytes:,}: one that"
                f" becomes more than {limits.ratio} times as large is not unpacked",
            )

    def begin(self) -> None:
        """Unpack the first piece, to see that the file is what it is said to be."""
        self._piece = memoryview(self._next())

    def ready(self, size: int, seconds: float, /) -> bool:
        """Wait for packed bytes; the first of them may not be enough for a piece."""
        return bool(self._piece) or self._packed_ready(size, seconds)

    def read(self, size: int, /) -> bytes:
        if not self._piece:
            self._piece = memoryview(self._next())
        chunk = bytes(self._piece[:size])
        self._piece = self._piece[size:]
        return chunk

    def _next(self) -> bytes:
        piece = next(self._pieces, b"")
        self._count += len(piece)
        limits = self._limits
        if self._count > limits.unpacked_bytes:
            raise FileError(
                FileCode.LIMIT,
                f"More than {limits.unpacked_bytes:,} bytes came out of the packed file: no more"
                " are unpacked",
            )
        packed = self._packed_bytes()
        if self._count > limits.ratio_from_bytes and self._count > limits.ratio * packed:
            raise FileError(
                FileCode.LIMIT,
                f"{self._count:,} bytes came out of {packed:,}: a packed file that"
                f" becomes more than {limits.ratio} times as large is not unpacked",
            )
        return piece


def not_packed(kind: str, found: bytes) -> FileError:
    """Refuse a file for how it begins."""
    begins = f"begins with the bytes {found.hex(' ')}" if found else "is empty"
    return FileError(
        FileCode.COMPRESSION, f"The file is not {kind}, as the pipeline says it is: it {begins}"
    )


def broken(kind: str, reason: str) -> FileError:
    """Refuse a file for what was found in it."""
    return FileError(FileCode.COMPRESSION, f"The file cannot be unpacked as {kind}: {reason}")
