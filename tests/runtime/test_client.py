"""The client against real servers."""

import json
import threading
import time
from collections.abc import AsyncIterator, Sequence
from collections.abc import Mapping as MappingABC
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import grpc
import pytest
import structlog
from hypothesis import given, settings
from hypothesis import strategies as st

from mapping_lang.batch import Batch, Step
from mapping_lang.diagnostics import Code
from mapping_lang.program import Purposes
from mapping_lang.types.codec.encode import encoder_for
from mapping_lang.types.kinds import ObjectType, Property, StringType
from mapping_lang.types.schema import Purpose
from mapping_lang.types.values import Record, Value
from runtime.chunks import halves, pieces
from runtime.client import Client, ClientOptions, Health, Job
from runtime.contract import Mapping, Transformation, Transformed
from runtime.deadline import Deadline
from runtime.errors import (
    AnswerError,
    BatchStoppedError,
    DeadlineError,
    FunctionsUnavailableError,
    RequestError,
    SchemaRefusedError,
    TransformationRefusedError,
    UnavailableError,
)
from runtime.functions import FunctionResult, FunctionTask
from runtime.limits import Limits
from runtime.retry import RetryPolicy
from runtime.sandbox.interface import Language
from runtime.server import Server
from runtime.settings import Settings
from runtime.transformation import Transformer
from runtime.v1 import transform_service_pb2
from runtime.wire.tables import REQUEST_ID_KEY, SERVICE
from tests.runtime.doubler import Doubler
from tests.runtime.serving import IN_SCHEMA, ask, job, mapping, running, socket_address
from tests.runtime.test_transformation import call, function
from tests.strategies import records

QUICK = RetryPolicy(total_seconds=0.5)
IMPORT = Purpose.IMPORT


def batch(*found: MappingABC[str, Value | None]) -> Batch:
    return Batch.from_records(IN_SCHEMA, found)


@given(st.integers(0, 300), st.integers(0, 10_000), st.integers(1, 50), st.integers(1, 10_000))
def test_pieces_are_all_records_once_in_order_and_small(
    num_records: int, num_bytes: int, max_records: int, max_bytes: int
) -> None:
    found = list(pieces(num_records, num_bytes, max_records, max_bytes))
    assert [position for piece in found for position in piece] == list(range(num_records))
    assert all(len(piece) <= max_records for piece in found)
    assert all(
        len(piece) <= 1 or len(piece) * num_bytes <= max_bytes * num_records for piece in found
    )
    assert found


def test_halves_are_the_whole() -> None:
    first, second = halves(range(3, 8))
    assert [*first, *second] == list(range(3, 8))


def test_compiling_gives_what_the_server_says() -> None:
    with running() as (_, address):
        good, bad = (
            ask(address, lambda client, each=each: client.compile(each))  # type: ignore[misc]
            for each in (mapping(), mapping(name="nobody"))
        )
    assert (good.in_paths, good.out_paths) == (("id", "name"), ("name", "number"))
    assert [each.code for each in bad.diagnostics] == [Code.EXPRESSION_PROPERTY_UNKNOWN]


def test_health_tells_which_languages_are_served_and_what_the_walls_are() -> None:
    with running() as (_, address):
        off = ask(address, lambda client: client.health())
    with running(engine=Doubler()) as (_, address):
        python = ask(address, lambda client: client.health())
    assert off == Health(serving=True, languages=frozenset(), walls="functions off")
    assert python == Health(
        serving=True, languages=frozenset({Language.PYTHON}), walls="passed: all walls"
    )


def test_the_health_of_a_server_that_is_not_there_is_asked_once() -> None:
    with socket_address() as address, pytest.raises(UnavailableError):
        ask(address, lambda client: client.health())


def test_the_log_of_a_refused_call_has_the_request_id_of_its_caller() -> None:
    options = ClientOptions(metadata=lambda: ((REQUEST_ID_KEY, "a" * 80),))
    merge = structlog.contextvars.merge_contextvars
    with (
        running() as (_, address),
        structlog.testing.capture_logs(processors=[merge]) as logs,
        pytest.raises(FunctionsUnavailableError),
    ):
        ask(address, lambda client: client.compile(function("number")), options)
    assert [each["request_id"] for each in logs if each["event"] == "call refused"] == ["a" * 64]


CHUNKS = st.builds(
    ClientOptions,
    max_records=st.integers(1, 9),
    max_bytes=st.sampled_from([1, 700, 2_000, 10_000]),
    in_flight=st.integers(1, 4),
)


@given(data=st.data())
@settings(max_examples=25, deadline=None)
def test_a_batch_in_pieces_is_the_batch_at_once(data: st.DataObject) -> None:
    found = data.draw(st.lists(records(IN_SCHEMA), max_size=25))
    count = len(found)
    purposes: Purposes = data.draw(
        st.sampled_from(Purpose)
        | st.lists(st.sampled_from(Purpose), min_size=count, max_size=count)
    )
    options = data.draw(CHUNKS)
    text = json.loads(encoder_for(IN_SCHEMA).encode_array(found))
    for position in data.draw(st.sets(st.integers(0, max(0, count - 1)), max_size=3)):
        if count:
            text[position]["id"] = "no number"
    array = json.dumps(text).encode()

    async def both(client: Client) -> tuple[Transformed[Batch], Transformed[bytes]]:
        one = job(number="id", name="name")
        return (
            await client.transform(one, batch(*found), purposes),
            await client.transform_json(one, array, purposes),
        )

    by_arrow, by_json = ask(SHARED.address, both, options)
    transformer, one = Transformer(Limits()), mapping(number="id", name="name")
    expected = transformer.transform(call(array, purposes, transformation=one))
    assert by_json.content == expected.content.content
    assert by_json.rejections == expected.rejections
    whole = ask(SHARED.address, both)[0]
    assert by_arrow.content.to_records() == whole.content.to_records()
    assert by_arrow.rejections == whole.rejections


class Shared:
    """One server for the properties."""

    address = ""


SHARED = Shared()


@pytest.fixture(autouse=True, scope="module")
def _shared_server() -> Any:  # noqa: ANN401 - a generator of nothing
    with running() as (_, address):
        SHARED.address = address
        yield


def texts(*found: str) -> tuple[Job, Batch]:
    """A mapping that doubles its text."""
    schema = ObjectType((Property("s", StringType()),))
    double = Transformation.of(schema, schema, Mapping(expressions=(("s", "s s"),)))
    return Job(transformation=double), Batch.from_records(schema, [{"s": text} for text in found])


def test_a_record_that_is_too_large_alone_is_rejected_and_the_others_are_not() -> None:
    small, large = "x" * 100, "x" * 30_000
    one, some = texts(small, large, small, small, large)
    for limits in (Limits(batch_bytes=20_000), Limits(batch_output_bytes=50_000)):
        with running(limits) as (_, address):
            found = ask(address, lambda client: client.transform(one, some, IMPORT))
        assert found.content.to_records() == [{"s": 2 * small}] * 3
        assert [(each.position, each.code, each.step) for each in found.rejections] == [
            (1, Code.VALUE_LIMIT, Step.TRANSFORM),
            (4, Code.VALUE_LIMIT, Step.TRANSFORM),
        ]


def test_a_batch_of_which_every_record_is_too_large_gives_none() -> None:
    one, some = texts("x" * 30_000)
    with running(Limits(batch_bytes=20_000)) as (_, address):
        found = ask(address, lambda client: client.transform(one, some, IMPORT))
        array = json.dumps(some.to_records()).encode()
        by_json = ask(address, lambda client: client.transform_json(one, array, IMPORT))
    assert (found.content.num_records, len(found.rejections)) == (0, 1)
    assert (by_json.content, len(by_json.rejections)) == (b"[]", 1)


def test_many_batches_come_back_in_their_order() -> None:
    async def source() -> AsyncIterator[tuple[Batch, Purposes]]:
        for number in range(20):
            # The longer ones first, so that the shorter ones would overtake them.
            yield batch(*({"id": number} for _ in range(400 - 20 * number))), IMPORT

    async def all_of(client: Client) -> list[Transformed[Batch]]:
        return [each async for each in client.transform_batches(job(number="id"), source())]

    found = ask(SHARED.address, all_of, ClientOptions(in_flight=5))
    assert [each.content.to_records()[0] for each in found] == [{"number": n} for n in range(20)]
    assert [each.content.num_records for each in found] == [400 - 20 * n for n in range(20)]


@pytest.mark.parametrize(
    ("wrong", "error"),
    [
        (mapping(name="lower(1, 2)"), TransformationRefusedError),
        (mapping(nobody="id"), TransformationRefusedError),
        (Transformation("{}", mapping().out_schema, mapping().body), SchemaRefusedError),
        (function("number"), FunctionsUnavailableError),
    ],
)
def test_an_error_of_the_server_is_raised_as_its_class(
    wrong: Transformation, error: type[Exception]
) -> None:
    with pytest.raises(error):
        ask(
            SHARED.address,
            lambda client: client.transform(Job(transformation=wrong), batch({"id": 1}), IMPORT),
        )


def test_purposes_that_are_not_one_for_each_are_not_even_sent() -> None:
    with pytest.raises(RequestError):
        ask("unix:/nowhere", lambda client: client.transform(job(), batch(), [IMPORT]))


def test_a_server_that_is_not_there_is_an_error_after_the_retries() -> None:
    begun = time.monotonic()
    with socket_address() as address, pytest.raises(UnavailableError):
        ask(address, lambda client: client.compile(mapping()), ClientOptions(retry=QUICK))
    assert 0.2 < time.monotonic() - begun < 10


def test_a_server_that_comes_late_is_waited_for() -> None:
    with socket_address() as address, ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(ask, address, lambda client: client.compile(mapping()))
        time.sleep(0.3)
        server = Server(Settings(listen=address), address)
        try:
            assert waiting.result(20).diagnostics == ()
        finally:
            server.drain(5)


class Slow(Doubler):
    """An engine that waits until it may go on."""

    def __init__(self) -> None:
        super().__init__()
        self.go = threading.Event()
        self.begun = threading.Semaphore(0)
        self.calls = 0

    def apply(
        self,
        task: FunctionTask,
        records: Sequence[Record],
        purposes: Purposes,
        limits: Limits,
        deadline: Deadline,
        *,
        capture_output: bool,
    ) -> FunctionResult:
        self.calls += 1
        self.begun.release()
        self.go.wait(10)
        return super().apply(
            task, records, purposes, limits, deadline, capture_output=capture_output
        )


def test_a_deadline_passes_at_the_client_and_is_tried_once_more() -> None:
    engine = Slow()
    with running(engine=engine) as (_, address):
        options = ClientOptions(timeout_seconds=0.2)
        one = Job(transformation=function("number"))
        with pytest.raises(DeadlineError):
            ask(address, lambda client: client.transform(one, batch({"id": 2}), IMPORT), options)
        engine.go.set()
    assert engine.calls == 2


class Stopping(Doubler):
    """An engine that gives up each batch at its second record."""

    def apply(self, *_: Any, **__: Any) -> FunctionResult:  # noqa: ANN401 - it does not matter
        raise BatchStoppedError("batch_kills", "too many", 1)


def test_the_position_at_which_a_batch_was_stopped_is_that_in_the_whole_batch() -> None:
    some: list[Record] = [{"id": 2}] * 6
    with running(engine=Stopping()) as (_, address), pytest.raises(BatchStoppedError) as caught:
        ask(
            address,
            lambda client: client.transform(
                Job(transformation=function("number")), batch(*some), IMPORT
            ),
            ClientOptions(max_records=3, in_flight=1),
        )
    assert caught.value.position in {1, 4}


def test_what_a_function_printed_is_found_at_its_record() -> None:
    one = Job(transformation=function("number"), capture_output=True)
    with running(engine=Doubler()) as (_, address):
        found = ask(
            address,
            lambda client: client.transform(one, batch(*({"id": 2} for _ in range(6))), IMPORT),
            ClientOptions(max_records=3),
        )
    assert [each.position for each in found.captured] == [0, 3]


RESPONSE = transform_service_pb2.TransformBatchResponse


@pytest.mark.parametrize(
    "answer",
    [
        b"\xff\xff",
        b"",
        RESPONSE(payload={"encoding": 1, "content": b"no columns"}).SerializeToString(),
        RESPONSE(payload={"encoding": 2, "content": b"[]"}).SerializeToString(),
        RESPONSE(
            payload={"encoding": 1, "content": batch().to_bytes()}, rejections=[{"position": 7}]
        ).SerializeToString(),
    ],
)
def test_an_answer_that_is_none_is_an_answer_error(answer: bytes) -> None:
    server = grpc.server(ThreadPoolExecutor(2))
    handler = grpc.unary_unary_rpc_method_handler(lambda *_: answer)
    server.add_generic_rpc_handlers(
        (grpc.method_handlers_generic_handler(SERVICE, {"TransformBatch": handler}),)
    )
    with socket_address() as address:
        server.add_insecure_port(address)
        server.start()
        try:
            with pytest.raises(AnswerError):
                ask(address, lambda client: client.transform(job(), batch({"id": 1}), IMPORT))
            with pytest.raises(AnswerError):
                ask(address, lambda client: client.compile(mapping()))
        finally:
            server.stop(0).wait()
