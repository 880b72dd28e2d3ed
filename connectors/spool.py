"""Files that have to be read from any place, kept on disk meanwhile."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO

from connectors.files import CHUNK_BYTES, ByteStream, FileCode, FileError, FileLimits


@contextmanager
def random_access(stream: ByteStream, limits: FileLimits) -> Iterator[BinaryIO]:
    """Give a file with the bytes of a stream that nobody has read from yet."""
    if stream.local is not None:
        stream.local.seek(0)
        yield stream.local
        return
    with tempfile.TemporaryFile(prefix="kiln-") as file:
        size = 0
        while chunk := stream.read(CHUNK_BYTES):
            size += len(chunk)
            if size > limits.spooled_bytes:
                raise FileError(
                    FileCode.LIMIT,
                    f"The file has more than {limits.spooled_bytes:,} bytes: a file that cannot be"
                    " read from its beginning to its end is not kept on disk beyond that",
                )
            file.write(chunk)
        file.seek(0)
        yield file
