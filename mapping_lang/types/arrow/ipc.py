"""One batch to and from the bytes of an Arrow IPC stream; bytes from elsewhere are hostile.

A stream is one schema and one record batch, neither compressed nor with dictionaries. Compression
costs more than it saves between two processes (measured: 0.3 to 0.6 µs per record against 0.02),
and a few compressed bytes may claim any amount of memory.
"""

import functools
import struct
from collections.abc import Iterator
from typing import Final, TypeAlias, final

import pyarrow as pa

from mapping_lang.diagnostics import Code, quote
from mapping_lang.types.arrow.buffers import check_buffers_read, without_texts
from mapping_lang.types.arrow.layout import RecordBatch, arrow_schema, check_columns
from mapping_lang.types.errors import LayoutError
from mapping_lang.types.kinds import Schema

MAX_BYTES: Final = 64 * 1024 * 1024
"""Longest stream that is read: the largest message between processes."""

MAX_RECORDS: Final = 100_000
"""Most records of one batch; five to ten thousand are the fastest."""

MAX_VALUES: Final = 2**24
"""Most values of one batch, elements of arrays included: a bit may become an object of Python."""

Buffer: TypeAlias = pa.Buffer

_ALIGNMENT: Final = 8
"""Where the numbers of a column must begin, in bytes; in a stream they do, counted from its own."""

_END: Final = b"\xff\xff\xff\xff\x00\x00\x00\x00"
"""What ends a stream: a continuation marker and no length."""

_UINT16: Final = struct.Struct("<H")
_UINT32: Final = struct.Struct("<I")
_INT32: Final = struct.Struct("<i")
_INT64: Final = struct.Struct("<q")
_FIELD_NODE: Final = struct.Struct("<qq")


@final
class Pieces:
    """The bytes of a stream, where they lie: whoever sends them on joins them, once."""

    __slots__ = ("_pieces", "_size")

    def __init__(self, pieces: list[bytes | Buffer]) -> None:
        self._pieces = pieces
        self._size = sum(map(len, pieces))

    def __len__(self) -> int:
        return self._size

    def __iter__(self) -> Iterator[bytes | Buffer]:
        return iter(self._pieces)

    def __bytes__(self) -> bytes:
        return b"".join(self._pieces)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Pieces) and bytes(self) == bytes(other)

    def __hash__(self) -> int:
        return hash(bytes(self))


class _Sink:
    """What Arrow takes for a file, and writes the buffers of a batch to without copying them."""

    __slots__ = ("closed", "pieces")

    def __init__(self) -> None:
        self.closed = False
        self.pieces: list[bytes | Buffer] = []

    def write(self, piece: bytes | Buffer) -> None:
        self.pieces.append(piece)

    def close(self) -> None:
        self.closed = True


def encode(data: RecordBatch) -> bytes:
    """Write a batch as an Arrow IPC stream."""
    return bytes(encode_pieces(data))


def encode_pieces(data: RecordBatch) -> Pieces:
    """Write a batch as an Arrow IPC stream; its columns are not copied."""
    sink = _Sink()
    try:
        with pa.ipc.new_stream(pa.PythonFile(sink, "w"), data.schema) as writer:
            writer.write_batch(data)
    except pa.ArrowInvalid as error:
        raise LayoutError(
            Code.VALUE_LIMIT, f"the batch cannot be written: {quote(str(error))}"
        ) from None
    return Pieces(sink.pieces)


def decode(
    payload: bytes | memoryview,
    schema: Schema,
    *,
    max_bytes: int = MAX_BYTES,
    max_records: int = MAX_RECORDS,
    max_values: int = MAX_VALUES,
) -> RecordBatch:
    """Read the one batch of an Arrow IPC stream whose schema is known.

    Its columns are what they say; whether its values are within their types is unchecked.
    The columns are where the stream is, unless it lies so that numbers in it are not aligned.
    """
    if len(payload) > max_bytes:
        raise _limit(f"{len(payload)} bytes", max_bytes)
    stream = pa.py_buffer(payload)
    if stream.address % _ALIGNMENT:
        stream = pa.py_buffer(bytes(payload))
    source = pa.BufferReader(stream)
    try:
        head = _head(schema)
        known = payload[: len(head)] == head
        if known:
            source.seek(len(head))
        reader = pa.ipc.MessageReader.open_stream(source)
        if not known:
            check_columns(pa.ipc.read_schema(_message(reader, "schema")), schema)
        message = _message(reader, "record batch")
        num_records, num_values = _announced(message.metadata.to_pybytes())
        if num_records > max_records:
            raise _limit(f"{num_records} records", max_records)
        if num_values > max_values:
            raise _limit(f"{num_values} values", max_values)
        data = pa.ipc.read_record_batch(message, arrow_schema(schema))
        as_bytes = pa.ipc.read_record_batch(message, _schema_of_bytes(schema))
    except (pa.ArrowException, OSError, struct.error) as error:
        raise _damaged(quote(str(error).partition("\n")[0])) from None
    if source.tell() != len(payload) - len(_END) or payload[-len(_END) :] != _END:
        raise _damaged("it does not end after one batch")
    check_buffers_read(data, as_bytes)
    return data


@functools.lru_cache(maxsize=256)
def _head(schema: Schema) -> bytes:
    """Give the message that tells of the columns, as we write it: others may write it otherwise."""
    head: bytes = arrow_schema(schema).serialize().to_pybytes()
    return head


@functools.lru_cache(maxsize=256)
def _schema_of_bytes(schema: Schema) -> pa.Schema:
    return without_texts(arrow_schema(schema))


def _message(reader: pa.ipc.MessageReader, expected: str) -> pa.ipc.Message:
    try:
        message = reader.read_next_message()
    except StopIteration:
        raise _damaged(f"it ends where a {expected} was expected") from None
    if message.type != expected:
        raise _damaged(f"found a {message.type}, expected a {expected}")
    return message


def _announced(metadata: bytes) -> tuple[int, int]:
    """Read from the head of a record batch how many records and values it announces.

    pyarrow does not tell before it has read the body, and decompressed it if it is compressed. The
    head is a FlatBuffers table (`Message.fbs` of Arrow): a table begins with the distance back to
    the places of its fields, which are relative to the table; zero is a field that is not there.
    """
    message = _UINT32.unpack_from(metadata, 0)[0]
    header = _field(metadata, message, 2)
    batch = header + _UINT32.unpack_from(metadata, header)[0]
    if _field(metadata, batch, 3):
        raise LayoutError(Code.VALUE_TYPE, "the batch is compressed, expected plain columns")
    length, nodes = _field(metadata, batch, 0), _field(metadata, batch, 1)
    num_records = _INT64.unpack_from(metadata, length)[0] if length else 0
    num_values = 0
    if nodes:
        nodes += _UINT32.unpack_from(metadata, nodes)[0]
        size = _UINT32.unpack_from(metadata, nodes)[0] * _FIELD_NODE.size
        first = nodes + _UINT32.size
        num_values = sum(n for n, _ in _FIELD_NODE.iter_unpack(metadata[first : first + size]))
    return num_records, num_values


def _field(metadata: bytes, table: int, index: int) -> int:
    """Find where a field of a table is; 0 if the table does not have it."""
    places = table - _INT32.unpack_from(metadata, table)[0]
    entry = 2 * _UINT16.size + index * _UINT16.size
    if entry >= _UINT16.unpack_from(metadata, places)[0]:
        return 0
    offset: int = _UINT16.unpack_from(metadata, places + entry)[0]
    return table + offset if offset else 0


def _damaged(reason: str) -> LayoutError:
    return LayoutError(Code.VALUE_SYNTAX, f"the bytes are no batch in Arrow IPC format: {reason}")


def _limit(found: str, limit: int) -> LayoutError:
    return LayoutError(Code.VALUE_LIMIT, f"the batch has {found}, at most {limit} are read")
