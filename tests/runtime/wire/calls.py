"""Random calls and answers, for the tests of the wire."""

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from mapping_lang.batch import Rejection, Step
from mapping_lang.diagnostics import Code, Diagnostic, FailureClass, Span
from mapping_lang.types.schema import Purpose
from mapping_lang.types.text.layouts import Layouts
from runtime.contract import (
    Body,
    CapturedOutput,
    CompileCall,
    Compiled,
    Encoding,
    Function,
    Mapping,
    Payload,
    Timings,
    Transformation,
    TransformCall,
    Transformed,
)
from runtime.limits import Limits
from runtime.sandbox.interface import Language
from tests.strategies import NAMES, TEXTS

PATHS = st.lists(NAMES, min_size=1, max_size=3).map(".".join)
SECONDS = st.floats(0.001, 100.0)
SIZES = st.integers(1, 2**40)
PAYLOADS = st.builds(Payload, st.sampled_from(Encoding), st.binary(max_size=50))
POSITIONS = st.integers(0, 2**31)

LIMITS = st.builds(
    Limits,
    record_seconds=SECONDS,
    batch_seconds=SECONDS,
    load_seconds=SECONDS,
    start_seconds=SECONDS,
    waiting_seconds=SECONDS,
    memory_bytes=SIZES,
    record_output_bytes=SIZES,
    batch_output_bytes=SIZES,
    log_bytes=SIZES,
    source_chars=SIZES,
    batch_records=SIZES,
    batch_bytes=SIZES,
    batch_kills=SIZES,
    minute_kills=SIZES,
)

MAPPINGS = st.builds(
    Mapping,
    expressions=st.dictionaries(PATHS, TEXTS, max_size=4).map(
        lambda pairs: tuple(sorted(pairs.items()))
    ),
    layouts=st.none() | st.builds(Layouts, TEXTS, TEXTS, TEXTS),
)
FUNCTIONS = st.builds(
    Function,
    language=st.sampled_from(Language),
    source=TEXTS.filter(bool),
    in_paths=st.lists(PATHS, max_size=3).map(tuple),
    out_paths=st.lists(PATHS, max_size=3).map(tuple),
    preserve_json=st.booleans(),
)
BODIES: SearchStrategy[Body] = st.one_of(MAPPINGS, FUNCTIONS)
TRANSFORMATIONS = st.builds(Transformation, TEXTS.filter(bool), TEXTS.filter(bool), BODIES)

COMPILE_CALLS = st.builds(CompileCall, transformation=TRANSFORMATIONS, tenant=TEXTS, limits=LIMITS)
TRANSFORM_CALLS = st.builds(
    TransformCall,
    transformation=TRANSFORMATIONS,
    payload=PAYLOADS,
    purposes=st.sampled_from(Purpose)
    | st.lists(st.sampled_from(Purpose), max_size=5).filter(lambda items: len(items) != 1),
    tenant=TEXTS,
    function_version=TEXTS,
    limits=LIMITS,
    capture_output=st.booleans(),
)

DIAGNOSTICS = st.builds(
    Diagnostic,
    code=st.sampled_from(Code),
    message=TEXTS,
    span=st.none() | st.builds(Span, POSITIONS, POSITIONS),
    pointer=st.none() | TEXTS,
    expected=TEXTS,
    found=TEXTS,
    hint=TEXTS,
)
COMPILED = st.builds(
    Compiled,
    diagnostics=st.lists(DIAGNOSTICS, max_size=3).map(tuple),
    in_paths=st.lists(PATHS, max_size=3).map(tuple),
    out_paths=st.lists(PATHS, max_size=3).map(tuple),
)
NUM_RECORDS = 20


def _rejections() -> SearchStrategy[tuple[Rejection, ...]]:
    places = st.none() | st.integers(1, 1000)
    one = st.builds(
        Rejection,
        position=st.integers(0, NUM_RECORDS - 1),
        step=st.sampled_from([Step.VALIDATE_INPUT, Step.TRANSFORM, Step.VALIDATE_OUTPUT]),
        code=st.sampled_from(Code),
        message=TEXTS,
        failure_class=st.sampled_from(FailureClass),
        path=TEXTS,
        line=places,
        column=places,
        hint=TEXTS,
    )
    return st.lists(one, max_size=4, unique_by=lambda each: each.position).map(
        lambda items: tuple(sorted(items, key=lambda each: each.position))
    )


TRANSFORMED = st.builds(
    Transformed,
    content=PAYLOADS,
    rejections=_rejections(),
    timings=st.builds(
        Timings, waiting=SECONDS, starting=SECONDS, executing=SECONDS, encoding=SECONDS
    ),
    captured=st.lists(
        st.builds(CapturedOutput, st.integers(0, NUM_RECORDS - 1), TEXTS),
        max_size=3,
        unique_by=lambda each: each.position,
    ).map(lambda items: tuple(sorted(items, key=lambda each: each.position))),
)
