import json
import threading
from collections.abc import Mapping as Mapping_
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mapping_lang.batch import Batch, Rejection, Step
from mapping_lang.compiler import compile_mapping
from mapping_lang.diagnostics import Code
from mapping_lang.program import Purposes
from mapping_lang.types.codec.encode import encoder_for
from mapping_lang.types.kinds import NO_SCHEMA, IntType, ObjectType, Property, Schema, StringType
from mapping_lang.types.schema import Purpose
from mapping_lang.types.values import Record
from runtime import payloads, transformation
from runtime.contract import (
    CapturedOutput,
    CompileCall,
    Encoding,
    Function,
    Mapping,
    Payload,
    Timings,
    Transformation,
    TransformCall,
)
from runtime.deadline import Deadline
from runtime.errors import (
    BatchRefusedError,
    BatchStoppedError,
    BusyError,
    DeadlineError,
    FunctionsUnavailableError,
    LimitError,
    RequestError,
    SchemaRefusedError,
    TransformationRefusedError,
)
from runtime.functions import FunctionResult, FunctionTask
from runtime.limits import Limits
from runtime.payloads import Received, receive
from runtime.sandbox.interface import Language
from runtime.transformation import Transformer
from tests.runtime.doubler import Doubler
from tests.runtime.serving import IN_SCHEMA, OUT_SCHEMA, mapping
from tests.strategies import canonical, records, schemas

IMPORT = Purpose.IMPORT


def call(
    payload: bytes,
    purposes: Purposes = IMPORT,
    encoding: Encoding = Encoding.JSON_RECORDS,
    transformation: Transformation | None = None,
    limits: Limits | None = None,
) -> TransformCall:
    return TransformCall(
        transformation=transformation or mapping(),
        payload=Payload(encoding, payload),
        purposes=purposes,
        limits=limits,
    )


def rows(*found: Mapping_[str, object]) -> bytes:
    return json.dumps(found).encode()


def arrow(*found: Record) -> bytes:
    return Batch.from_records(IN_SCHEMA, found).to_bytes()


def test_json_gives_json_and_arrow_gives_arrow() -> None:
    transformer = Transformer(Limits())
    by_json = transformer.transform(call(rows({"id": 1, "name": "a"}, {"id": 2}))).content
    assert by_json == Payload(
        Encoding.JSON_RECORDS, b'[{"number":1,"name":"A"},{"number":2,"name":null}]'
    )
    by_arrow = transformer.transform(
        call(arrow({"id": 1, "name": "a"}, {"id": 2}), encoding=Encoding.ARROW_STREAM)
    ).content
    assert by_arrow.encoding is Encoding.ARROW_STREAM
    assert Batch.from_bytes(mapping().result_schema(), by_arrow.content).to_records() == [
        {"number": 1, "name": "A"},
        {"number": 2, "name": None},
    ]


def test_every_record_that_fails_is_rejected_at_its_own_position_and_step() -> None:
    found = Transformer(Limits()).transform(
        call(
            rows(
                {"id": 1},
                {"id": "x"},
                {"id": 3, "name": "far too long a name"},
                {"id": 4, "no": 1},
                {"id": 5},
            )
        )
    )
    assert json.loads(bytes(found.content.content)) == [
        {"number": 1, "name": None},
        {"number": 5, "name": None},
    ]
    assert [(each.position, each.step, each.code, each.path) for each in found.rejections] == [
        (1, Step.VALIDATE_INPUT, Code.VALUE_TYPE, "id"),
        (2, Step.VALIDATE_OUTPUT, Code.VALUE_MAX_LENGTH, "name"),
        (3, Step.VALIDATE_INPUT, Code.VALUE_PROPERTY_UNKNOWN, "no"),
    ]


def test_each_record_has_its_own_purpose_also_behind_one_that_is_left_out() -> None:
    found = Transformer(Limits()).transform(
        call(
            rows({"id": "x"}, {"id": 2}, {"id": 3}, {"id": 4, "name": "d"}),
            [Purpose.UPDATE, Purpose.UPDATE, Purpose.IMPORT, Purpose.UPDATE],
            transformation=mapping(name="name"),
        )
    )
    assert json.loads(bytes(found.content.content)) == [
        {"name": None},
        {"name": None},
        {"name": "d"},
    ]
    assert [each.position for each in found.rejections] == [0]


def test_purposes_that_are_not_one_for_each_are_refused() -> None:
    with pytest.raises(RequestError) as caught:
        Transformer(Limits()).transform(call(rows({"id": 1}), [IMPORT, IMPORT]))
    assert caught.value.field == "purposes"


@pytest.mark.parametrize("encoding", Encoding)
def test_a_batch_without_records_is_harmless(encoding: Encoding) -> None:
    empty = b"[]" if encoding is Encoding.JSON_RECORDS else arrow()
    found = Transformer(Limits()).transform(call(empty, [], encoding))
    assert (found.rejections, found.content.encoding) == ((), encoding)


def test_a_schema_without_properties_has_empty_records() -> None:
    constant = Transformation.of(NO_SCHEMA, OUT_SCHEMA, Mapping(expressions=(("name", "'x'"),)))
    found = Transformer(Limits()).transform(call(b'[{}, { } ,{"a":1},1]', transformation=constant))
    assert found.content.content == b'[{"name":"x"},{"name":"x"}]'
    assert [each.position for each in found.rejections] == [2, 3]


@pytest.mark.parametrize(
    ("encoding", "payload"),
    [
        (Encoding.JSON_RECORDS, b""),
        (Encoding.JSON_RECORDS, b"{}"),
        (Encoding.JSON_RECORDS, b"\xff"),
        (Encoding.JSON_RECORDS, b'[{"id":1}'),
        (Encoding.ARROW_STREAM, b""),
        (Encoding.ARROW_STREAM, b"[]"),
        (Encoding.ARROW_STREAM, arrow({"id": 1})[:-20]),
        (Encoding.ARROW_STREAM, Batch.from_records(OUT_SCHEMA, []).to_bytes()),
        (Encoding.JSON_RECORDS, arrow({"id": 1})),
    ],
)
def test_a_payload_that_is_no_batch_is_refused_as_a_whole(
    encoding: Encoding, payload: bytes
) -> None:
    with pytest.raises(BatchRefusedError):
        Transformer(Limits()).transform(call(payload, encoding=encoding))


def test_a_value_outside_its_type_in_columns_is_refused_with_its_place() -> None:
    limited = ObjectType((Property("s", StringType(max_length=1)),))
    loose = ObjectType((Property("s", StringType()),))
    payload = Batch.from_records(loose, [{"s": "a"}, {"s": "ab"}]).to_bytes()
    identity = Transformation.of(limited, limited, Mapping(expressions=(("s", "s"),)))
    with pytest.raises(BatchRefusedError) as caught:
        Transformer(Limits()).transform(
            call(payload, encoding=Encoding.ARROW_STREAM, transformation=identity)
        )
    assert (caught.value.code, caught.value.path) == (Code.VALUE_MAX_LENGTH.value, "[1].s")


@pytest.mark.parametrize("side", ["in", "out"])
def test_a_schema_that_is_none_is_refused(side: str) -> None:
    text = '{"kind":"object","properties":[{"name":"a b","type":{"kind":"year"}}]}'
    good = mapping()
    broken = replace(good, in_schema=text) if side == "in" else replace(good, out_schema=text)
    with pytest.raises(SchemaRefusedError) as caught:
        Transformer(Limits()).compile(CompileCall(transformation=broken))
    assert (caught.value.pointer, caught.value.code) == ("/properties/0/name", "S110")


def test_mistakes_are_an_answer_of_compiling_and_an_error_of_applying() -> None:
    transformer, wrong = Transformer(Limits()), mapping(name="lower(id, 1)", number="nobody")
    answer = transformer.compile(CompileCall(transformation=wrong))
    _, expected = compile_mapping(
        {"name": "lower(id, 1)", "number": "nobody"}, IN_SCHEMA, OUT_SCHEMA
    )
    assert (answer.diagnostics, answer.in_paths) == (expected, ())
    with pytest.raises(TransformationRefusedError) as caught:
        transformer.transform(call(b"[]", transformation=wrong))
    assert (caught.value.pointer, caught.value.mistakes) == ("/name", 2)


def test_compiling_gives_the_paths_that_are_read_and_given() -> None:
    answer = Transformer(Limits()).compile(CompileCall(transformation=mapping()))
    assert (answer.in_paths, answer.out_paths) == (("id", "name"), ("name", "number"))


@pytest.mark.parametrize(
    ("limits", "limit"),
    [
        (Limits(batch_records=1), "batch_records"),
        (Limits(batch_bytes=8), "batch_bytes"),
        (Limits(batch_output_bytes=8), "batch_output_bytes"),
    ],
)
@pytest.mark.parametrize("encoding", Encoding)
def test_a_batch_beyond_a_limit_is_refused_by_its_name(
    limits: Limits, limit: str, encoding: Encoding
) -> None:
    some: list[Record] = [{"id": 1}, {"id": 2}]
    payload = (
        arrow(*some)
        if encoding is Encoding.ARROW_STREAM
        else encoder_for(IN_SCHEMA).encode_array(some)
    )
    for transformer, asked in ((Transformer(limits), None), (Transformer(Limits()), limits)):
        with pytest.raises(LimitError) as caught:
            transformer.transform(call(payload, encoding=encoding, limits=asked))
        assert caught.value.limit == limit


def test_a_request_cannot_raise_the_servers_limits() -> None:
    transformer = Transformer(Limits(batch_records=1))
    with pytest.raises(LimitError):
        transformer.transform(call(rows({"id": 1}, {"id": 2}), limits=Limits(batch_records=10)))


def test_a_call_that_is_too_late_is_not_begun() -> None:
    with pytest.raises(DeadlineError):
        Transformer(Limits()).transform(call(rows({"id": 1})), caller_seconds=0.0)


def test_a_mapping_that_takes_too_long_is_stopped_between_slices(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(transformation, "SLICE_STEPS", 1)
    many = rows(*({"id": n} for n in range(5_000)))
    with pytest.raises(BatchStoppedError) as caught:
        Transformer(Limits(batch_seconds=0.002)).transform(call(many))
    assert caught.value.limit == "batch_seconds"


def test_what_a_mapping_multiplies_is_stopped_before_it_fills_the_memory() -> None:
    schema = ObjectType((Property("s", StringType()),))
    bomb = Transformation.of(schema, schema, Mapping(expressions=(("s", " ".join(["s"] * 900)),)))
    payload = Batch.from_records(schema, [{"s": "x" * 100_000}] * 40).to_bytes()
    with pytest.raises(LimitError) as caught:
        Transformer(Limits()).transform(
            call(payload, encoding=Encoding.ARROW_STREAM, transformation=bomb)
        )
    assert caught.value.limit == "batch_output_bytes"
    assert caught.value.found < 2 * transformation.SLICE_BYTES


@pytest.mark.parametrize("encoding", Encoding)
@given(data=st.data())
@settings(max_examples=15, deadline=None)
def test_a_batch_in_slices_is_the_batch_at_once(encoding: Encoding, data: st.DataObject) -> None:
    found = data.draw(st.lists(records(IN_SCHEMA), max_size=12))
    purposes = data.draw(
        st.lists(st.sampled_from(Purpose), min_size=len(found), max_size=len(found))
    )
    payload = (
        arrow(*found)
        if encoding is Encoding.ARROW_STREAM
        else encoder_for(IN_SCHEMA).encode_array(found)
    )
    one = call(payload, purposes, encoding)
    whole = Transformer(Limits()).transform(one)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(transformation, "SLICE_STEPS", data.draw(st.integers(1, 12)))
        sliced = Transformer(Limits()).transform(one)
    assert (sliced.content, sliced.rejections) == (whole.content, whole.rejections)


def _identity(schema: Schema) -> Transformation:
    pairs = tuple(sorted((item.name, item.name) for item in schema.properties))
    return Transformation.of(schema, schema, Mapping(expressions=pairs))


@given(data=st.data())
@settings(max_examples=30, deadline=None)
def test_any_value_of_any_type_passes_in_both_encodings(data: st.DataObject) -> None:
    schema = data.draw(schemas(1))
    found = data.draw(st.lists(records(schema), max_size=4))
    transformer, same = Transformer(Limits()), _identity(schema)
    ready = transformer.compile(CompileCall(transformation=same))
    if ready.diagnostics:
        return  # a name that is a word of the language cannot be read back by itself
    payload = Batch.from_records(schema, found).to_bytes()
    by_arrow = transformer.transform(
        call(payload, encoding=Encoding.ARROW_STREAM, transformation=same)
    )
    text = encoder_for(schema).encode_array(found)
    by_json = transformer.transform(call(text, transformation=same))
    program, _ = compile_mapping(dict(same.body.expressions), schema, schema)  # type: ignore[union-attr]
    assert program is not None
    expected = program.apply_records(found, IMPORT)
    assert canonical(
        Batch.from_bytes(same.result_schema(), by_arrow.content.content).to_records()
    ) == canonical(expected.records)
    assert by_json.content.content == encoder_for(same.result_schema()).encode_array(
        expected.records
    )
    assert by_arrow.rejections == by_json.rejections == tuple(expected.rejections)
    assert _by_columns(call(text, transformation=same)) == (by_json.content, by_json.rejections)


def _by_columns(one: TransformCall) -> tuple[Payload, tuple[Rejection, ...]]:
    """Transform a batch as if it had many records."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(payloads, "MIN_COLUMNS_BYTES", 0)
        patch.setattr(payloads, "MIN_COLUMNS_RECORDS", 1)
        found = Transformer(Limits()).transform(one)
    return found.content, found.rejections


WRONG = st.sampled_from(
    ['{"id":"x"}', '{"id":1,"id":2}', '{"id":1,"no":2}', "1", '{"id":1,"name":"\\ud800"}', "{}"]
)


@given(data=st.data())
@settings(max_examples=40, deadline=None)
def test_many_records_of_json_become_the_same_as_few(data: st.DataObject) -> None:
    right = records(IN_SCHEMA).map(lambda each: encoder_for(IN_SCHEMA).encode(each).decode())
    wrong = data.draw(st.sampled_from([right, WRONG]))
    found = data.draw(st.lists(st.one_of(right, right, wrong), max_size=12))
    purposes = data.draw(
        st.lists(st.sampled_from(Purpose), min_size=len(found), max_size=len(found))
    )
    one = call(f"[{','.join(found)}]".encode(), purposes)
    by_record = Transformer(Limits()).transform(one)
    assert _by_columns(one) == (by_record.content, by_record.rejections)


def test_many_records_without_properties_are_as_many() -> None:
    nothing = Transformation.of(NO_SCHEMA, OUT_SCHEMA, Mapping(expressions=(("number", "1"),)))
    one = call(rows({}, {}, {}), transformation=nothing)
    content, rejections = _by_columns(one)
    assert (bytes(content.content), rejections) == (
        b'[{"number":1},{"number":1},{"number":1}]',
        (),
    )


def test_many_records_of_json_keep_the_limits() -> None:
    limits = Limits(batch_records=1_000, batch_output_bytes=20_000)
    text = rows(*({"id": n, "name": "n" * 300} for n in range(1_001)))
    with pytest.raises(LimitError) as caught:
        Transformer(limits).transform(call(text))
    assert (caught.value.limit, caught.value.found) == ("batch_records", 1_001)
    text = rows(*({"id": n, "name": "name"} for n in range(900)), {"id": 1, "no": "x" * 60_000})
    with pytest.raises(LimitError) as caught:
        Transformer(limits).transform(call(text))
    assert caught.value.limit == "batch_output_bytes"


def function(*out_paths: str, in_paths: Sequence[str] = ("id",)) -> Transformation:
    body = Function(
        language=Language.PYTHON,
        source="def transform(x): return x",
        in_paths=tuple(in_paths),
        out_paths=out_paths,
    )
    return Transformation.of(IN_SCHEMA, OUT_SCHEMA, body)


def test_a_function_goes_to_the_engine_with_pruned_schemas() -> None:
    engine = Doubler()
    transformer = Transformer(Limits(), engine)
    found = transformer.transform(
        replace(
            call(rows({"id": "x"}, {"id": 1}, {"id": 2}), transformation=function("number")),
            tenant="t",
            function_version="7",
            capture_output=True,
        )
    )
    assert found.content.content == b'[{"number":4}]'
    assert [(each.position, each.message) for each in found.rejections][1:] == [(1, "odd")]
    assert (found.captured, found.timings.executing) == ((CapturedOutput(0, "hi"),), 1.0)
    [task] = engine.tasks
    assert (task.tenant, task.version) == ("t", "7")
    assert [item.name for item in task.in_schema.properties] == ["id"]
    assert [item.name for item in task.out_schema.properties] == ["number"]


def test_a_function_sees_only_what_it_asked_for() -> None:
    inner = ObjectType((Property("x", IntType(8)), Property("y", IntType(8))))
    schema = ObjectType((Property("o", inner, nullable=True), Property("p", IntType(8))))
    body = Function(language=Language.PYTHON, source="x", in_paths=("o.y",), out_paths=("number",))
    found: list[Record] = [{"o": {"x": 1, "y": 2}, "p": 3}, {"o": None, "p": 4}]
    seen: list[Sequence[Record]] = []

    class Seeing(Doubler):
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
            seen.append(records)
            return FunctionResult(records=[], rejections=[], timings=Timings())

    for encoding, payload in (
        (Encoding.JSON_RECORDS, encoder_for(schema).encode_array(found)),
        (Encoding.ARROW_STREAM, Batch.from_records(schema, found).to_bytes()),
    ):
        Transformer(Limits(), Seeing()).transform(
            call(
                payload,
                encoding=encoding,
                transformation=Transformation.of(schema, OUT_SCHEMA, body),
            )
        )
    assert seen == [[{"o": {"y": 2}}, {"o": None}]] * 2


@pytest.mark.parametrize("encoding", Encoding)
def test_a_runtime_without_functions_says_so(encoding: Encoding) -> None:
    transformer = Transformer(Limits())
    with pytest.raises(FunctionsUnavailableError):
        transformer.compile(CompileCall(transformation=function("number")))
    with pytest.raises(FunctionsUnavailableError):
        transformer.transform(call(b"", encoding=encoding, transformation=function("number")))


def test_a_source_that_is_too_long_is_refused() -> None:
    transformer = Transformer(Limits(source_chars=5), Doubler())
    with pytest.raises(LimitError) as caught:
        transformer.compile(CompileCall(transformation=function("number")))
    assert caught.value.limit == "source_chars"


@pytest.mark.parametrize(
    ("in_paths", "out_paths", "pointers"),
    [
        (("id",), (), ["/outPaths"]),
        (("id", "nobody"), ("number",), ["/inPaths/1"]),
        (("id",), ("number", "number"), ["/outPaths/1"]),
        (("id", "id.x"), ("number",), ["/inPaths/1"]),
        (("a b",), ("number", ""), ["/inPaths/0", "/outPaths/1"]),
        ((), ("number",), []),
    ],
)
def test_the_paths_of_a_function_exist_once_and_apart(
    in_paths: tuple[str, ...], out_paths: tuple[str, ...], pointers: list[str]
) -> None:
    transformer = Transformer(Limits(), Doubler())
    answer = transformer.compile(
        CompileCall(transformation=function(*out_paths, in_paths=in_paths))
    )
    assert [each.pointer for each in answer.diagnostics] == pointers
    assert {each.code for each in answer.diagnostics} <= {Code.FUNCTION_PATH}


def test_a_mapping_that_gets_no_turn_is_a_matter_of_capacity(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    begun, go = threading.Event(), threading.Event()

    def slowly(payload: Payload, schema: Schema, limits: Limits) -> Received:
        begun.set()
        go.wait(20)
        return receive(payload, schema, limits)

    monkeypatch.setattr(transformation, "MAX_MAPPINGS_AT_ONCE", 1)
    monkeypatch.setattr(transformation, "receive_for_columns", slowly)
    transformer = Transformer(Limits(waiting_seconds=0.05))
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(transformer.transform, call(rows({"id": 1})))
        assert begun.wait(20)
        with pytest.raises(BusyError):
            transformer.transform(call(rows({"id": 1})))
        go.set()
        assert first.result(20).rejections == ()
    assert transformer.transform(call(rows({"id": 1}))).timings.waiting < 0.05
