from collections.abc import Callable
from dataclasses import fields, replace

import pytest
from hypothesis import given

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
from runtime.errors import LimitValueError, RequestError
from runtime.limits import Limits
from runtime.sandbox.interface import Language
from runtime.v1 import batch_pb2, transform_service_pb2
from runtime.wire.requests import (
    MAX_NAME_CHARS,
    compile_call,
    compile_request,
    transform_call,
    transform_request,
)
from tests.runtime.wire.calls import COMPILE_CALLS, TRANSFORM_CALLS

Request = transform_service_pb2.TransformBatchRequest

ROOMY = Limits(**{field.name: 2**41 for field in fields(Limits)})


@given(COMPILE_CALLS)
def test_a_call_to_compile_is_the_same_on_the_other_side(call: CompileCall) -> None:
    assert compile_call(compile_request(call), ROOMY) == call


@given(TRANSFORM_CALLS)
def test_a_call_to_transform_is_the_same_on_the_other_side(call: TransformCall) -> None:
    assert transform_call(transform_request(call), ROOMY) == call


@given(TRANSFORM_CALLS)
def test_a_call_to_transform_is_a_message_as_any_other(call: TransformCall) -> None:
    request = Request.FromString(transform_request(call))
    assert request.payload.content == call.payload.content
    assert transform_call(request.SerializeToString(), ROOMY) == call


CALL = TransformCall(
    transformation=Transformation("{}", "{}", Mapping(expressions=(("a", "b"),))),
    payload=Payload(Encoding.JSON_RECORDS, b"[]"),
    purposes=Purpose.IMPORT,
)
FUNCTION_CALL = replace(
    CALL,
    transformation=Transformation(
        "{}",
        "{}",
        Function(language=Language.PYTHON, source="x", in_paths=(), out_paths=("a",)),
    ),
)


def test_calls_that_differ_in_their_records_are_read_with_their_own() -> None:
    for content in (b"[]", b"[{}]", b"[]"):
        call = replace(CALL, payload=Payload(Encoding.JSON_RECORDS, content))
        assert transform_call(transform_request(call), ROOMY) == replace(call, limits=ROOMY)


def test_calls_with_the_same_bytes_are_bounded_by_the_limits_of_each_server() -> None:
    message = transform_request(CALL)
    for server in (Limits(batch_records=1), Limits(batch_records=2), Limits(batch_records=1)):
        assert transform_call(message, server).limits == server


def test_a_payload_behind_the_first_replaces_what_it_sets() -> None:
    behind = Request(payload=batch_pb2.Payload(content=b"[1]")).SerializeToString()
    found = transform_call(transform_request(CALL) + behind, ROOMY)
    assert found.payload == Payload(Encoding.JSON_RECORDS, b"[1]")


def test_what_is_refused_is_refused_each_time() -> None:
    message = transform_request(replace(CALL, tenant="x" * (MAX_NAME_CHARS + 1)))
    for _ in range(2):
        with pytest.raises(RequestError, match=r"^`?tenant"):
            transform_call(message, ROOMY)


def test_limits_that_are_not_told_are_the_servers() -> None:
    server = Limits(batch_records=77, record_seconds=0.5)
    assert transform_call(transform_request(CALL), server).limits == server


def test_limits_that_are_told_are_bounded_by_the_servers() -> None:
    server = Limits(batch_records=77, record_seconds=0.5)
    request = Request.FromString(transform_request(CALL))
    request.limits.batch_records = 1_000
    request.limits.record_seconds = 0.25
    assert transform_call(request.SerializeToString(), server).limits == replace(
        server, record_seconds=0.25
    )


@pytest.mark.parametrize("seconds", [0.0, -1.0, float("nan")])
def test_a_limit_that_limits_nothing_is_refused(seconds: float) -> None:
    request = Request.FromString(transform_request(CALL))
    request.limits.record_seconds = seconds
    with pytest.raises(LimitValueError):
        transform_call(request.SerializeToString(), Limits())


Change = Callable[[Request], object]


@pytest.mark.parametrize(
    ("call", "change", "field"),
    [
        (CALL, lambda r: r.ClearField("transformation"), "transformation"),
        (CALL, lambda r: r.ClearField("payload"), "payload"),
        (CALL, lambda r: r.transformation.ClearField("mapping"), "transformation.body"),
        (
            CALL,
            lambda r: r.transformation.ClearField("input_schema"),
            "transformation.input_schema",
        ),
        (
            CALL,
            lambda r: r.transformation.ClearField("output_schema"),
            "transformation.output_schema",
        ),
        (CALL, lambda r: r.payload.ClearField("encoding"), "payload.encoding"),
        (CALL, lambda r: setattr(r.payload, "encoding", 99), "payload.encoding"),
        (CALL, lambda r: r.purposes.append(batch_pb2.PURPOSE_UNSPECIFIED), "purposes"),
        (CALL, lambda r: r.purposes.append(99), "purposes"),
        (CALL, lambda r: setattr(r, "tenant", "x" * (MAX_NAME_CHARS + 1)), "tenant"),
        (
            CALL,
            lambda r: setattr(r, "function_version", "x" * (MAX_NAME_CHARS + 1)),
            "function_version",
        ),
        (
            CALL,
            lambda r: setattr(r.transformation.mapping.time_layouts, "date", "x" * 201),
            "transformation.mapping.time_layouts.date",
        ),
        (
            FUNCTION_CALL,
            lambda r: r.transformation.function.ClearField("language"),
            "transformation.function.language",
        ),
        (
            FUNCTION_CALL,
            lambda r: setattr(r.transformation.function, "language", 9),
            "transformation.function.language",
        ),
        (
            FUNCTION_CALL,
            lambda r: r.transformation.function.ClearField("source"),
            "transformation.function.source",
        ),
        (
            FUNCTION_CALL,
            lambda r: r.transformation.function.in_paths.extend(["a"] * 10_001),
            "transformation.function.in_paths",
        ),
    ],
)
def test_what_no_client_sends_is_refused_by_its_field(
    call: TransformCall, change: Change, field: str
) -> None:
    request = Request.FromString(transform_request(call))
    change(request)
    with pytest.raises(RequestError) as caught:
        transform_call(request.SerializeToString(), Limits())
    assert caught.value.field == field


@pytest.mark.parametrize("read", [compile_call, transform_call])
def test_bytes_that_are_no_message_are_refused(
    read: Callable[[bytes, Limits], CompileCall | TransformCall],
) -> None:
    with pytest.raises(RequestError) as caught:
        read(b"\xff\xff", Limits())
    assert caught.value.field == ""


def test_a_mapping_without_pairs_is_a_mapping() -> None:
    empty = replace(CALL, transformation=Transformation("{}", "{}", Mapping(expressions=())))
    found = transform_call(transform_request(empty), Limits())
    assert found.transformation == empty.transformation
