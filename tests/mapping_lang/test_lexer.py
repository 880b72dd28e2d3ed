from decimal import Decimal

import pytest

from mapping_lang.ast import Boolean, Null, Number, Text
from mapping_lang.diagnostics import Code, Diagnostic, Span
from mapping_lang.lexer import End, Key, Mark, MistakeError, Name, Token, tokens


def values(source: str) -> list[object]:
    """The tokens without their places: constants by value, the rest as they are spelt."""
    return [value(token) for token in tokens(source)]


def value(token: Token) -> object:
    match token:
        case Text() | Number() | Boolean():
            return token.value
        case Null() | End():
            return None
        case Name():
            return ("name", token.value)
        case Key():
            return ("key", token.value)
        case Mark():
            return ("mark", token.char)


def mistake(source: str) -> Diagnostic:
    with pytest.raises(MistakeError) as caught:
        list(tokens(source))
    return caught.value.diagnostic


def test_every_token_has_its_place() -> None:
    assert list(tokens(" .a.b?['k']\n(true, 'x' null.5)")) == [
        Name("a", Span(1, 3)),
        Key("b", Span(3, 5)),
        Mark("?", Span(5, 6)),
        Mark("[", Span(6, 7)),
        Text("k", Span(7, 10)),
        Mark("]", Span(10, 11)),
        Mark("(", Span(12, 13)),
        Boolean(value=True, span=Span(13, 17)),
        Mark(",", Span(17, 18)),
        Text("x", Span(19, 22)),
        Null(Span(23, 27)),
        Number(Decimal(5), Span(27, 29)),
        Mark(")", Span(29, 30)),
        End(Span(30, 30)),
    ]


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("'it\"s'", 'it"s'),
        ('"it\'s"', "it's"),
        ("''", ""),
        ("'a\n\t\rb'", "a\n\t\rb"),
        (r"'\a\b\f\n\r\t\v\\\'\"'", "\a\b\f\n\r\t\v\\'\""),
        (r'"\a\b\f\n\r\t\v\\\'\""', "\a\b\f\n\r\t\v\\'\""),
        (r"'\q\x41\0\N\ \é'", "qx410N é"),
        ("'\\\n'", "\n"),
        (r"'\u0041bc'", "Abc"),
        (r"'\u00e9\u00E9'", "éé"),
        (r"'\U0001F600'", "\U0001f600"),
        (r"'\U0010ffff\uFFFF\uD7FF\uE000\u0001'", "\U0010ffff\uffff\ud7ff\ue000\u0001"),
        ("'日本語\U0001f600'", "日本語\U0001f600"),
    ],
)
def test_a_string_says_its_text(source: str, text: str) -> None:
    assert list(tokens(source)) == [
        Text(text, Span(0, len(source))),
        End(Span(len(source), len(source))),
    ]


@pytest.mark.parametrize(
    ("source", "span"),
    [
        ("x 'abc", Span(2, 3)),
        ("'abc\\", Span(0, 1)),
        (r"'abc\u12", Span(0, 1)),
        (r"'a\u00g1'", Span(2, 7)),
        (r"'\u'", Span(1, 4)),
        (r"'\U1234567'", Span(1, 11)),
        ("'\\u\uff10041'", Span(1, 4)),
        (r"'\uD800'", Span(1, 7)),
        (r"'\uDFFF'", Span(1, 7)),
        (r"'\U0000d800'", Span(1, 11)),
        (r"'\U00110000'", Span(1, 11)),
        (r"'\u0000'", Span(1, 7)),
        ("'a\0'", Span(2, 3)),
        ("'\\\0'", Span(2, 3)),
        ("'a\ud800'", Span(2, 3)),
        ("'a\\\udfff'", Span(3, 4)),
    ],
)
def test_a_mistake_in_a_string_has_its_place(source: str, span: Span) -> None:
    found = mistake(source)
    assert (found.code, found.span) == (Code.EXPRESSION_TEXT, span)


@pytest.mark.parametrize(
    ("source", "number"),
    [
        ("42", "42"),
        ("-2.75", "-2.75"),
        ("5.", "5"),
        ("-.5", "-0.5"),
        (".5", "5"),
        (".7e1", "70"),
        ("1e3", "1000"),
        ("1E+02", "100"),
        ("1.e5", "100000"),
        ("0e2", "0"),
        ("-0", "0"),
        ("0e99999999999999999999", "0"),
        ("1e400", "1e400"),
        ("0." + "1" * 500, "0." + "1" * 500),
    ],
)
def test_a_number_is_exact(source: str, number: str) -> None:
    assert list(tokens(source)) == [
        Number(Decimal(number), Span(0, len(source))),
        End(Span(len(source), len(source))),
    ]


@pytest.mark.parametrize(
    ("source", "span"),
    [
        ("a 007 b", Span(2, 5)),
        ("1_000", Span(0, 5)),
        ("0x1F", Span(0, 4)),
        ("4e", Span(0, 2)),
        ("3.1abc d", Span(0, 6)),
        ("1-2", Span(0, 3)),
        ("- 5", Span(0, 1)),
        ("--1", Span(0, 3)),
        ("1.2.3", Span(0, 5)),
        ("5é", Span(0, 2)),
        ("5٣", Span(0, 2)),
        ("-x.y", Span(0, 2)),
        ("a -b", Span(2, 4)),
        (".5x", Span(1, 3)),
        ("1e99999999999999999999", Span(0, 22)),
    ],
)
def test_what_only_begins_as_a_number_is_a_mistake(source: str, span: Span) -> None:
    found = mistake(source)
    assert (found.code, found.span) == (Code.EXPRESSION_NUMBER, span)


def test_a_dot_belongs_to_the_key_only_directly_after_a_path() -> None:
    assert values("a.b.1c.1e5.true") == [
        ("name", "a"),
        ("key", "b"),
        ("key", "1c"),
        ("key", "1e5"),
        ("key", "true"),
        None,
    ]
    assert values("a .b") == [("name", "a"), ("name", "b"), None]
    assert values("true.b") == [True, ("name", "b"), None]
    assert values("'a'.b") == ["a", ("name", "b"), None]
    assert values(").b") == [("mark", ")"), ("name", "b"), None]
    assert values("?.b].c") == [("mark", "?"), ("key", "b"), ("mark", "]"), ("key", "c"), None]


def test_a_dot_makes_a_name_of_a_predeclared_identifier() -> None:
    assert values("true false null .true .false .null") == [
        True,
        False,
        None,
        ("name", "true"),
        ("name", "false"),
        ("name", "null"),
        None,
    ]


def test_only_whole_words_are_predeclared() -> None:
    assert values("truex true1 nulls _null True") == [
        ("name", "truex"),
        ("name", "true1"),
        ("name", "nulls"),
        ("name", "_null"),
        ("name", "True"),
        None,
    ]


def test_a_name_ends_at_the_first_letter_that_is_not_ascii() -> None:
    assert values("sé") == [("name", "s"), ("mark", "é"), None]


def test_only_four_characters_are_white_space() -> None:
    assert values(" \t\n\ra\x0b\u00a0") == [
        ("name", "a"),
        ("mark", "\x0b"),
        ("mark", "\u00a0"),
        None,
    ]


def test_tokens_before_a_mistake_are_given() -> None:
    reader = tokens("a 'b")
    assert next(reader) == Name("a", Span(0, 1))
    with pytest.raises(MistakeError):
        next(reader)
