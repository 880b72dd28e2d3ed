import json
import tracemalloc
from collections.abc import Callable
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mapping_lang.diagnostics import Code, Span
from mapping_lang.predicate.decode import (
    MAX_CONDITIONS,
    MAX_DOCUMENT_CHARS,
    decode,
    decode_data,
)
from mapping_lang.predicate.encode import encode
from mapping_lang.predicate.errors import FilterError
from mapping_lang.predicate.tree import (
    MAX_VALUES,
    Operator,
)
from mapping_lang.types.kinds import (
    ObjectType,
    Property,
    StringType,
)
from tests.mapping_lang.predicate.documents import SCHEMA, filter_of, refused
from tests.mapping_lang.predicate.engines import USERS, condition


@pytest.mark.parametrize(
    ("text", "code", "pointer", "span"),
    [
        ("", Code.FILTER_SYNTAX, "", Span(0, 1)),
        ('{"logical":"and","logical":"or"}', Code.FILTER_SYNTAX, "/logical", Span(17, 18)),
        ('{"conditions":[{"values":["a",]}]}', Code.FILTER_SYNTAX, "/conditions/0/values/1", Span(30, 31)),
        ('{"conditions":[{"values":["\\ud800"]}]}', Code.FILTER_SYNTAX, "/conditions/0/values/0", Span(27, 28)),
        (b'{"\xff":1}', Code.FILTER_SYNTAX, "", Span(2, 3)),
        ("[" * 1000, Code.FILTER_LIMIT, None, None),
        ("[" + "1," * 20_000 + "1]", Code.FILTER_LIMIT, None, None),
        (" " * (MAX_DOCUMENT_CHARS + 1), Code.FILTER_LIMIT, "", None),
        (b" " * (4 * MAX_DOCUMENT_CHARS + 1), Code.FILTER_LIMIT, "", None),
        (b" " * (MAX_DOCUMENT_CHARS + 1), Code.FILTER_LIMIT, "", None),
    ],
    ids=range(10),
)  # fmt: skip
def test_text_that_is_no_json_or_too_much_is_refused(
    text: str | bytes, code: Code, pointer: str | None, span: Span | None
) -> None:
    with pytest.raises(FilterError) as caught:
        decode(text, SCHEMA, USERS)
    diagnostic = caught.value.diagnostic
    assert diagnostic.code is code
    assert pointer is None or (diagnostic.pointer, diagnostic.span) == (pointer, span)


def test_conditions_and_values_are_limited() -> None:
    one = condition("age", "is one of", *["5"] * MAX_VALUES)
    assert len(decode_data(filter_of(one), SCHEMA, USERS).conditions[0].values) == MAX_VALUES
    too_many = refused(filter_of(one, condition("age", "is", "5")))
    assert too_many.diagnostic.code is Code.FILTER_LIMIT
    assert too_many.diagnostic.pointer == "/conditions/1/values"
    too_many = refused(filter_of(condition("age", "is one of", *["5"] * (MAX_VALUES + 1))))
    assert too_many.diagnostic.code is Code.FILTER_LIMIT
    many = [condition("age", "is", "5")] * MAX_CONDITIONS
    assert len(decode(json.dumps(filter_of(*many)), SCHEMA, USERS).conditions) == MAX_CONDITIONS
    too_many = refused(filter_of(*many, many[0]))
    assert too_many.diagnostic.code is Code.FILTER_LIMIT
    assert too_many.diagnostic.pointer == "/conditions"


def test_what_could_not_be_stored_and_read_again_is_refused() -> None:
    listed = "x" * 2_000
    schema = ObjectType((Property("p", StringType(values=(listed,))),))
    data = filter_of(condition("p", "is one of", *[listed] * 499))
    predicate = decode_data(data, schema, USERS)
    assert decode(encode(predicate), schema, USERS) == predicate
    data = filter_of(condition("p", "is one of", *[listed] * 500))
    with pytest.raises(FilterError) as caught:
        decode_data(data, schema, USERS)
    assert caught.value.diagnostic.code is Code.FILTER_LIMIT


@pytest.mark.parametrize(
    "make",
    [
        lambda huge: {huge: 1},
        lambda huge: filter_of(condition("name", "is", "Ada"), logical=huge),
        lambda huge: filter_of(condition(huge, "is", "a")),
        lambda huge: filter_of(condition("j." + huge, "is", "a")),
        lambda huge: filter_of(condition("name", huge, "a")),
        lambda huge: filter_of(condition("name", "is", huge)),
        lambda huge: filter_of(condition("tier", "is", huge)),
        lambda huge: filter_of(condition("age", "is", "9" * 60 + huge)),
        lambda huge: filter_of({huge: 1}),
    ],
)
def test_huge_names_are_refused_without_being_repeated(make: Callable[[str], object]) -> None:
    for huge in ("x" * 900_000, "x." * 450_000, "é" * 900_000):
        error = refused(make(huge))
        assert len(str(error.diagnostic)) < 500
        assert len(error.diagnostic.found) + len(error.diagnostic.expected) < 500


def test_reading_a_filter_takes_memory_in_proportion() -> None:
    texts = [
        json.dumps(filter_of(condition("j", "is one of", "1e1000000000", "-1e-1000000000"))),
        '{"logical":' + "[" * 900_000,
        '{"conditions":[' + "[]," * 300_000,
        '{"logical":"' + "\\u00e9" * 150_000,
    ]
    for text in texts:
        tracemalloc.start()
        with suppress(FilterError):
            decode(text, SCHEMA, USERS)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert peak < 50 * len(text) + 1_000_000


JSON = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(),
        st.floats(),
        st.text(),
        st.sampled_from(["and", "or", "is", "is empty", "contains", "j.a", "age", "name", "5"]),
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(
            st.one_of(
                st.sampled_from(["logical", "conditions", "property", "operator", "values"]),
                st.text(),
            ),
            inner,
            max_size=3,
        ),
    ),
    max_leaves=10,
)
LIKE_A_FILTER = st.fixed_dictionaries(
    {
        "logical": st.sampled_from(["and", "or", "xor"]),
        "conditions": st.lists(
            st.fixed_dictionaries(
                {
                    "property": st.one_of(
                        st.sampled_from([*SCHEMA.by_name, "j.a", "address.j.b"]), JSON
                    ),
                    "operator": st.one_of(st.sampled_from(list(Operator)), JSON),
                },
                optional={
                    "values": st.one_of(
                        st.lists(st.sampled_from(["5", "a", "", "2024-01-01"]), max_size=2), JSON
                    )
                },
            ),
            max_size=3,
        ),
    }
)


@given(st.one_of(JSON, LIKE_A_FILTER))
@settings(max_examples=200, deadline=None)
def test_only_the_declared_error_is_raised_whatever_the_data(data: object) -> None:
    try:
        predicate = decode_data(data, SCHEMA, USERS)
    except FilterError:
        return
    assert decode(encode(predicate), SCHEMA, USERS) == predicate


@given(st.one_of(st.binary(), st.text(), JSON.map(json.dumps)))
@settings(max_examples=100, deadline=None)
def test_only_the_declared_error_is_raised_whatever_the_text(text: str | bytes) -> None:
    with suppress(FilterError):
        decode(text, SCHEMA, USERS)
