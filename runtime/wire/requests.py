"""Requests: written by the client, read by the server, which refuses with `RequestError`."""

import functools
from collections.abc import Sequence
from dataclasses import fields, replace
from typing import Any, Final, assert_never

from google.protobuf.message import DecodeError

from mapping_lang.program import Purposes
from mapping_lang.types.errors import TypeDefinitionError
from mapping_lang.types.schema import Purpose
from mapping_lang.types.text.layouts import Layouts
from runtime.contract import (
    Body,
    CompileCall,
    Encoding,
    Function,
    Mapping,
    Payload,
    Transformation,
    TransformCall,
)
from runtime.errors import RequestError
from runtime.limits import Limits
from runtime.v1 import batch_pb2, transform_service_pb2
from runtime.wire.envelope import opened, seal, unseal
from runtime.wire.tables import (
    ENCODING_NUMBERS,
    ENCODINGS,
    LANGUAGE_NUMBERS,
    LANGUAGES,
    PURPOSE_NUMBERS,
    PURPOSES,
    known,
)

MAX_NAME_CHARS: Final = 200
"""Longest tenant and longest version of a function."""

MAX_PATHS: Final = 10_000
"""Most paths of a function: as many as a schema has properties."""

MAX_KEPT: Final = 64
MAX_KEPT_BYTES: Final = 32 * 1024
"""Most requests that are kept as they were read, and the longest of them, without its records."""

_LIMITS: Final = tuple(field.name for field in fields(Limits))
_NOTHING: Final = Payload(Encoding.JSON_RECORDS, b"")


# Requests, as the server reads them.


def compile_call(message: bytes, server: Limits) -> CompileCall:
    """Read a request to compile; its limits are bounded by the server's."""
    try:
        request = transform_service_pb2.CompileTransformationRequest.FromString(message)
    except DecodeError:
        raise _no_message("CompileTransformationRequest") from None
    return CompileCall(
        transformation=_transformation(request),
        tenant=_name("tenant", request.tenant),
        limits=_limits(request, server),
    )


def transform_call(message: bytes, server: Limits) -> TransformCall:
    """Read a request to transform; its limits are bounded by the server's, its records bytes."""
    sealed = opened(transform_service_pb2.TransformBatchRequest, message)
    if sealed is not None and len(sealed.rest) <= MAX_KEPT_BYTES:
        asked = _asked(sealed.rest, server)
        if asked is not None:
            return replace(asked, payload=_payload(sealed.encoding, sealed.content))
    try:
        request, content = unseal(transform_service_pb2.TransformBatchRequest, message)
    except DecodeError:
        raise _no_message("TransformBatchRequest") from None
    if not request.HasField("payload"):
        raise RequestError("payload", "is missing")
    return _transform_call(request, _payload(request.payload.encoding, content), server)


@functools.lru_cache(maxsize=MAX_KEPT)
def _asked(rest: bytes, server: Limits) -> TransformCall | None:
    """Read what is asked for the records in front; None if more of them come behind.

    The batches of a run come with the same bytes, which are as much to read as a batch is to copy.
    """
    try:
        request = transform_service_pb2.TransformBatchRequest.FromString(rest)
    except DecodeError:
        raise _no_message("TransformBatchRequest") from None
    if request.HasField("payload"):
        return None
    return _transform_call(request, _NOTHING, server)


def _transform_call(
    request: transform_service_pb2.TransformBatchRequest, payload: Payload, server: Limits
) -> TransformCall:
    return TransformCall(
        transformation=_transformation(request),
        payload=payload,
        purposes=_purposes(request.purposes),
        tenant=_name("tenant", request.tenant),
        function_version=_name("function_version", request.function_version),
        limits=_limits(request, server),
        capture_output=request.capture_output,
    )


def _payload(encoding: int, content: bytes | memoryview) -> Payload:
    return Payload(known(ENCODINGS, encoding, "payload.encoding", RequestError), content)


def _no_message(name: str) -> RequestError:
    return RequestError("", f"the bytes are no {name}")


def _transformation(
    request: transform_service_pb2.CompileTransformationRequest
    | transform_service_pb2.TransformBatchRequest,
) -> Transformation:
    if not request.HasField("transformation"):
        raise RequestError("transformation", "is missing")
    message = request.transformation
    for field in ("input_schema", "output_schema"):
        if not getattr(message, field):
            raise RequestError(f"transformation.{field}", "is missing")
    return Transformation(message.input_schema, message.output_schema, _body(message))


def _body(message: transform_service_pb2.Transformation) -> Body:
    match message.WhichOneof("body"):
        case "mapping":
            return _mapping(message.mapping)
        case "function":
            return _function(message.function)
        case _:
            raise RequestError(
                "transformation.body", "is missing, expected a mapping or a function"
            )


def _mapping(message: transform_service_pb2.Mapping) -> Mapping:
    layouts = None
    if message.HasField("time_layouts"):
        written = message.time_layouts
        try:
            layouts = Layouts(written.datetime, written.date, written.time)
        except TypeDefinitionError as error:
            field = f"transformation.mapping.time_layouts.{error.attribute}"
            raise RequestError(field, f"found {error.found}, expected {error.expected}") from None
    return Mapping(expressions=tuple(sorted(message.expressions.items())), layouts=layouts)


def _function(message: transform_service_pb2.Function) -> Function:
    field = "transformation.function"
    for name, paths in (("in_paths", message.in_paths), ("out_paths", message.out_paths)):
        if len(paths) > MAX_PATHS:
            raise RequestError(
                f"{field}.{name}", f"found {len(paths)} paths, expected at most {MAX_PATHS}"
            )
    if not message.source:
        raise RequestError(f"{field}.source", "is missing")
    return Function(
        language=known(LANGUAGES, message.language, f"{field}.language", RequestError),
        source=message.source,
        in_paths=tuple(message.in_paths),
        out_paths=tuple(message.out_paths),
        preserve_json=message.preserve_json,
    )


def _purposes(numbers: Sequence[int]) -> Purposes:
    # Many records have few purposes: each number is looked up once.
    found = {number: known(PURPOSES, number, "purposes", RequestError) for number in set(numbers)}
    if len(numbers) == 1:
        return found[numbers[0]]
    return [found[number] for number in numbers]


def _limits(
    request: transform_service_pb2.CompileTransformationRequest
    | transform_service_pb2.TransformBatchRequest,
    server: Limits,
) -> Limits:
    """Read what a call may use: the server's limits, but for those that are asked for and lower."""
    message = request.limits
    asked: dict[str, Any] = {
        name: getattr(message, name) for name in _LIMITS if message.HasField(name)
    }
    return replace(server, **asked).bounded_by(server) if asked else server


def _name(field: str, text: str) -> str:
    if len(text) > MAX_NAME_CHARS:
        raise RequestError(
            field, f"found {len(text)} characters, expected at most {MAX_NAME_CHARS}"
        )
    return text


# Requests, as the client writes them.


def compile_request(call: CompileCall) -> bytes:
    """Write a request to compile."""
    return transform_service_pb2.CompileTransformationRequest(
        transformation=_transformation_message(call.transformation),
        tenant=call.tenant,
        limits=_limits_message(call.limits),
    ).SerializeToString()


def transform_request(call: TransformCall) -> bytes:
    """Write a request to transform."""
    usual = isinstance(call.purposes, Purpose)
    return seal(
        transform_service_pb2.TransformBatchRequest,
        ENCODING_NUMBERS[call.payload.encoding],
        call.payload.content,
        _kept_rest(replace(call, payload=_NOTHING)) if usual else _rest(call),
    )


def _rest(call: TransformCall) -> bytes:
    purposes = [call.purposes] if isinstance(call.purposes, Purpose) else call.purposes
    return transform_service_pb2.TransformBatchRequest(
        transformation=_transformation_message(call.transformation),
        purposes=[PURPOSE_NUMBERS[purpose] for purpose in purposes],
        tenant=call.tenant,
        function_version=call.function_version,
        limits=_limits_message(call.limits),
        capture_output=call.capture_output,
    ).SerializeToString()


@functools.lru_cache(maxsize=MAX_KEPT)
def _kept_rest(call: TransformCall) -> bytes:
    """Write all but the records: the batches of a run have it in common."""
    return _rest(call)


def _transformation_message(
    transformation: Transformation,
) -> transform_service_pb2.Transformation:
    message = transform_service_pb2.Transformation(
        input_schema=transformation.in_schema, output_schema=transformation.out_schema
    )
    body = transformation.body
    match body:
        case Mapping(expressions=expressions, layouts=layouts):
            # A mapping without pairs is one too: it is refused by compiling it.
            message.mapping.SetInParent()
            message.mapping.expressions.update(expressions)
            if layouts is not None:
                message.mapping.time_layouts.CopyFrom(
                    transform_service_pb2.TimeLayouts(
                        datetime=layouts.datetime, date=layouts.date, time=layouts.time
                    )
                )
        case Function():
            message.function.CopyFrom(
                transform_service_pb2.Function(
                    language=LANGUAGE_NUMBERS[body.language],
                    source=body.source,
                    preserve_json=body.preserve_json,
                    in_paths=body.in_paths,
                    out_paths=body.out_paths,
                )
            )
        case _:
            assert_never(body)
    return message


def _limits_message(limits: Limits | None) -> batch_pb2.Limits | None:
    if limits is None:
        return None
    numbers: dict[str, Any] = {name: getattr(limits, name) for name in _LIMITS}
    return batch_pb2.Limits(**numbers)
