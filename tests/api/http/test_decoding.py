"""Structs from JSON: no coercion, null is absent, every mistake says where and what (API-23)."""

from enum import StrEnum
from typing import Annotated, Any, Literal

import msgspec
import pytest
from msgspec import UNSET, Meta, UnsetType

from api.http.decoding import MistakeError, decode
from api.http.model import Model, SchemaJson
from api.http.text import parse_text


class Color(StrEnum):
    RED = "Red"
    GREEN = "Green"


class Inner(Model, frozen=True, kw_only=True):
    path: str
    factor: Annotated[float, Meta(gt=0)] = 1.0


class Outer(Model, frozen=True, kw_only=True):
    name: Annotated[str, Meta(min_length=1, max_length=3)]
    count: Annotated[int, Meta(ge=0, lt=10)] = 7
    active: bool = False
    color: Color | None = None
    size: Literal["S", "M"] = "M"
    inner: Inner | None = None
    many: Annotated[list[Inner], Meta(max_length=2)] = msgspec.field(default_factory=list)
    pairs: dict[str, int] = msgspec.field(default_factory=dict)
    steps: tuple[int, ...] = ()
    schema: SchemaJson | None = None
    either: int | str | None = None
    mode: str | UnsetType | None = UNSET
    user_id: Annotated[str, Meta(pattern="^[a-z]+$")] = msgspec.field(default="x", name="userID")


def read(text: str) -> Outer:
    body, node = parse_text(text.encode())
    return decode(node, body, Outer)


def mistake(text: str) -> str:
    with pytest.raises(MistakeError) as caught:
        read(text)
    return str(caught.value)


def test_every_kind_of_member_is_read() -> None:
    found = read(
        '{"name":"abc","count":3,"active":true,"color":"Green","size":"S",'
        '"inner":{"path":"a","factor":2},"many":[{"path":"b"}],"pairs":{"x":1},"steps":[1,2],'
        '"schema":{"kind": 1.50},"either":"e","mode":"m","userID":"abc","unknown":{}}'
    )
    # A slice of the text, so that no spelling is lost.
    assert bytes(found.schema or b"") == b'{"kind": 1.50}'
    assert msgspec.structs.replace(found, schema=None) == Outer(
        name="abc",
        count=3,
        active=True,
        color=Color.GREEN,
        size="S",
        inner=Inner(path="a", factor=2.0),
        many=[Inner(path="b")],
        pairs={"x": 1},
        steps=(1, 2),
        either="e",
        mode="m",
        user_id="abc",
    )


def test_null_is_absent_wherever_there_is_a_default() -> None:
    members = [each.encode_name for each in msgspec.structs.fields(Outer) if not each.required]
    text = ",".join(f'"{name}":null' for name in members if name != "mode")
    assert read(f'{{"name":"a",{text}}}') == Outer(name="a") == read('{"name":"a"}')


def test_null_can_be_told_from_absent_where_a_type_says_so() -> None:
    assert read('{"name":"a"}').mode is UNSET
    assert read('{"name":"a","mode":null}').mode is None


def test_null_as_a_body_is_an_empty_object() -> None:
    assert mistake("null") == "`name` is missing, expected string"


@pytest.mark.parametrize(
    ("members", "said"),
    [
        ('"name":null', "`name` is null, expected string"),
        ('"name":5', "`name` is the number «5», expected string"),
        ('"name":""', "`name` is empty, expected at least 1 characters"),
        ('"name":"abcd"', "`name` is 4 characters long, expected at most 3 characters"),
        ('"count":"5"', "`count` is string, expected whole number"),
        ('"count":5.0', "`count` is «5.0», expected a whole number of at most 64 bits"),
        ('"count":1e1', "`count` is «1e1», expected a whole number of at most 64 bits"),
        (
            '"count":9223372036854775808',
            "`count` is «9223372036854775808», expected a whole number of at most 64 bits",
        ),
        ('"count":-1', "`count` is -1, expected at least 0"),
        ('"count":10', "`count` is 10, expected less than 10"),
        ('"active":1', "`active` is the number «1», expected true or false"),
        ('"active":"true"', "`active` is string, expected true or false"),
        (
            '"color":"green"',
            '`color` is «green», expected one of "Red", "Green"; did you mean «Green»?',
        ),
        ('"color":0', '`color` is the number «0», expected one of "Red", "Green" or null'),
        ('"size":"L"', '`size` is «L», expected one of "M", "S"'),
        ('"inner":[]', "`inner` is array, expected object or null"),
        ('"inner":{}', "`inner.path` is missing, expected string"),
        ('"inner":{"path":"a","factor":0}', "`inner.factor` is 0.0, expected more than 0"),
        (
            '"inner":{"path":"a","factor":1e999}',
            "`inner.factor` is the number «1e999», expected a number that a double can hold",
        ),
        ('"many":{}', "`many` is object, expected array"),
        ('"many":[{"path":"a"},null]', "`many[1]` is null, expected object"),
        ('"many":[{"path":1}]', "`many[0].path` is the number «1», expected string"),
        (
            '"many":[{"path":"a"},{"path":"a"},{"path":"a"}]',
            "`many` is 3 elements long, expected at most 2 elements",
        ),
        ('"pairs":{"a b":"c"}', '`pairs["a b"]` is string, expected whole number'),
        ('"pairs":{"a":null}', "`pairs.a` is null, expected whole number"),
        ('"steps":[true]', "`steps[0]` is true, expected whole number"),
        ('"either":true', "`either` is true, expected whole number or string or null"),
        ('"userID":"A"', "`userID` is «A», expected text that matches ^[a-z]+$"),
    ],
)
def test_a_mistake_says_where_what_was_found_and_what_was_expected(members: str, said: str) -> None:
    start = "" if members.startswith('"name"') else '"name":"a",'
    assert mistake(f"{{{start}{members}}}") == said


@pytest.mark.parametrize("text", ["[]", '"a"', "1", "true"])
def test_a_body_that_is_no_object_is_refused(text: str) -> None:
    assert mistake(text).startswith("the body is ")


def test_names_are_case_sensitive() -> None:
    assert mistake('{"Name":"a"}') == "`name` is missing, expected string"


def test_lengths_count_code_points() -> None:
    assert read('{"name":"\U0001f600\u00e9x"}').name == "\U0001f600\u00e9x"


def test_a_type_that_no_body_has_is_a_mistake_of_ours() -> None:
    class Odd(Model, frozen=True):
        when: bytes

    body, node = parse_text(b'{"when":"x"}')
    odd: Any = Odd
    with pytest.raises(TypeError, match="no BytesType"):
        decode(node, body, odd)
