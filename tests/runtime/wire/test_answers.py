from collections.abc import Callable

import pytest
from hypothesis import given

from mapping_lang.batch import Rejection, Step
from mapping_lang.diagnostics import Code, Diagnostic
from runtime.contract import CapturedOutput, Compiled, Encoding, Payload, Transformed
from runtime.errors import AnswerError
from runtime.v1 import transform_service_pb2
from runtime.wire.answers import compile_response, compiled, transform_response, transformed
from tests.runtime.wire.calls import COMPILED, NUM_RECORDS, TRANSFORMED

Response = transform_service_pb2.TransformBatchResponse


@given(COMPILED)
def test_what_was_compiled_is_the_same_on_the_other_side(answer: Compiled) -> None:
    assert compiled(compile_response(answer)) == answer


@given(TRANSFORMED)
def test_what_was_transformed_is_the_same_on_the_other_side(answer: Transformed[Payload]) -> None:
    message = transform_response(answer)
    assert transformed(message, answer.content.encoding, num_records=NUM_RECORDS) == answer


@given(TRANSFORMED)
def test_an_answer_is_a_message_as_any_other(answer: Transformed[Payload]) -> None:
    response = Response.FromString(transform_response(answer))
    assert response.payload.content == answer.content.content
    message = response.SerializeToString()
    assert transformed(message, answer.content.encoding, num_records=NUM_RECORDS) == answer


def test_half_of_a_surrogate_pair_in_a_message_travels_as_a_question_mark() -> None:
    diagnostic = Diagnostic(code=Code.EXPRESSION_TEXT, message="\ud800", pointer="/\udc00")
    found = compiled(compile_response(Compiled(diagnostics=(diagnostic,))))
    assert found.diagnostics == (Diagnostic(code=Code.EXPRESSION_TEXT, message="?", pointer="/?"),)


ANSWER = Transformed(
    content=Payload(Encoding.JSON_RECORDS, b"[]"),
    rejections=tuple(
        Rejection(position=n, step=Step.TRANSFORM, code=Code.VALUE_RANGE, message="no")
        for n in (1, 3)
    ),
    captured=(CapturedOutput(2, "hello"),),
)


@pytest.mark.parametrize(
    "change",
    [
        lambda r: r.payload.ClearField("encoding"),
        lambda r: setattr(r.payload, "encoding", 1),
        lambda r: setattr(r.rejections[0], "position", 3),
        lambda r: setattr(r.rejections[0], "position", 5),
        lambda r: setattr(r.rejections[1], "position", 4),
        lambda r: setattr(r.rejections[0], "code", "V999"),
        lambda r: setattr(r.rejections[0], "step", 0),
        lambda r: setattr(r.rejections[0], "failure_class", 42),
        lambda r: setattr(r.captured_outputs[0], "position", 4),
    ],
)
def test_what_no_server_says_is_refused(change: Callable[[Response], object]) -> None:
    response = Response.FromString(transform_response(ANSWER))
    assert transformed(response.SerializeToString(), Encoding.JSON_RECORDS, num_records=4) == ANSWER
    change(response)
    with pytest.raises(AnswerError):
        transformed(response.SerializeToString(), Encoding.JSON_RECORDS, num_records=4)


def test_bytes_that_are_no_answer_are_refused() -> None:
    with pytest.raises(AnswerError):
        compiled(b"\xff\xff")
    with pytest.raises(AnswerError):
        transformed(b"\xff\xff", Encoding.JSON_RECORDS, num_records=4)
