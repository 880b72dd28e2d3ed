import random

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mapping_lang.diagnostics import Code
from mapping_lang.types.arrow.buffers import check_buffers
from mapping_lang.types.arrow.check import check_layout, check_values
from mapping_lang.types.arrow.ipc import decode, encode, encode_pieces
from mapping_lang.types.arrow.layout import arrow_schema, empty_batch
from mapping_lang.types.arrow.read import to_records
from mapping_lang.types.arrow.write import to_record_batch
from mapping_lang.types.errors import LayoutError, ValueRefusedError
from mapping_lang.types.kinds import (
    NO_SCHEMA,
    ArrayType,
    IntType,
    ObjectType,
    Property,
    Schema,
    StringType,
    Type,
)
from mapping_lang.types.values import Record
from tests.strategies import canonical, schemas_and_records

SCHEMA = ObjectType(
    (Property("a", IntType(32)), Property("b", ArrayType(StringType()), nullable=True))
)
RECORDS: list[Record] = [{"a": 1, "b": ["x", "y"]}, {"a": 2, "b": None}, {"b": []}]
DATA = to_record_batch(RECORDS, SCHEMA)
PAYLOAD = encode(DATA)


def stream(*batches: pa.RecordBatch, schema: pa.Schema | None = None, **options: object) -> bytes:
    sink = pa.BufferOutputStream()
    options_of_ipc = pa.ipc.IpcWriteOptions(**options)
    schema = batches[0].schema if schema is None else schema
    with pa.ipc.new_stream(sink, schema, options=options_of_ipc) as writer:
        for batch in batches:
            writer.write_batch(batch)
    payload: bytes = sink.getvalue().to_pybytes()
    return payload


@given(schemas_and_records())
@settings(max_examples=80)
def test_a_batch_survives_the_wire_and_so_does_every_slice_of_it(
    schema_and_records: tuple[Schema, list[Record]],
) -> None:
    schema, records = schema_and_records
    data = to_record_batch(records, schema)
    for start in range(len(records) + 1):
        again = decode(encode(data.slice(start)), schema)
        assert again.schema == arrow_schema(schema)
        assert canonical(to_records(again, schema)) == canonical(records[start:])


def test_records_without_properties_keep_their_number_on_the_wire() -> None:
    assert decode(encode(empty_batch(7)), NO_SCHEMA).num_rows == 7


def test_a_part_of_a_batch_takes_only_its_own_room() -> None:
    schema = ObjectType((Property("a", IntType(64)),))
    data = to_record_batch([{"a": number} for number in range(10_000)], schema)
    assert len(encode(data.slice(9_990))) < 1_000


def test_the_columns_of_a_batch_are_written_where_they_lie() -> None:
    pieces = encode_pieces(DATA)
    assert bytes(pieces) == b"".join(pieces) == PAYLOAD
    assert len(pieces) == len(PAYLOAD)
    addresses = {piece.address for piece in pieces if isinstance(piece, pa.Buffer)}
    assert DATA.column("a").buffers()[1].address in addresses


@pytest.mark.parametrize("place", range(17))
def test_a_stream_is_read_wherever_it_lies(place: int) -> None:
    found = decode(memoryview(bytes(place) + PAYLOAD)[place:], SCHEMA)
    assert found == DATA
    assert found.column("a").buffers()[1].address % 8 == 0


def test_a_stream_is_read_where_it_lies() -> None:
    whole = bytes(16) + PAYLOAD
    first = pa.py_buffer(whole).address
    found = decode(memoryview(whole)[16:], SCHEMA)
    assert first < found.column("a").buffers()[1].address < first + len(whole)


def test_a_schema_may_be_written_in_other_bytes() -> None:
    other = stream(DATA.replace_schema_metadata({"written": "by others"}))
    assert other != PAYLOAD
    assert to_records(decode(other, SCHEMA), SCHEMA) == RECORDS


@pytest.mark.parametrize(
    ("payload", "code", "message"),
    [
        (b"", Code.VALUE_SYNTAX, "it ends where a schema was expected"),
        (b"not arrow at all", Code.VALUE_SYNTAX, None),
        (PAYLOAD[:-8], Code.VALUE_SYNTAX, "it does not end after one batch"),
        (PAYLOAD + b"\0", Code.VALUE_SYNTAX, "it does not end after one batch"),
        (PAYLOAD + PAYLOAD, Code.VALUE_SYNTAX, "it does not end after one batch"),
        (stream(DATA, DATA), Code.VALUE_SYNTAX, "it does not end after one batch"),
        (stream(schema=DATA.schema), Code.VALUE_SYNTAX, "it ends where a record batch was expected"),
        (stream(DATA, compression="zstd"), Code.VALUE_TYPE,
         "the batch is compressed, expected plain columns"),
        (stream(DATA, compression="lz4"), Code.VALUE_TYPE,
         "the batch is compressed, expected plain columns"),
        (stream(DATA.select(["a"])), Code.VALUE_TYPE,
         "b: column 1 is missing, expected «b: list<item: string>»"),
        (stream(pa.record_batch({"a": pa.array(["x"]).dictionary_encode()})), Code.VALUE_TYPE,
         None),
        # Names are bytes to Arrow.
        (PAYLOAD.replace(b"b?\0", b"\xe2?\0"), Code.VALUE_TYPE,
         "b?: column 2 is one with a name that is not UTF-8, expected «b?: bool»"),
    ],
)  # fmt: skip
def test_bytes_that_are_no_batch_of_the_schema_are_refused(
    payload: bytes, code: Code, message: str | None
) -> None:
    with pytest.raises(LayoutError) as refused:
        decode(payload, SCHEMA)
    assert refused.value.code is code
    if message is not None:
        assert (
            str(refused.value).removeprefix("the bytes are no batch in Arrow IPC format: ")
            == message
        )


@pytest.mark.parametrize("length", range(0, len(PAYLOAD), 7))
def test_a_part_of_a_stream_is_refused(length: int) -> None:
    with pytest.raises(LayoutError):
        decode(PAYLOAD[:length], SCHEMA)


def test_limits_are_checked_before_anything_is_made() -> None:
    assert decode(PAYLOAD, SCHEMA, max_bytes=len(PAYLOAD), max_records=3, max_values=11) == DATA
    for limits in ({"max_bytes": len(PAYLOAD) - 1}, {"max_records": 2}, {"max_values": 10}):
        with pytest.raises(LayoutError) as refused:
            decode(PAYLOAD, SCHEMA, **limits)
        assert refused.value.code is Code.VALUE_LIMIT


def test_a_few_bytes_cannot_announce_many_records() -> None:
    many = encode(empty_batch(2**40))
    assert len(many) < 1_000
    with pytest.raises(LayoutError) as refused:
        decode(many, NO_SCHEMA)
    assert str(refused.value) == "the batch has 1099511627776 records, at most 100000 are read"


def test_columns_nested_deeper_than_arrow_writes_are_refused() -> None:
    type_: Type = IntType(8)
    for _ in range(70):
        type_ = ArrayType(type_)
    schema = ObjectType((Property("a", type_),))
    with pytest.raises(LayoutError) as refused:
        encode(to_record_batch([{"a": []}], schema))
    assert refused.value.code is Code.VALUE_LIMIT


HOSTILE = (b"\0" * 8, b"\xff" * 8, (2**63 - 1).to_bytes(8, "little"), (2**31).to_bytes(8, "little"))


@given(schemas_and_records(), st.randoms(use_true_random=False))
@settings(max_examples=120)
def test_changed_bytes_give_a_valid_batch_or_a_declared_error(
    schema_and_records: tuple[Schema, list[Record]], chance: random.Random
) -> None:
    schema, records = schema_and_records
    payload = encode(to_record_batch(records, schema))
    for _ in range(12):
        changed = bytearray(payload)
        for _ in range(chance.choice([1, 1, 2])):
            place = chance.randrange(len(changed))
            if chance.random() < 0.5:
                changed[place] = chance.randrange(256)
            else:
                start = place & ~7
                changed[start : start + 8] = chance.choice(HOSTILE)
        try:
            data = decode(bytes(changed), schema)
        except LayoutError:
            continue
        # Nobody who is asked later finds its buffers to lie.
        check_buffers(data)
        try:
            check_values(data, schema)
        except (LayoutError, ValueRefusedError):
            continue
        # What passes is whole: it can be read, laid out again and sent on.
        again = to_records(data, schema)
        assert canonical(to_records(to_record_batch(again, schema), schema)) == canonical(again)
        check_layout(decode(encode(data), schema), schema)
