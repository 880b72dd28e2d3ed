"""Answers: written by the server, read by the client, which refuses with `AnswerError`."""

import itertools
from collections.abc import Sequence

from google.protobuf.message import DecodeError

from mapping_lang.batch import Rejection
from mapping_lang.diagnostics import Code, Diagnostic, Span
from runtime.contract import (
    CapturedOutput,
    Compiled,
    Encoding,
    Payload,
    Timings,
    Transformed,
)
from runtime.errors import AnswerError
from runtime.v1 import batch_pb2, diagnostic_pb2, transform_service_pb2
from runtime.wire.envelope import seal, unseal
from runtime.wire.tables import (
    CODES,
    ENCODING_NUMBERS,
    ENCODINGS,
    FAILURE_CLASS_NUMBERS,
    FAILURE_CLASSES,
    STEP_NUMBERS,
    STEPS,
    known,
)

# Answers, as the server writes them.


def compile_response(compiled: Compiled) -> bytes:
    """Write what a transformation is, or its mistakes."""
    return transform_service_pb2.CompileTransformationResponse(
        diagnostics=map(_diagnostic_message, compiled.diagnostics),
        in_paths=compiled.in_paths,
        out_paths=compiled.out_paths,
    ).SerializeToString()


def transform_response(transformed: Transformed[Payload]) -> bytes:
    """Write what became of a batch."""
    payload, timings = transformed.content, transformed.timings
    response = transform_service_pb2.TransformBatchResponse(
        rejections=map(_rejection_message, transformed.rejections),
        timings=batch_pb2.Timings(
            waiting_seconds=timings.waiting,
            starting_seconds=timings.starting,
            executing_seconds=timings.executing,
            encoding_seconds=timings.encoding,
        ),
        captured_outputs=[
            batch_pb2.CapturedOutput(position=each.position, text=each.text)
            for each in transformed.captured
        ],
    )
    return seal(
        transform_service_pb2.TransformBatchResponse,
        ENCODING_NUMBERS[payload.encoding],
        payload.content,
        response.SerializeToString(),
    )


def _diagnostic_message(diagnostic: Diagnostic) -> diagnostic_pb2.Diagnostic:
    span = diagnostic.span
    return diagnostic_pb2.Diagnostic(
        code=diagnostic.code.value,
        message=_unicode(diagnostic.message),
        span=None if span is None else diagnostic_pb2.Span(start=span.start, end=span.end),
        pointer=None if diagnostic.pointer is None else _unicode(diagnostic.pointer),
        expected=_unicode(diagnostic.expected),
        found=_unicode(diagnostic.found),
        hint=_unicode(diagnostic.hint),
    )


def _rejection_message(rejection: Rejection) -> diagnostic_pb2.Rejection:
    return diagnostic_pb2.Rejection(
        position=rejection.position,
        code=rejection.code.value,
        failure_class=FAILURE_CLASS_NUMBERS[rejection.failure_class],
        step=STEP_NUMBERS[rejection.step],
        path=_unicode(rejection.path),
        line=rejection.line or 0,
        column=rejection.column or 0,
        message=_unicode(rejection.message),
        hint=_unicode(rejection.hint),
    )


def _unicode(text: str) -> str:
    """Give text that protobuf takes: a message may quote half of a surrogate pair."""
    return text if text.isascii() else text.encode(errors="replace").decode()


# Answers, as the client reads them.


def compiled(message: bytes) -> Compiled:
    """Read what a transformation is, or its mistakes."""
    try:
        response = transform_service_pb2.CompileTransformationResponse.FromString(message)
    except DecodeError:
        raise _no_message("CompileTransformationResponse") from None
    return Compiled(
        diagnostics=tuple(map(_diagnostic, response.diagnostics)),
        in_paths=tuple(response.in_paths),
        out_paths=tuple(response.out_paths),
    )


def transformed(message: bytes, expected: Encoding, *, num_records: int) -> Transformed[Payload]:
    """Read what became of a batch of so many records, in the encoding in which it was sent."""
    try:
        response, content = unseal(transform_service_pb2.TransformBatchResponse, message)
    except DecodeError:
        raise _no_message("TransformBatchResponse") from None
    timings = response.timings
    encoding = known(ENCODINGS, response.payload.encoding, "payload.encoding", _answer_error)
    if encoding is not expected:
        raise _answer_error("payload.encoding", f"is {encoding}, expected {expected}")
    rejections = tuple(map(_rejection, response.rejections))
    positions = [rejection.position for rejection in rejections]
    _check_positions("rejections", positions, num_records)
    captured = tuple(CapturedOutput(each.position, each.text) for each in response.captured_outputs)
    _check_positions("captured_outputs", [each.position for each in captured], num_records)
    return Transformed(
        content=Payload(encoding, content),
        rejections=rejections,
        timings=Timings(
            waiting=timings.waiting_seconds,
            starting=timings.starting_seconds,
            executing=timings.executing_seconds,
            encoding=timings.encoding_seconds,
        ),
        captured=captured,
    )


def _check_positions(field: str, positions: Sequence[int], num_records: int) -> None:
    """See that each position is that of a record and comes once, in order."""
    rising = all(one < other for one, other in itertools.pairwise(positions))
    if not rising or (positions and positions[-1] >= num_records):
        raise _answer_error(field, f"has positions that {num_records} records do not have")


def _diagnostic(message: diagnostic_pb2.Diagnostic) -> Diagnostic:
    span = message.span
    return Diagnostic(
        code=_code(message.code),
        message=message.message,
        span=Span(span.start, span.end) if message.HasField("span") else None,
        pointer=message.pointer if message.HasField("pointer") else None,
        expected=message.expected,
        found=message.found,
        hint=message.hint,
    )


def _rejection(message: diagnostic_pb2.Rejection) -> Rejection:
    return Rejection(
        position=message.position,
        step=known(STEPS, message.step, "rejections.step", _answer_error),
        code=_code(message.code),
        message=message.message,
        failure_class=known(
            FAILURE_CLASSES, message.failure_class, "rejections.failure_class", _answer_error
        ),
        path=message.path,
        line=message.line or None,
        column=message.column or None,
        hint=message.hint,
    )


def _code(text: str) -> Code:
    code = CODES.get(text)
    if code is None:
        raise _answer_error("code", f"found the unknown code {text[:20]!r}")
    return code


def _no_message(name: str) -> AnswerError:
    return AnswerError(f"the runtime's answer is no {name}")


def _answer_error(field: str, message: str) -> AnswerError:
    return AnswerError(f"the runtime's answer: `{field}` {message}")
