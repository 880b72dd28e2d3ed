"""Calls that are no calls: each gets its status, and the server goes on as if nothing had been."""

import gzip
import json
from collections.abc import Callable, Iterator
from dataclasses import replace

import pyarrow as pa
import pytest

from mapping_lang.batch import Batch
from mapping_lang.types.kinds import IntType, ObjectType
from mapping_lang.types.schema import Purpose
from runtime.contract import (
    CompileCall,
    Encoding,
    Function,
    Mapping,
    Payload,
    Transformation,
    TransformCall,
)
from runtime.engine import EngineSettings, GuestEngine
from runtime.limits import Limits
from runtime.sandbox.interface import Language
from runtime.v1 import transform_service_pb2
from runtime.wire.requests import compile_request, transform_request
from tests.runtime.engines import object_of
from tests.runtime.serving import IN_SCHEMA, OUT_SCHEMA, mapping, running
from tests.runtime.test_service import REASONS, Wire, error_info

FUNCTION = Transformation.of(
    IN_SCHEMA,
    OUT_SCHEMA,
    Function(
        language=Language.PYTHON,
        source="def transform(r):\n    return {'number': r['id']}\n",
        in_paths=("id",),
        out_paths=("number",),
    ),
)
LIMITS = Limits(batch_records=100, batch_bytes=100_000, start_seconds=60)
RECORDS = b'[{"id":1},{"id":2}]'
ARROW = Batch.from_records(IN_SCHEMA, [{"id": 1, "name": "a"}, {"id": 2}]).to_bytes()
TRANSFORMATIONS = {"mapping": mapping(), "function": FUNCTION}


@pytest.fixture(scope="module")
def engine() -> Iterator[GuestEngine]:
    with GuestEngine(EngineSettings(languages=frozenset({Language.PYTHON}))) as made:
        made.attest_now()
        yield made


@pytest.fixture(scope="module")
def wire(engine: GuestEngine) -> Iterator[Wire]:
    with running(LIMITS, engine) as (_, address):
        found = Wire(address)
        yield found
        found.channel.close()


@pytest.fixture(params=TRANSFORMATIONS)
def transformation(request: pytest.FixtureRequest) -> Transformation:
    return TRANSFORMATIONS[request.param]


def call(
    transformation: Transformation, content: bytes, encoding: Encoding = Encoding.JSON_RECORDS
) -> bytes:
    payload = Payload(encoding, content)
    return transform_request(
        TransformCall(
            transformation=transformation, payload=payload, purposes=Purpose.IMPORT, tenant="t"
        )
    )


def numbers(wire: Wire, transformation: Transformation) -> list[int]:
    answer = wire.transform(call(transformation, RECORDS))
    return [record["number"] for record in json.loads(answer.payload.content)]


def ipc(schema: pa.Schema, *batches: pa.RecordBatch) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, schema) as writer:
        for batch in batches:
            writer.write_batch(batch)
    return bytes(sink.getvalue())


def rows(count: int) -> bytes:
    return json.dumps([{"id": 1}] * count).encode()


JSON, STREAM = Encoding.JSON_RECORDS, Encoding.ARROW_STREAM
NO_ROWS = Batch.from_records(IN_SCHEMA, []).to_bytes()
NAMELESS = pa.RecordBatch.from_pydict({"": [1]})


@pytest.mark.parametrize(
    ("content", "encoding", "reason"),
    [
        (b"", JSON, "BATCH_REFUSED"),
        (b"\xff\xfe", JSON, "BATCH_REFUSED"),
        (RECORDS.decode().encode("utf-16"), JSON, "BATCH_REFUSED"),
        (b"\xef\xbb\xbf" + RECORDS, JSON, "BATCH_REFUSED"),
        (gzip.compress(RECORDS), JSON, "BATCH_REFUSED"),
        (RECORDS + RECORDS, JSON, "BATCH_REFUSED"),
        (RECORDS[:-1], JSON, "BATCH_REFUSED"),
        (b'{"id":1}\n{"id":2}\n', JSON, "BATCH_REFUSED"),
        (b"[" * 50_000, JSON, "BATCH_REFUSED"),
        (b"null", JSON, "BATCH_REFUSED"),
        (b"[" + b"{}," * 33_000 + b"{}]", JSON, "LIMIT_EXCEEDED"),
        (rows(101), JSON, "LIMIT_EXCEEDED"),
        (b"[" + b" " * 100_000 + b"]", JSON, "LIMIT_EXCEEDED"),
        (ARROW, JSON, "BATCH_REFUSED"),
        (b"", STREAM, "BATCH_REFUSED"),
        (RECORDS, STREAM, "BATCH_REFUSED"),
        (ARROW[:-9], STREAM, "BATCH_REFUSED"),
        (ARROW[: len(ARROW) // 2], STREAM, "BATCH_REFUSED"),
        (gzip.compress(ARROW), STREAM, "BATCH_REFUSED"),
        (b"ARROW1\0\0" + ARROW, STREAM, "BATCH_REFUSED"),
        (ipc(NAMELESS.schema, NAMELESS), STREAM, "BATCH_REFUSED"),
        (ipc(pa.schema([])), STREAM, "BATCH_REFUSED"),
        (b"\xff\xff\xff\xff\xff\xff\xff\x7f" + b"\0" * 100, STREAM, "BATCH_REFUSED"),
        (
            Batch.from_records(IN_SCHEMA, [{"id": 1, "name": "a"}] * 101).to_bytes(),
            STREAM,
            "LIMIT_EXCEEDED",
        ),
    ],
    ids=range(24),
)  # fmt: skip
def test_what_is_no_batch_is_refused_and_the_next_is_served(
    wire: Wire, transformation: Transformation, content: bytes, encoding: Encoding, reason: str
) -> None:
    assert wire.reason(call(transformation, content, encoding)) == ("INVALID_ARGUMENT", reason)
    assert numbers(wire, transformation) == [1, 2]


def test_batches_of_no_records_are_harmless(wire: Wire, transformation: Transformation) -> None:
    for content, encoding in ((b"[]", JSON), (NO_ROWS, STREAM)):
        answer = wire.transform(call(transformation, content, encoding))
        assert (len(answer.rejections), answer.payload.content[:2] == b"[]") == (
            0,
            encoding is JSON,
        )


def test_a_payload_of_many_records_without_properties_is_not_read_at_all(wire: Wire) -> None:
    nothing = Transformation.of(
        ObjectType(()), object_of(i=IntType(32)), Mapping(expressions=(("i", "1"),))
    )
    assert wire.reason(call(nothing, b"[" + b"{}," * 101 + b"{}]")) == (
        "INVALID_ARGUMENT",
        "LIMIT_EXCEEDED",
    )
    server_limits = Limits()
    content = b"[" + b"{}," * (server_limits.batch_bytes // 3 - 1) + b"{}]"
    with running(server_limits) as (_, address):
        larger = Wire(address)
        answer = larger.reason(call(nothing, content))
        larger.channel.close()
    assert answer == ("INVALID_ARGUMENT", "BATCH_REFUSED")


def test_every_beginning_of_a_call_gets_a_status(
    wire: Wire, transformation: Transformation
) -> None:
    for method, message in (
        ("TransformBatch", call(transformation, RECORDS)),
        ("TransformBatch", call(transformation, ARROW, STREAM)),
        ("CompileTransformation", compile_request(CompileCall(transformation=transformation))),
    ):
        for end in range(0, len(message) - 1, max(1, len(message) // 60)):
            answer = wire.send(message[:end], method)
            if isinstance(answer, bytes):
                continue  # it ends between two fields: a smaller call
            info = error_info(answer)
            assert info is not None
            assert info.reason in REASONS
    assert numbers(wire, transformation) == [1, 2]


Edit = Callable[[transform_service_pb2.TransformBatchRequest], object]


@pytest.mark.parametrize(
    "edit",
    [
        lambda request: setattr(request.payload, "encoding", 0),
        lambda request: setattr(request.payload, "encoding", 99),
        lambda request: setattr(request.payload, "encoding", -1),
        lambda request: request.purposes.append(0),
        lambda request: request.purposes.extend([1] * 3),
        lambda request: request.ClearField("payload"),
        lambda request: request.ClearField("transformation"),
        lambda request: request.transformation.ClearField("mapping"),
        lambda request: setattr(request, "tenant", "x" * 100_000),
        lambda request: setattr(request, "function_version", "x" * 100_000),
        lambda request: setattr(request.limits, "record_seconds", float("nan")),
        lambda request: setattr(request.limits, "batch_seconds", -1.0),
        lambda request: setattr(request.limits, "batch_records", 0),
    ],
)
def test_fields_that_cannot_be_are_refused(wire: Wire, edit: Edit) -> None:
    request = transform_service_pb2.TransformBatchRequest.FromString(call(mapping(), RECORDS))
    edit(request)
    status, reason = wire.reason(request.SerializeToString())
    assert (status, reason) in {
        ("INVALID_ARGUMENT", "REQUEST_MALFORMED"),
        ("INVALID_ARGUMENT", "LIMIT_INVALID"),
    }
    assert numbers(wire, mapping()) == [1, 2]


def test_limits_without_an_end_are_lowered_to_the_servers(wire: Wire) -> None:
    endless = Limits(**dict.fromkeys(("batch_records", "batch_bytes", "memory_bytes"), 2**62))
    payload = Payload(JSON, rows(101))
    message = transform_request(
        TransformCall(
            transformation=FUNCTION,
            payload=payload,
            purposes=Purpose.IMPORT,
            limits=replace(endless, record_seconds=float("inf")),
        )
    )
    assert wire.reason(message) == ("INVALID_ARGUMENT", "LIMIT_EXCEEDED")


def test_after_all_that_the_walls_hold(wire: Wire, engine: GuestEngine) -> None:
    assert engine.attest_now().passed
    assert numbers(wire, FUNCTION) == [1, 2]
