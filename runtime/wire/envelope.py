"""Messages around the records of a batch, which are copied neither into a message nor out of it.

A payload is most of a message, and a library for messages copies it several times. So it is written
as its own field in front of the others, behind a head of fixed length, and read where it lies: 16
bytes behind the beginning, so that numbers in it are aligned as the message is. To anyone else this
is a message as any other: the order of fields is free, fields of a message inside may come apart,
and numbers may be written with more bytes than they need.
"""

import struct
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, TypeVar

from google.protobuf.message import Message

from mapping_lang.types.arrow.ipc import Pieces
from runtime.v1 import batch_pb2, transform_service_pb2

_Message = TypeVar(
    "_Message",
    transform_service_pb2.TransformBatchRequest,
    transform_service_pb2.TransformBatchResponse,
)

_HEAD: Final = struct.Struct("<B5sB3sB5s")
"""Tag and length of the payload, tag and number of its encoding, tag and length of its content."""

_INNER_BYTES: Final = _HEAD.size - 6
"""What of the head is inside of the payload."""

_NUMBER, _BYTES = 0, 2  # how a value is written, says the end of its tag
_BITS: Final = 7
_LOW: Final = (1 << _BITS) - 1
_MORE: Final = 1 << _BITS


def _tag(message: type[Message], field: str, kind: int) -> int:
    number: int = message.DESCRIPTOR.fields_by_name[field].number
    return number << 3 | kind


_PAYLOAD_TAGS: Final = {
    kind: _tag(kind, "payload", _BYTES)
    for kind in (
        transform_service_pb2.TransformBatchRequest,
        transform_service_pb2.TransformBatchResponse,
    )
}
_ENCODING_TAG: Final = _tag(batch_pb2.Payload, "encoding", _NUMBER)
_CONTENT_TAG: Final = _tag(batch_pb2.Payload, "content", _BYTES)


def seal(
    kind: type[_Message], encoding: int, content: bytes | memoryview | Pieces, rest: bytes
) -> bytes:
    """Write a message with a payload in front of the rest, which is one without."""
    head = _head(_PAYLOAD_TAGS[kind], encoding, len(content))
    pieces: Iterable[bytes | memoryview] = content if isinstance(content, Pieces) else [content]
    return b"".join((head, *pieces, rest))


@dataclass(frozen=True, slots=True)
class Sealed:
    """A message as `seal` writes it, taken apart; `rest` is not read yet."""

    encoding: int
    content: memoryview
    rest: bytes


def opened(kind: type[_Message], message: bytes) -> Sealed | None:
    """Take a message apart whose payload stands first; give None for any other."""
    head = message[: _HEAD.size]
    if len(head) < _HEAD.size:
        return None
    _, _, _, number, _, written = _HEAD.unpack(head)
    encoding, length = _read_number(number), _read_number(written)
    end = _HEAD.size + length
    if end > len(message) or head != _head(_PAYLOAD_TAGS[kind], encoding, length):
        return None
    return Sealed(encoding, memoryview(message)[_HEAD.size : end], message[end:])


def unseal(kind: type[_Message], message: bytes) -> tuple[_Message, bytes | memoryview]:
    """Read a message and give the content of its payload apart; raises `DecodeError`."""
    sealed = opened(kind, message)
    if sealed is not None:
        read = kind.FromString(sealed.rest)
        # A second payload would change the first: the library knows how.
        if not read.HasField("payload"):
            read.MergeFromString(_head(_PAYLOAD_TAGS[kind], sealed.encoding, 0))
            return read, sealed.content
    read = kind.FromString(message)
    return read, read.payload.content


def _head(tag: int, encoding: int, length: int) -> bytes:
    return _HEAD.pack(
        tag,
        _number(_INNER_BYTES + length, 5),
        _ENCODING_TAG,
        _number(encoding, 3),
        _CONTENT_TAG,
        _number(length, 5),
    )


def _number(value: int, length: int) -> bytes:
    """Write a number in so many bytes: seven bits in each, and one that says if more come."""
    written = bytearray()
    for _ in range(length):
        written.append(value & _LOW | _MORE)
        value >>= _BITS
    written[-1] &= _LOW
    return bytes(written)


def _read_number(written: bytes) -> int:
    """Read what may be such a number: whether it is, shows when it is written again."""
    value = 0
    for each in reversed(written):
        value = value << _BITS | each & _LOW
    return value
