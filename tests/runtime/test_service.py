"""The service through a real server: whatever is sent, an answer or a status comes back."""

import os
from collections.abc import Iterator
from dataclasses import fields, replace
from typing import Any

import grpc
import pytest
from google.rpc import error_details_pb2, status_pb2
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection_pb2, reflection_pb2_grpc
from hypothesis import example, given, settings
from hypothesis import strategies as st

from mapping_lang.batch import Batch
from mapping_lang.types.schema import Purpose
from runtime.client import MAX_MESSAGE_BYTES
from runtime.contract import Encoding, Function, Payload, Transformation, TransformCall
from runtime.engine import EngineSettings, GuestEngine
from runtime.functions import FunctionEngine
from runtime.limits import Limits
from runtime.sandbox.interface import Language
from runtime.service import DETAILS_KEY, PROCESS_KEY
from runtime.statuses import DOMAIN, TABLE
from runtime.v1 import transform_service_pb2
from runtime.wire.requests import transform_request
from runtime.wire.tables import ATTESTATION_KEY, SERVICE
from tests.runtime.doubler import Doubler
from tests.runtime.serving import IN_SCHEMA, OUT_SCHEMA, mapping, running, wait_until
from tests.runtime.test_transformation import function

OPTIONS = [
    ("grpc.max_send_message_length", 2 * MAX_MESSAGE_BYTES),
    ("grpc.max_metadata_size", 65_536),
]
REASONS = {row.reason for row in TABLE} - {"INTERNAL"}
CALL = TransformCall(
    transformation=mapping(),
    payload=Payload(Encoding.JSON_RECORDS, b'[{"id":1},{"id":"x"},{"id":3}]'),
    purposes=Purpose.IMPORT,
)
ARROW = replace(
    CALL,
    payload=Payload(
        Encoding.ARROW_STREAM,
        Batch.from_records(IN_SCHEMA, [{"id": 1, "name": "a"}, {"id": 2}]).to_bytes(),
    ),
)
MESSAGES = [transform_request(each) for each in (CALL, ARROW)]
OTHERS = [
    transform_service_pb2.TransformBatchRequest.FromString(each).SerializeToString()
    for each in MESSAGES
]
"""The same as clients in other languages write it."""


class Wire:
    """Sends bytes to a server and gives what comes back."""

    def __init__(self, address: str) -> None:
        self.channel: Any = grpc.insecure_channel(address, options=OPTIONS)

    def send(self, message: bytes, method: str = "TransformBatch") -> bytes | grpc.RpcError:
        call = self.channel.unary_unary(f"/{SERVICE}/{method}")
        try:
            answer: bytes = call(message, timeout=20)
        except grpc.RpcError as error:
            return error
        return answer

    def transform(self, message: bytes) -> transform_service_pb2.TransformBatchResponse:
        answer = self.send(message)
        assert isinstance(answer, bytes), answer
        return transform_service_pb2.TransformBatchResponse.FromString(answer)

    def reason(self, message: bytes, method: str = "TransformBatch") -> tuple[str, str]:
        """The status and the reason of a call that fails."""
        error = self.send(message, method)
        assert isinstance(error, grpc.RpcError), "the call did not fail"
        status: grpc.StatusCode = error.code()
        info = error_info(error)
        return status.name, "" if info is None else info.reason


def error_info(error: Any) -> error_details_pb2.ErrorInfo | None:  # noqa: ANN401 - untyped library
    for key, value in error.trailing_metadata():
        if key == DETAILS_KEY:
            status = status_pb2.Status.FromString(value)
            assert status.code == error.code().value[0]
            info = error_details_pb2.ErrorInfo()
            assert status.details[0].Unpack(info)
            assert info.domain == DOMAIN
            return info
    return None


@pytest.fixture(scope="module")
def wire() -> Iterator[Wire]:
    with running() as (_, address):
        found = Wire(address)
        yield found
        found.channel.close()


def test_a_batch_is_transformed(wire: Wire) -> None:
    answer = wire.transform(MESSAGES[0])
    assert answer.payload.content == b'[{"number":1,"name":null},{"number":3,"name":null}]'
    [rejection] = answer.rejections
    assert (rejection.position, rejection.code) == (1, "V202")
    assert answer.timings.executing_seconds > 0
    assert answer.timings.encoding_seconds > 0


def test_an_answer_is_the_same_however_the_request_was_written(wire: Wire) -> None:
    for one, other in zip(MESSAGES, OTHERS, strict=True):
        assert one != other
        found, again = wire.transform(one), wire.transform(other)
        found.ClearField("timings")
        again.ClearField("timings")
        assert found == again


def changed(message: bytes, edits: list[tuple[int, int, bytes]]) -> bytes:
    found = bytearray(message)
    for start, length, piece in edits:
        place = start % (len(found) + 1)
        found[place : place + length] = piece
    return bytes(found)


EDITS = st.lists(
    st.tuples(st.integers(0, 5_000), st.integers(0, 40), st.binary(max_size=12)),
    min_size=1,
    max_size=4,
)


@given(st.sampled_from([*MESSAGES, *OTHERS]), EDITS)
@example(MESSAGES[1][:-1], [(0, 0, b"")])
@settings(max_examples=250, deadline=None)
def test_damaged_messages_get_an_answer_or_a_status_of_ours(
    wire: Wire, message: bytes, edits: list[tuple[int, int, bytes]]
) -> None:
    answer = wire.send(changed(message, edits))
    if isinstance(answer, bytes):
        transform_service_pb2.TransformBatchResponse.FromString(answer)
        return
    info = error_info(answer)
    assert info is not None
    assert info.reason in REASONS


@given(st.sampled_from([CALL, ARROW]), st.binary(max_size=200), EDITS)
@settings(max_examples=150, deadline=None)
def test_damaged_payloads_get_an_answer_or_a_status_of_ours(
    wire: Wire, call: TransformCall, noise: bytes, edits: list[tuple[int, int, bytes]]
) -> None:
    for content in (noise, changed(bytes(call.payload.content), edits)):
        payload = Payload(call.payload.encoding, content)
        answer = wire.send(transform_request(replace(call, payload=payload)))
        if not isinstance(answer, bytes):
            info = error_info(answer)
            assert info is not None
            assert info.reason in REASONS


def edited(**changes: Any) -> bytes:  # noqa: ANN401 - fields of any type
    return transform_request(replace(CALL, **changes))


@pytest.mark.parametrize(
    ("message", "status", "reason"),
    [
        (b"\xff\xff", "INVALID_ARGUMENT", "REQUEST_MALFORMED"),
        (b"", "INVALID_ARGUMENT", "REQUEST_MALFORMED"),
        (
            edited(payload=Payload(Encoding.ARROW_STREAM, b"[]")),
            "INVALID_ARGUMENT",
            "BATCH_REFUSED",
        ),
        (
            edited(transformation=replace(mapping(), in_schema="{}")),
            "INVALID_ARGUMENT",
            "SCHEMA_REFUSED",
        ),
        (
            edited(payload=Payload(Encoding.JSON_RECORDS, b"[" + b" " * Limits().batch_bytes)),
            "INVALID_ARGUMENT",
            "LIMIT_EXCEEDED",
        ),
        (edited(purposes=[Purpose.IMPORT] * 2), "INVALID_ARGUMENT", "REQUEST_MALFORMED"),
        (
            edited(transformation=mapping(name="nobody")),
            "FAILED_PRECONDITION",
            "TRANSFORMATION_REFUSED",
        ),
        (
            edited(transformation=function("number")),
            "FAILED_PRECONDITION",
            "FUNCTIONS_UNAVAILABLE",
        ),
    ],
)
def test_a_call_that_fails_has_its_status_and_its_reason(
    wire: Wire, message: bytes, status: str, reason: str
) -> None:
    assert wire.reason(message) == (status, reason)


def test_a_message_beyond_the_limit_of_messages_ends_with_a_status(wire: Wire) -> None:
    assert wire.reason(b"\x00" * (MAX_MESSAGE_BYTES + 1)) == ("RESOURCE_EXHAUSTED", "")
    wire.transform(MESSAGES[0])


def test_long_messages_of_errors_fit_their_trailers(wire: Wire) -> None:
    broken = replace(
        mapping(), in_schema='{"kind":"object","properties":[{"name":"' + "é" * 50_000 + '"}]}'
    )
    assert wire.reason(edited(transformation=broken)) == ("INVALID_ARGUMENT", "SCHEMA_REFUSED")
    many = mapping(name="'" + "é" * 20_000 + "' nobody")
    assert wire.reason(edited(transformation=many)) == (
        "FAILED_PRECONDITION",
        "TRANSFORMATION_REFUSED",
    )


class Broken(Doubler):
    """An engine with a bug."""

    def apply(self, *_: Any, **__: Any) -> Any:  # noqa: ANN401 - it does not matter
        raise ZeroDivisionError("secret of a record")


def test_a_bug_ends_the_call_with_an_incident_and_without_details(
    capsys: pytest.CaptureFixture[str],
) -> None:
    engine: FunctionEngine = Broken()
    with running(engine=engine) as (_, address):
        wire = Wire(address)
        error = wire.send(edited(transformation=function("number")))
        assert isinstance(error, grpc.RpcError)
        info = error_info(error)
        assert info is not None
        wire.channel.close()
    assert (info.reason, "secret" in str(error.details())) == ("INTERNAL", False)
    assert info.metadata["incident"] in capsys.readouterr().out


def test_the_attestation_travels_with_every_answer() -> None:
    for engine, expected in ((None, "functions off"), (Doubler(), "passed: all walls")):
        with running(engine=engine) as (_, address), grpc.insecure_channel(address) as channel:
            _, call = channel.unary_unary(f"/{SERVICE}/TransformBatch").with_call(MESSAGES[0])
            assert dict(call.trailing_metadata())[ATTESTATION_KEY] == expected


def test_an_answer_names_its_process(wire: Wire) -> None:
    _, call = wire.channel.unary_unary(f"/{SERVICE}/TransformBatch").with_call(MESSAGES[0])
    assert dict(call.trailing_metadata())[PROCESS_KEY] == str(os.getpid())


def test_health_tells_which_functions_run() -> None:
    serving, not_serving = (
        health_pb2.HealthCheckResponse.SERVING,
        health_pb2.HealthCheckResponse.NOT_SERVING,
    )
    names = ("", SERVICE, "runtime.functions.Python", "runtime.functions.JavaScript")
    for engine, expected in (
        (None, [serving, serving, not_serving, not_serving]),
        (Doubler(), [serving, serving, serving, not_serving]),
    ):
        with running(engine=engine) as (_, address), grpc.insecure_channel(address) as channel:
            stub = health_pb2_grpc.HealthStub(channel)
            found = [
                stub.Check(health_pb2.HealthCheckRequest(service=name)).status for name in names
            ]
            assert found == expected


def test_reflection_shows_the_service(wire: Wire) -> None:
    stub = reflection_pb2_grpc.ServerReflectionStub(wire.channel)
    request = reflection_pb2.ServerReflectionRequest(list_services="")
    [answer] = stub.ServerReflectionInfo(iter([request]))
    assert SERVICE in [each.name for each in answer.list_services_response.service]


def test_every_limit_can_be_asked_for(wire: Wire) -> None:
    limits = Limits(**{field.name: 5_000 for field in fields(Limits)})
    assert wire.transform(edited(limits=limits)).payload.content.startswith(b'[{"number":1')


def test_a_batch_ends_when_its_call_is_cancelled() -> None:
    engine = GuestEngine(EngineSettings(languages=frozenset({Language.PYTHON})))
    engine.start()
    endless = Function(
        language=Language.PYTHON,
        source="def transform(r):\n    while True:\n        pass\n",
        in_paths=("id",),
        out_paths=("number",),
    )
    limits = Limits(record_seconds=600, batch_seconds=600, start_seconds=60)
    message = transform_request(
        TransformCall(
            transformation=Transformation.of(IN_SCHEMA, OUT_SCHEMA, endless),
            payload=Payload(Encoding.JSON_RECORDS, b'[{"id":1}]'),
            purposes=Purpose.IMPORT,
        )
    )
    with running(limits, engine) as (_, address), grpc.insecure_channel(address) as channel:
        call = channel.unary_unary(f"/{SERVICE}/TransformBatch").future(message)
        wait_until(lambda: engine.occupancy().lent == 1, 60)
        call.cancel()
        wait_until(lambda: engine.occupancy().lent == 0, 60)
