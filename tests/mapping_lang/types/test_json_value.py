import json
from decimal import Decimal

import pytest
from hypothesis import given

from mapping_lang.types.json_value import (
    JsonKind,
    NoObjectError,
    elements,
    kind_of,
    literal_of,
    member_selector,
    members,
    number_of,
    string_of,
)
from mapping_lang.types.values import Json
from tests import strategies


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("null", JsonKind.NULL),
        ("true", JsonKind.TRUE),
        ("false", JsonKind.FALSE),
        ("0", JsonKind.NUMBER),
        ("-1", JsonKind.NUMBER),
        ('""', JsonKind.STRING),
        ("[]", JsonKind.ARRAY),
        ("{}", JsonKind.OBJECT),
        (" \n\t\r{}", JsonKind.OBJECT),
        (" -5 ", JsonKind.NUMBER),
    ],
)
def test_the_kind_shows_in_the_first_character(text: str, kind: JsonKind) -> None:
    assert kind_of(Json(text)) is kind


def test_members_and_elements_keep_their_exact_text() -> None:
    value = Json(' { "a" : 1.50 , "\\u0062": [ 1 ,2 ] , "": "\\u0041é" } ')
    assert members(value) == {"a": Json("1.50"), "b": Json("[ 1 ,2 ]"), "": Json('"\\u0041é"')}
    assert elements(Json(' [ 1e400 , -0, {"x" :null} ,[ ] ]')) == [
        Json("1e400"),
        Json("-0"),
        Json('{"x" :null}'),
        Json("[ ]"),
    ]
    assert members(Json("{}")) == {}
    assert elements(Json("[ ]")) == []


@pytest.mark.parametrize("name", ["a", "", "é", "value", "__init__", "x\n"])
def test_a_selector_finds_the_member_of_its_name(name: str) -> None:
    quoted = json.dumps(name)
    select = member_selector(name)
    assert select(Json(f'{{"b":{{{quoted}:1}} , {quoted} : [ 1.50 ]}}')) == Json("[ 1.50 ]")
    assert select(Json(f"{{{quoted}:null}}")) == Json("null")
    assert select(Json(f'{{"b":{{{quoted}:1}}}}')) is None
    assert select(Json("{}")) is None


@pytest.mark.parametrize("text", ["null", "true", "1", '"a"', "[]", ' [{"a":1}]'])
def test_only_objects_have_members(text: str) -> None:
    with pytest.raises(NoObjectError) as caught:
        member_selector("a")(Json(text))
    assert caught.value.kind is kind_of(Json(text))


def test_a_string_says_what_its_escapes_say() -> None:
    assert string_of(Json(' "\\u0041\\ud83d\\ude00\\n\\"é" ')) == 'A😀\n"é'


@pytest.mark.parametrize(
    ("text", "literal", "number"),
    [
        ("1.50", "1.50", Decimal("1.50")),
        (" -0 ", "-0", Decimal("-0")),
        ("\n1E+400\t", "1E+400", Decimal("1E+400")),
        ("1" * 100, "1" * 100, Decimal("1" * 100)),
        ("1e1000000000", "1e1000000000", Decimal("1e1000000000")),
        ("1e9999999999999999999", "1e9999999999999999999", None),
    ],
)
def test_a_number_is_exact(text: str, literal: str, number: Decimal | None) -> None:
    assert literal_of(Json(text)) == literal
    assert number_of(Json(text)) == number


@given(strategies.json_texts())
def test_what_is_inside_has_a_kind_too(text: str) -> None:
    value = Json(text)
    match kind_of(value):
        case JsonKind.OBJECT:
            found = members(value)
            inner = list(found.values())
            assert inner == [member_selector(name)(value) for name in found]
        case JsonKind.ARRAY:
            inner = elements(value)
        case JsonKind.STRING:
            assert string_of(value) == json.loads(text)
            inner = []
        case _:
            assert literal_of(value) == text.strip()
            inner = []
    for item in inner:
        assert item.text in text
        assert kind_of(item) in JsonKind
