import json
import tracemalloc
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mapping_lang.diagnostics import Code
from mapping_lang.types.errors import JsonSyntaxError
from mapping_lang.types.json_text import (
    MAX_DEPTH,
    Array,
    Literal,
    Node,
    Number,
    Object,
    RepeatedNameError,
    Text,
    decode_utf8,
    node_kind,
    read,
    validate,
)
from tests import strategies

# What other readers of the same text have to agree on, and whether `validate` is among them.
READERS: tuple[Callable[[str], object], ...] = (read, validate)


def refusal(text: str) -> tuple[str, int, tuple[str | int, ...]]:
    with pytest.raises(JsonSyntaxError) as caught:
        read(text)
    error = caught.value
    assert error.code is Code.VALUE_SYNTAX
    with pytest.raises(JsonSyntaxError):
        validate(text)
    return error.message, error.position, error.path


def test_values_are_read_with_their_places() -> None:
    text = ' {"a" : [1.50, "x\\u0041"],"b":null,"c":{}, "d":[ ]}\n'
    assert read(text) == Object(
        1,
        len(text) - 1,
        {
            "a": Array(8, 25, (Number(9, 13, "1.50"), Text(15, 24, "xA"))),
            "b": Literal(30, 34, value=None),
            "c": Object(39, 41, {}),
            "d": Array(47, 50, ()),
        },
    )


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ('""', "string"),
        ("-0", "number"),
        ("[]", "array"),
        ("{}", "object"),
        ("null", "null"),
        ("true", "true"),
        ("false", "false"),
    ],
)
def test_every_kind_of_value_has_its_name(text: str, kind: str) -> None:
    assert node_kind(read(text)) == kind


@pytest.mark.parametrize(
    "spelling",
    ["0", "-0", "1", "-1.50", "0.0e0", "1E+400", "1e-9999999999", "123456789012345678901234567890"],
)
def test_the_spelling_of_a_number_is_kept(spelling: str) -> None:
    assert read(f" {spelling} ") == Number(1, 1 + len(spelling), spelling)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        (r'"\"\\\/\b\f\n\r\t"', '"\\/\b\f\n\r\t'),
        (r'"\u00e9\u00E9\u0000"', "éé\0"),
        (r'"\ud83d\ude00"', "😀"),
        ('"é😀\u2028\x7f"', "é😀\u2028\x7f"),
        ('""', ""),
    ],
)
def test_a_string_says_what_it_says(text: str, value: str) -> None:
    assert read(text) == Text(0, len(text), value)


REFUSED = [
    ("", "the text is empty, expected a JSON value", 0, ()),
    (" \n", "the text is empty, expected a JSON value", 2, ()),
    ("{} x", "found «x» after the end of the value", 3, ()),
    ("nul", "found «n», expected a JSON value", 0, ()),
    ("NaN", "found «N», expected a JSON value", 0, ()),
    ("True", "found «T», expected a JSON value", 0, ()),
    ("'a'", "found «'», expected a JSON value", 0, ()),
    ("\ufeff1", "found «\\ufeff», expected a JSON value", 0, ()),
    ("\u00a01", "found «\\u00a0», expected a JSON value", 0, ()),
    ("01", "found «1» inside a number", 1, ()),
    ("1.", "found «.» inside a number", 1, ()),
    ("1e", "found «e» inside a number", 1, ()),
    ("1_0", "found «_» inside a number", 1, ()),
    ("+1", "found «+», expected a JSON value", 0, ()),
    (".5", "found «.», expected a JSON value", 0, ()),
    ("-", "found «-», expected a JSON value", 0, ()),
    ("٣", "found «٣», expected a JSON value", 0, ()),
    ("[1", "the text ends, expected `,` or `]`", 2, ()),
    ("[", "the text ends where a JSON value was expected", 1, (0,)),
    ("[1,]", "found «]», expected a JSON value", 3, (1,)),
    ("[1 2]", "found «2», expected `,` or `]`", 3, ()),
    ("{", "the text ends, expected a member name in double quotes", 1, ()),
    ('{"a":1,}', "found «}», expected a member name in double quotes", 7, ()),
    ("{a:1}", "found «a», expected a member name in double quotes", 1, ()),
    ('{"a" 1}', "found «1», expected `:`", 5, ()),
    ('{"a":[{"b":tru}]}', "found «t», expected a JSON value", 11, ("a", 0, "b")),
    ('"a', "the text ends, expected the closing quote of a string", 2, ()),
    ('"a\nb"', "found «\\u000a», expected the closing quote of a string", 2, ()),
    ('"\\x"', "found «x», expected an escape", 2, ()),
    ('"\\', "the text ends, expected an escape", 2, ()),
    ('"\\u12"', "found «1», expected four hexadecimal digits", 3, ()),
    ('"\\u12٣4"', "found «1», expected four hexadecimal digits", 3, ()),
    ('"a\\ud800"', "half of a surrogate pair is no character", 2, ()),
    ('"\\udc00\\ud800"', "half of a surrogate pair is no character", 1, ()),
    ('"\\ud800\\u0041"', "half of a surrogate pair is no character", 1, ()),
    ('"\ud800"', "found «\\ud800», expected the closing quote of a string", 1, ()),
    ('{"a":{"b":1,"b":2}}', "the member «b» is repeated", 12, ("a", "b")),
    ('{"a":1,"\\u0061":2}', "the member «a» is repeated", 7, ("a",)),
]


@pytest.mark.parametrize(
    ("text", "message", "position", "path"), REFUSED, ids=[ascii(case[0]) for case in REFUSED]
)
def test_what_is_not_json_is_refused_where_it_stands(
    text: str, message: str, position: int, path: tuple[str | int, ...]
) -> None:
    assert refusal(text) == (message, position, path)


def test_a_repeated_member_can_be_told_from_other_mistakes() -> None:
    with pytest.raises(RepeatedNameError) as caught:
        read('[[{"a":1,"a":1}]]')
    assert caught.value.path == (0, 0, "a")


@pytest.mark.parametrize(("before", "after"), [("[", "]"), ('{"a":', "}")])
def test_nesting_has_a_limit(before: str, after: str) -> None:
    deepest = before * MAX_DEPTH + ("" if before == "[" else "1") + after * MAX_DEPTH
    for reader in READERS:
        reader(deepest)
        for text in (before * (MAX_DEPTH + 1), before * 10**6, f"[{deepest}]"):
            with pytest.raises(JsonSyntaxError) as caught:
                reader(text)
            assert caught.value.code is Code.VALUE_LIMIT
            assert caught.value.message == f"nested deeper than {MAX_DEPTH} levels"


def test_values_are_counted_when_asked() -> None:
    text = '{"a":[1,2,3],"b":{"c":null}}'
    assert read(text, max_values=7) == read(text)
    with pytest.raises(JsonSyntaxError) as caught:
        read(text, max_values=6)
    assert (caught.value.code, caught.value.path) == (Code.VALUE_LIMIT, ("b", "c"))


def test_refused_text_takes_memory_by_its_limit_not_by_its_length() -> None:
    text = "[" + "1," * 10**6 + "1]"
    tracemalloc.start()
    try:
        with pytest.raises(JsonSyntaxError):
            read(text, max_values=10_000)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 4_000_000


@pytest.mark.parametrize(
    ("text", "position"), [(b"\xff", 0), (b"a\xc3\xa9\xe9b", 2), (b"\xed\xa0\x80", 0)]
)
def test_bytes_have_to_be_utf_8(text: bytes, position: int) -> None:
    with pytest.raises(JsonSyntaxError) as caught:
        decode_utf8(text)
    assert caught.value.position == position
    assert decode_utf8("é😀".encode()) == "é😀"


def plain(node: Node) -> object:
    """Give what Python's own reader gives."""
    match node:
        case Text() | Literal():
            return node.value
        case Number():
            return ("number", node.spelling)
        case Array():
            return [plain(item) for item in node.items]
        case Object():
            return {name: plain(member) for name, member in node.members.items()}


def spelled(spelling: str) -> object:
    return ("number", spelling)


def not_json(spelling: str) -> object:
    raise ValueError(spelling)


def distinct(pairs: list[tuple[str, object]]) -> dict[str, object]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("a repeated member")
    return members


def python_reads(text: str) -> object:
    value: object = json.loads(
        text,
        parse_int=spelled,
        parse_float=spelled,
        parse_constant=not_json,
        object_pairs_hook=distinct,
    )
    return value


@given(strategies.json_texts())
@settings(max_examples=150)
def test_json_is_read_as_python_reads_it(text: str) -> None:
    assert plain(read(text)) == python_reads(text)
    validate(text)


@given(strategies.json_texts())
@settings(max_examples=100)
def test_every_value_is_the_text_between_its_ends(text: str) -> None:
    def check(node: Node) -> None:
        again = read(text[node.start : node.end])
        assert (again.start, again.end) == (0, node.end - node.start)
        assert plain(again) == plain(node)
        match node:
            case Array():
                for item in node.items:
                    check(item)
            case Object():
                for member in node.members.values():
                    check(member)
            case Text() | Number() | Literal():
                pass

    check(read(text))


@st.composite
def damaged(draw: st.DrawFn) -> str:
    text = draw(strategies.json_texts())
    for _ in range(draw(st.integers(1, 3))):
        place = draw(st.integers(0, len(text)))
        piece = draw(
            st.sampled_from([*'{}[]",:\\-+.eE01u \n\t\x00\x1f', "\\ud800", "\ud800", "é", ""])
        )
        text = text[:place] + piece + text[place + draw(st.integers(0, 2)) :]
    return text


@given(st.one_of(damaged(), st.text(max_size=20)))
@settings(max_examples=400)
def test_text_is_refused_where_python_refuses_it(text: str) -> None:
    try:
        expected = python_reads(text)
        # Python reads lone surrogates, which no store can hold.
        json.dumps(expected, ensure_ascii=False).encode()
    except (ValueError, RecursionError):
        for reader in READERS:
            with pytest.raises(JsonSyntaxError):
                reader(text)
    else:
        assert plain(read(text)) == expected
        validate(text)
