"""Snappy: frames of at most 64 KiB one after the other; or, when reading, one raw block."""

from collections.abc import Iterator
from typing import Final

from connectors.compression.pieces import PIECE_BYTES, Counted, broken
from connectors.files import CHUNK_BYTES, FileCode, FileError

MAX_RAW_BYTES: Final = 128 * 2**20
"""Of a raw block, which can only be unpacked as a whole."""

_STREAM: Final = b"\xff\x06\x00\x00sNaPpY"
_HEADER_BYTES: Final = 4
_PACKED, _PLAIN, _IDENTIFIER, _FIRST_SKIPPABLE = 0x00, 0x01, 0xFF, 0x80
_MAX_FRAME_BYTES: Final = 4 + 32 + 65_536 + 65_536 // 6
"""A sum, and what 64 KiB become at worst."""

_GROUP_BYTES: Final = PIECE_BYTES // 4
"""Frames that are unpacked at once: a call costs more than a frame."""


def snappy_pieces(packed: Counted) -> Iterator[bytes]:
    """Unpack all frames; a file without bytes has none."""
    # Few files need it.
    import cramjam

    data = _at_least(packed, b"", len(_STREAM))
    if not data:
        return
    if not data.startswith(_STREAM):
        yield from _raw(packed, data)
        return
    while data:
        group, data = _group(packed, data)
        try:
            piece = bytes(cramjam.snappy.decompress(_STREAM + group)) if group else b""
        except cramjam.DecompressionError as error:
            raise broken("Snappy", str(error)) from None
        if piece:
            yield piece


def _group(packed: Counted, data: bytes) -> tuple[bytes, bytes]:
    """Take some frames with data; gives what follows them, too."""
    frames: list[bytes] = []
    size = 0
    while size < _GROUP_BYTES:
        data = _at_least(packed, data, _HEADER_BYTES)
        if not data:
            break
        kind, length = data[0], int.from_bytes(data[1:_HEADER_BYTES], "little")
        end = _HEADER_BYTES + length
        if len(data) < _HEADER_BYTES:
            raise _cut_off()
        if kind in (_PACKED, _PLAIN):
            if length > _MAX_FRAME_BYTES:
                raise broken("Snappy", f"it has a frame of {length:,} bytes")
            data = _at_least(packed, data, end)
            frames.append(data[:end])
            size += end
        elif kind == _IDENTIFIER:
            data = _at_least(packed, data, end) if end == len(_STREAM) else b""
            if not data.startswith(_STREAM):
                raise broken("Snappy", "it has a wrong identifier between its frames")
        elif kind >= _FIRST_SKIPPABLE:
            data = _at_least(packed, data, end)
        else:
            raise broken("Snappy", f"it has a frame of the unknown kind 0x{kind:02x}")
        if len(data) < end:
            raise _cut_off()
        data = data[end:]
    return b"".join(frames), data


def _raw(packed: Counted, data: bytes) -> Iterator[bytes]:
    """Unpack one block without frames, which begins with the number of its bytes."""
    import cramjam

    parts = [data]
    have = len(data)
    while chunk := packed.read(CHUNK_BYTES):
        parts.append(chunk)
        have += len(chunk)
        if have > MAX_RAW_BYTES:
            raise _too_large(have)
    block = b"".join(parts)
    try:
        size = cramjam.snappy.decompress_raw_len(block)
        if size > MAX_RAW_BYTES:
            raise _too_large(size)
        unpacked = memoryview(bytes(cramjam.snappy.decompress_raw(block)))
    except cramjam.DecompressionError as error:
        begins = block[: len(_STREAM)].hex(" ")
        raise broken("Snappy", f"it begins with the bytes {begins}, and {error}") from None
    for start in range(0, len(unpacked), PIECE_BYTES):
        yield bytes(unpacked[start : start + PIECE_BYTES])


def _at_least(packed: Counted, data: bytes, size: int) -> bytes:
    """Read until there are so many bytes, or no more."""
    parts = [data]
    have = len(data)
    while have < size and (chunk := packed.read(CHUNK_BYTES)):
        parts.append(chunk)
        have += len(chunk)
    return b"".join(parts) if len(parts) > 1 else data


def _cut_off() -> FileError:
    return broken("Snappy", "it ends in the middle, as if it had not been written to its end")


def _too_large(found: int) -> FileError:
    return FileError(
        FileCode.LIMIT,
        f"The file is Snappy without frames and has {found:,} bytes or more, expected at most"
        f" {MAX_RAW_BYTES:,}: with frames, it may have any size",
    )
