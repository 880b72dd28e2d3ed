import json
import tracemalloc
from collections.abc import Callable
from contextlib import suppress
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mapping_lang.diagnostics import Code, Diagnostic, Span
from mapping_lang.predicate.decode import (
    MAX_CONDITIONS,
    MAX_DOCUMENT_CHARS,
    decode,
    decode_data,
)
from mapping_lang.predicate.encode import encode, encode_data
from mapping_lang.predicate.errors import FilterError
from mapping_lang.predicate.tree import (
    MAX_VALUES,
    Condition,
    JsonOperand,
    Logical,
    Operator,
    Predicate,
)
from mapping_lang.predicate.usage import Context, Target
from mapping_lang.types.kinds import (
    ArrayType,
    BooleanType,
    DateType,
    IntType,
    JsonType,
    MapType,
    ObjectType,
    Property,
    StringType,
)
from mapping_lang.types.schema import Role
from mapping_lang.types.values import Record
from tests.mapping_lang.predicate.engines import USERS, condition
from tests.mapping_lang.predicate.strategies import cases

ADDRESS = ObjectType((Property("city", StringType()), Property("j", JsonType())))
SCHEMA = ObjectType(
    (
        Property("age", IntType(8)),
        Property("name", StringType(), nullable=True),
        Property("active", BooleanType()),
        Property("born", DateType()),
        Property("tier", StringType(values=("gold", "silver"))),
        Property("address", ADDRESS),
        Property("j", JsonType()),
        Property("m", MapType(StringType())),
        Property("tags", ArrayType(StringType())),
    )
)


def filter_of(*conditions: object, logical: object = "and") -> dict[str, object]:
    return {"logical": logical, "conditions": list(conditions)}


def refused(data: object, context: Context = USERS) -> FilterError:
    with pytest.raises(FilterError) as caught:
        decode_data(data, SCHEMA, context)
    return caught.value


def test_a_filter_is_decoded_into_typed_conditions() -> None:
    data = filter_of(
        condition("age", "is between", "+18", "65"),
        condition("address.city", "is not empty"),
        condition("address.j.a.b", "is", "5"),
        {"property": "active", "operator": "is true", "values": None},
        logical="or",
    )
    expected = Predicate(
        Logical.OR,
        (
            Condition(("age",), (), SCHEMA.by_name["age"], Operator.IS_BETWEEN, (18, 65)),
            Condition(("address", "city"), (), ADDRESS.by_name["city"], Operator.IS_NOT_EMPTY),
            Condition(
                ("address", "j"),
                ("a", "b"),
                ADDRESS.by_name["j"],
                Operator.IS,
                (JsonOperand("5", Decimal(5)),),
            ),
            Condition(("active",), (), SCHEMA.by_name["active"], Operator.IS_TRUE),
        ),
    )
    assert decode_data(data, SCHEMA, USERS) == expected
    for text in (json.dumps(data), json.dumps(data).encode(), "  " + json.dumps(data, indent=3)):
        assert decode(text, SCHEMA, USERS) == expected
    assert encode_data(expected) == filter_of(
        condition("age", "is between", "18", "65"),
        condition("address.city", "is not empty"),
        condition("address.j.a.b", "is", "5"),
        condition("active", "is true"),
        logical="or",
    )


@given(cases())
@settings(max_examples=30, deadline=None)
def test_a_filter_survives_encoding(case: tuple[ObjectType, list[Record], Predicate]) -> None:
    schema, _, predicate = case
    text = encode(predicate)
    assert decode(text, schema, USERS) == predicate
    assert decode(text.encode(), schema, USERS) == predicate
    assert decode_data(encode_data(predicate), schema, USERS) == predicate
    assert encode(decode(text, schema, USERS)) == text


IS_ADA = condition("name", "is", "Ada")


@pytest.mark.parametrize(
    ("data", "diagnostic"),
    [
        (
            [],
            Diagnostic(
                code=Code.FILTER_SYNTAX,
                pointer="",
                message="found an empty array, expected an object",
                found="an empty array",
                expected="an object",
            ),
        ),
        (
            {"logical": "and", "condition": [IS_ADA]},
            Diagnostic(
                code=Code.FILTER_SYNTAX,
                pointer="",
                message="there is no member «condition» here",
                found="«condition»",
                expected="one of `logical`, `conditions`",
                hint="did you mean «conditions»?",
            ),
        ),
        (
            filter_of(IS_ADA, logical="AND"),
            Diagnostic(
                code=Code.FILTER_LOGICAL,
                pointer="/logical",
                message="found «AND», expected `and` or `or`",
                found="«AND»",
                expected="`and` or `or`",
                hint="did you mean «and»?",
            ),
        ),
        (
            filter_of(),
            Diagnostic(
                code=Code.FILTER_CONDITIONS,
                pointer="/conditions",
                message="found an empty array, expected at least one condition",
                found="an empty array",
                expected="at least one condition",
            ),
        ),
        (
            {"logical": "or"},
            Diagnostic(
                code=Code.FILTER_CONDITIONS,
                pointer="/conditions",
                message="found nothing, expected at least one condition",
                found="nothing",
                expected="at least one condition",
            ),
        ),
        (
            {"logical": "or", "conditions": IS_ADA},
            Diagnostic(
                code=Code.FILTER_SYNTAX,
                pointer="/conditions",
                message="found an object, expected an array of conditions",
                found="an object",
                expected="an array of conditions",
            ),
        ),
        (
            filter_of(IS_ADA, 5),
            Diagnostic(
                code=Code.FILTER_SYNTAX,
                pointer="/conditions/1",
                message="found a number, expected an object",
                found="a number",
                expected="an object",
            ),
        ),
        (
            filter_of({**IS_ADA, "not": True}),
            Diagnostic(
                code=Code.FILTER_SYNTAX,
                pointer="/conditions/0",
                message="there is no member «not» here",
                found="«not»",
                expected="one of `property`, `operator`, `values`",
            ),
        ),
        (
            filter_of({"operator": "is"}),
            Diagnostic(
                code=Code.FILTER_SYNTAX,
                pointer="/conditions/0/property",
                message="found nothing, expected a property path",
                found="nothing",
                expected="a property path",
            ),
        ),
        (
            filter_of(IS_ADA, condition("address..city", "is", "Rome")),
            Diagnostic(
                code=Code.FILTER_PATH,
                pointer="/conditions/1/property",
                message="«address..city» is not a path: expected a name between dots, found nothing",
                found="«address..city»",
                expected="property names joined by dots",
            ),
        ),
        (
            filter_of(condition("adress.city.x", "is", "Rome")),
            Diagnostic(
                code=Code.FILTER_PATH_UNKNOWN,
                pointer="/conditions/0/property",
                message="«adress» does not exist in the schema",
                found="«adress»",
                expected="a property of the schema",
                hint="did you mean «address»?",
            ),
        ),
        (
            filter_of(condition("name", "Is", "Ada")),
            Diagnostic(
                code=Code.FILTER_OPERATOR,
                pointer="/conditions/0/operator",
                message="found «Is», expected an operator such as `is`",
                found="«Is»",
                expected="an operator such as `is`",
                hint="did you mean «is»?",
            ),
        ),
        (
            filter_of({"property": "name"}),
            Diagnostic(
                code=Code.FILTER_OPERATOR,
                pointer="/conditions/0/operator",
                message="found nothing, expected an operator such as `is`",
                found="nothing",
                expected="an operator such as `is`",
            ),
        ),
        (
            filter_of(condition("active", "is", "true")),
            Diagnostic(
                code=Code.FILTER_OPERATOR_KIND,
                pointer="/conditions/0/operator",
                message="«active»: `is` cannot be used on a property of kind boolean",
                found="`is`",
                expected="one of `is true`, `is false`",
                hint="use `is true`",
            ),
        ),
        (
            filter_of(condition("j", "is before", "2024-01-01")),
            Diagnostic(
                code=Code.FILTER_OPERATOR_KIND,
                pointer="/conditions/0/operator",
                message="«j»: `is before` cannot be used on a property of kind json",
                found="`is before`",
                expected="one of `is`, `is not`, `is less than`, `is less than or equal to`, "
                "`is greater than`, `is greater than or equal to`, `is between`, "
                "`is not between`, `contains`, `does not contain`, `is one of`, `is not one of`, "
                "`starts with`, `ends with`, `is true`, `is false`, `is empty`, `is not empty`, "
                "`is null`, `is not null`",
                hint="use `is less than`",
            ),
        ),
        (
            filter_of(condition("m", "is null")),
            Diagnostic(
                code=Code.FILTER_OPERATOR_FLAG,
                pointer="/conditions/0/operator",
                message="«m»: `is null` needs a property that is nullable",
                found="`is null`",
                expected="one of `is empty`, `is not empty`",
            ),
        ),
        (
            filter_of({"property": "m", "operator": "is empty", "values": []}),
            Diagnostic(
                code=Code.FILTER_VALUES_COUNT,
                pointer="/conditions/0/values",
                message="`is empty` takes no values, found an empty array",
                found="an empty array",
                expected="no values",
            ),
        ),
        (
            filter_of(condition("age", "is between", "5")),
            Diagnostic(
                code=Code.FILTER_VALUES_COUNT,
                pointer="/conditions/0/values",
                message="`is between` takes 2 values, found an array of 1",
                found="an array of 1",
                expected="2 values",
            ),
        ),
        (
            filter_of({"property": "age", "operator": "is one of", "values": []}),
            Diagnostic(
                code=Code.FILTER_VALUES_COUNT,
                pointer="/conditions/0/values",
                message="`is one of` takes one or more values, found an empty array",
                found="an empty array",
                expected="one or more values",
            ),
        ),
        (
            filter_of(condition("age", "is")),
            Diagnostic(
                code=Code.FILTER_VALUES_COUNT,
                pointer="/conditions/0/values",
                message="`is` takes one value, found nothing",
                found="nothing",
                expected="one value",
            ),
        ),
        (
            filter_of({"property": "name", "operator": "is", "values": "Ada"}),
            Diagnostic(
                code=Code.FILTER_SYNTAX,
                pointer="/conditions/0/values",
                message="found «Ada», expected an array of strings",
                found="«Ada»",
                expected="an array of strings",
            ),
        ),
        (
            filter_of({"property": "age", "operator": "is", "values": [5]}),
            Diagnostic(
                code=Code.FILTER_SYNTAX,
                pointer="/conditions/0/values/0",
                message="found a number, expected a string",
                found="a number",
                expected="a string",
            ),
        ),
        (
            filter_of(condition("age", "is one of", "5", "05")),
            Diagnostic(
                code=Code.FILTER_VALUE_FORM,
                pointer="/conditions/0/values/1",
                message="«age»: «05» is not an integer without leading zeros",
                found="«05»",
                expected="an integer without leading zeros",
            ),
        ),
        (
            filter_of(condition("name", "is", "")),
            Diagnostic(
                code=Code.FILTER_VALUE_TEXT,
                pointer="/conditions/0/values/0",
                message="«name»: the value is empty: use `is empty`",
                found="«»",
                expected="",
            ),
        ),
        (
            filter_of(condition("tier", "is", "Gold")),
            Diagnostic(
                code=Code.FILTER_VALUE_NOT_LISTED,
                pointer="/conditions/0/values/0",
                message="«tier»: «Gold» is not one of the values of the property: "
                "did you mean «gold»?",
                found="«Gold»",
                expected="«gold», «silver»",
            ),
        ),
    ],
)
def test_a_mistake_is_located_and_explained(data: object, diagnostic: Diagnostic) -> None:
    assert refused(data).diagnostic == diagnostic
    # The same filter as text is refused for the same reason.
    with pytest.raises(FilterError) as caught:
        decode(json.dumps(data), SCHEMA, USERS)
    assert caught.value.diagnostic == diagnostic


@pytest.mark.parametrize("path", ["address.x", "m.k", "tags.a", "name.first", "q", "Age"])
def test_a_path_leads_through_objects_only(path: str) -> None:
    # FILT-10, FILT-12.
    error = refused(filter_of(condition(path, "exists")))
    assert (error.diagnostic.code, error.path) == (Code.FILTER_PATH_UNKNOWN, path)


def test_json_is_refused_where_profiles_are_exported() -> None:
    export = Context(Role.DESTINATION, Target.USER)
    for path in ("j", "j.a", "address.j.a.b"):
        error = refused(filter_of(condition(path, "no operator")), export)
        assert error.diagnostic.code is Code.FILTER_JSON
        assert (error.path, error.kind) == (path, "json")


def test_the_first_mistake_wins() -> None:
    # FILT-24: every step corrects the mistake that the one before was refused for.
    export = Context(Role.DESTINATION, Target.USER)
    wrong: dict[str, object] = {"property": "a..b", "operator": "=", "values": ["", "x"]}
    steps: list[tuple[dict[str, object], Code]] = [
        ({"logical": "nor", "conditions": []}, Code.FILTER_LOGICAL),
        ({"logical": "or"}, Code.FILTER_CONDITIONS),
        ({"conditions": [wrong, {}]}, Code.FILTER_PATH),
        ({"property": "nowhere"}, Code.FILTER_PATH_UNKNOWN),
        ({"property": "j"}, Code.FILTER_JSON),
        ({"property": "active"}, Code.FILTER_OPERATOR),
        ({"operator": "is"}, Code.FILTER_OPERATOR_KIND),
        ({"property": "age"}, Code.FILTER_VALUES_COUNT),
        ({"values": [""]}, Code.FILTER_VALUE_TEXT),
        ({"values": ["x"]}, Code.FILTER_VALUE_FORM),
        ({"values": ["5"]}, Code.FILTER_SYNTAX),  # the second condition
    ]
    data: dict[str, object] = {}
    found = []
    for correction, _ in steps:
        data |= {key: correction[key] for key in ("logical", "conditions") if key in correction}
        wrong |= {key: correction[key] for key in wrong if key in correction}
        found.append(refused(data, export).diagnostic.code)
    assert found == [code for _, code in steps]


def test_an_error_carries_path_operator_and_kind() -> None:
    error = refused(filter_of(condition("address.city", "is before", "x")))
    assert (error.path, error.operator, error.kind) == ("address.city", "is before", "string")
    error = refused(filter_of(condition("address.city", "is", "x", "y")))
    assert (error.path, error.operator, error.kind) == ("address.city", "is", "string")
    assert str(error) == ("F310 at /conditions/0/values: `is` takes one value, found an array of 2")


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
        lambda huge: filter_of(IS_ADA, logical=huge),
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
