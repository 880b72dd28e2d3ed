import inspect

import pytest

from runtime import errors
from runtime.errors import (
    AddressError,
    AnswerError,
    BatchRefusedError,
    BatchStoppedError,
    BusyError,
    DeadlineError,
    FunctionPausedError,
    FunctionRefusedError,
    FunctionsUnavailableError,
    GuestLostError,
    GuestUnavailableError,
    InternalError,
    KilnRuntimeError,
    LimitError,
    LimitValueError,
    RequestError,
    SchemaRefusedError,
    TransformationRefusedError,
    UnavailableError,
    WallsMissingError,
)
from runtime.statuses import DOMAIN, MAX_FACT_BYTES, TABLE, Status, error_of, facts_of, row_of

EXAMPLES = (
    RequestError("payload", "is missing"),
    SchemaRefusedError("transformation.input_schema", "no", code="S102", pointer="/properties/0"),
    BatchRefusedError("found text, expected int(32)", code="V202", path="address.zip"),
    LimitError("batch_records", found=12, allowed=10),
    LimitError("batch_seconds", found=0.5, allowed=0.25),
    LimitValueError("batch_bytes", -1),
    TransformationRefusedError("no", code="E421", pointer="/a", mistakes=3),
    FunctionRefusedError("syntax", "invalid syntax", line=3, column=7),
    BatchStoppedError("batch_seconds", "too slow", 7),
    BatchStoppedError("batch_kills", "too many"),
    FunctionsUnavailableError(),
    FunctionsUnavailableError("Python"),
    WallsMissingError(("seccomp filter", "memory limit")),
    FunctionPausedError(5, 42.5),
    GuestUnavailableError("no room"),
    BusyError("no turn"),
    DeadlineError("too late"),
    GuestLostError("killed"),
    UnavailableError("draining"),
    InternalError("0123456789abcdef"),
)
LOCAL = {
    KilnRuntimeError,
    AnswerError,  # found by the client
    AddressError,  # found before there is a call
}


def test_every_error_has_a_place_or_never_crosses() -> None:
    declared = {
        found
        for _, found in inspect.getmembers(errors, inspect.isclass)
        if issubclass(found, KilnRuntimeError)
    }
    assert {row.error for row in TABLE} == declared - LOCAL
    assert {type(example) for example in EXAMPLES} == declared - LOCAL


def test_reasons_are_unique_and_spelled_as_reasons() -> None:
    reasons = [row.reason for row in TABLE]
    assert len(set(reasons)) == len(reasons)
    assert all(reason.replace("_", "").isupper() and len(reason) <= 63 for reason in reasons)
    assert DOMAIN == "runtime.kiln"


def test_what_may_be_tried_again_has_a_status_that_says_so() -> None:
    retried = {Status.RESOURCE_EXHAUSTED, Status.DEADLINE_EXCEEDED, Status.UNAVAILABLE}
    assert {row.error for row in TABLE if row.error.retryable} == {
        row.error for row in TABLE if row.status in retried
    }


@pytest.mark.parametrize("error", EXAMPLES, ids=lambda error: type(error).__name__)
def test_an_error_is_the_same_on_the_other_side(error: KilnRuntimeError) -> None:
    row = row_of(error)
    assert row is not None
    found = error_of(row.reason, str(error), facts_of(error, row))
    assert (type(found), str(found), vars(found)) == (type(error), str(error), vars(error))


def test_a_long_fact_is_cut() -> None:
    error = RequestError("field", "é" * 10_000)
    row = row_of(error)
    assert row is not None
    assert len(facts_of(error, row)["message"].encode()) == MAX_FACT_BYTES


def test_an_error_without_a_place_has_none() -> None:
    assert row_of(AnswerError("no")) is None


@pytest.mark.parametrize(
    ("reason", "facts"),
    [
        ("NO_SUCH_REASON", {}),
        ("LIMIT_EXCEEDED", {}),
        ("LIMIT_EXCEEDED", {"limit": "a", "found": "x"}),
    ],
)
def test_a_reason_that_cannot_be_understood_is_an_answer_error(
    reason: str, facts: dict[str, str]
) -> None:
    assert isinstance(error_of(reason, "", facts), AnswerError)
