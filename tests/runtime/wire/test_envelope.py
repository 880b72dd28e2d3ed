import pyarrow as pa
import pytest
from google.protobuf.message import DecodeError
from hypothesis import given, settings
from hypothesis import strategies as st

from mapping_lang.batch import Batch
from mapping_lang.types.kinds import IntType, ObjectType, Property
from runtime.v1 import batch_pb2, transform_service_pb2
from runtime.wire.envelope import seal, unseal

Request = transform_service_pb2.TransformBatchRequest
Response = transform_service_pb2.TransformBatchResponse

ENCODINGS = st.sampled_from([0, 1, 2, 99, 2**20])
REST = Request(tenant="t", purposes=[batch_pb2.PURPOSE_CREATE])
SEALED = seal(Request, 1, b"content", REST.SerializeToString())


@given(ENCODINGS, st.binary(max_size=300))
def test_a_sealed_message_is_a_message_as_any_other(encoding: int, content: bytes) -> None:
    message = seal(Request, encoding, content, REST.SerializeToString())
    found = Request.FromString(message)
    assert (found.payload.encoding, found.payload.content) == (encoding, content)
    assert (found.tenant, list(found.purposes)) == ("t", [batch_pb2.PURPOSE_CREATE])
    read, apart = unseal(Request, message)
    assert (read.payload.encoding, apart) == (encoding, content)
    assert (read.tenant, list(read.purposes)) == ("t", [batch_pb2.PURPOSE_CREATE])


@pytest.mark.parametrize("length", [0, 1, 127, 128, 2**14, 2**21 - 11, 2**21, 2**21 + 1])
def test_contents_of_every_length_come_out_again(length: int) -> None:
    content = b"x" * length
    message = seal(Response, 2, content, b"")
    assert Response.FromString(message).payload.content == content
    assert unseal(Response, message)[1] == content


def test_the_content_is_where_the_message_is_and_aligned_as_it_is() -> None:
    _, content = unseal(Request, SEALED)
    assert isinstance(content, memoryview)
    assert content.obj is SEALED
    assert pa.py_buffer(content).address - pa.py_buffer(SEALED).address == 16


def test_pieces_are_joined() -> None:
    batch = Batch.from_records(ObjectType((Property("a", IntType(32)),)), [{"a": 1}])
    assert seal(Request, 1, batch.to_pieces(), b"") == seal(Request, 1, batch.to_bytes(), b"")


@given(st.data())
@settings(max_examples=300)
def test_any_message_is_read_as_the_library_reads_it(data: st.DataObject) -> None:
    message = bytearray(data.draw(st.sampled_from([SEALED, REST.SerializeToString(), b""])))
    for place, byte in data.draw(
        st.lists(st.tuples(st.integers(0, 40), st.integers(0, 255)), max_size=3)
    ):
        if place < len(message):
            message[place] = byte
    message += data.draw(
        st.sampled_from([b"", SEALED, b"\x12\x02\x08\x02", b"\x12\x02\x12\x00", b"\xff"])
    )
    try:
        expected = Request.FromString(bytes(message))
    except DecodeError:
        with pytest.raises(DecodeError):
            unseal(Request, bytes(message))
        return
    read, content = unseal(Request, bytes(message))
    assert bytes(content) == expected.payload.content
    expected.payload.ClearField("content")
    read.payload.ClearField("content")
    assert (read, read.HasField("payload")) == (expected, expected.HasField("payload"))
