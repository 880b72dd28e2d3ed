import json
from decimal import Decimal

import pytest
from hypothesis import given, settings

from mapping_lang.diagnostics import Code, Diagnostic
from mapping_lang.predicate.decode import (
    decode,
    decode_data,
)
from mapping_lang.predicate.encode import encode, encode_data
from mapping_lang.predicate.errors import FilterError
from mapping_lang.predicate.tree import (
    Condition,
    JsonOperand,
    Logical,
    Operator,
    Predicate,
)
from mapping_lang.predicate.usage import Context, Target
from mapping_lang.types.kinds import (
    ObjectType,
)
from mapping_lang.types.schema import Role
from mapping_lang.types.values import Record
from tests.mapping_lang.predicate.documents import ADDRESS, SCHEMA, filter_of, refused
from tests.mapping_lang.predicate.engines import USERS, condition
from tests.mapping_lang.predicate.strategies import cases


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
