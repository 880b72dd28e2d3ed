"""How a file is unpacked, whatever it is packed in."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import assert_never, final

from connectors.compression.gzip import gzip_pieces
from connectors.compression.pieces import Counted, Unpacked
from connectors.compression.snappy import snappy_pieces
from connectors.compression.zip import open_zip
from connectors.files import ByteStream, Compression, FileLimits


@final
@dataclass(frozen=True, slots=True)
class Content:
    """What a file has in it."""

    stream: ByteStream
    modified_at: datetime | None = None
    """When the content was last changed, where what packs it says so."""


@contextmanager
def unpack(stream: ByteStream, compression: Compression, limits: FileLimits) -> Iterator[Content]:
    """Open what is in a file; raises `FileError` for one that is not packed as it should be."""
    packed = Counted(stream)
    match compression:
        case Compression.NONE:
            yield Content(stream)
        case Compression.GZIP:
            unpacked = Unpacked(gzip_pieces(packed), lambda: packed.used, limits, packed.ready)
            unpacked.begin()
            yield Content(unpacked)
        case Compression.SNAPPY:
            yield Content(
                Unpacked(snappy_pieces(packed), lambda: packed.count, limits, packed.ready)
            )
        case Compression.ZIP:
            with open_zip(packed, limits) as entry:
                unpacked = entry.unpacked(limits)
                unpacked.begin()
                yield Content(unpacked, entry.modified_at)
        case _:
            assert_never(compression)
