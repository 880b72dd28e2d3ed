"""Gzip: members one after the other, each checked against the sum that it ends with."""

import zlib
from collections.abc import Generator, Iterator
from typing import Final

from connectors.compression.pieces import PIECE_BYTES, Counted, broken, not_packed
from connectors.files import CHUNK_BYTES

_MAGIC: Final = b"\x1f\x8b"
_WBITS: Final = 31
"""With the header of gzip, and with its largest window."""


def gzip_pieces(packed: Counted) -> Iterator[bytes]:
    """Unpack all members; zeros after the last are padding."""
    data = _more(packed, b"")
    if not data.startswith(_MAGIC):
        raise not_packed("Gzip", data[: len(_MAGIC)])
    while data:
        if not data.startswith(_MAGIC):
            raise broken("Gzip", "after its end, other bytes follow")
        data = yield from _member(packed, data)
        # Behind it is another member, or padding up to the end.
        data = _more(packed, data)
        while data and not data.strip(b"\0"):
            data = packed.read(CHUNK_BYTES)


def _more(packed: Counted, data: bytes) -> bytes:
    """Read until a member can be told from anything else."""
    while len(data) < len(_MAGIC) and (chunk := packed.read(CHUNK_BYTES)):
        data += chunk
    return data


def _member(packed: Counted, data: bytes) -> Generator[bytes, None, bytes]:
    """Unpack one member; returns what has been read behind it."""
    unpacker = zlib.decompressobj(_WBITS)
    while True:
        try:
            piece = unpacker.decompress(data, PIECE_BYTES)
        except zlib.error as error:
            raise broken("Gzip", str(error)) from None
        if piece:
            yield piece
        if unpacker.eof:
            return unpacker.unused_data
        packed.unused = len(unpacker.unconsumed_tail)
        data = unpacker.unconsumed_tail or packed.read(CHUNK_BYTES)
        if not data:
            raise broken("Gzip", "it ends in the middle, as if it had not been written to its end")
