"""The text of bodies: exactly one JSON value in UTF-8, normalised (API-21 to API-23)."""

import contextlib
import json
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.errors import BadRequestError
from api.http.text import MAX_VALUES, parse, parse_text
from mapping_lang.types.json_text import MAX_DEPTH, Array, Object, Text

texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=20)


def value(body: bytes) -> str:
    _, node = parse_text(body)
    assert isinstance(node, Text)
    return node.value


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"\xff", "byte 0 is not UTF-8"),
        (b'"\xed\xa0\x80"', "byte 1 is not UTF-8"),
        (b'"\xc0\x80"', "byte 1 is not UTF-8"),
        (b"\xef\xbb\xbf{}", "expected a JSON value"),
        (b" ", "the text is empty"),
        (b"{} {}", "after the end of the value"),
        (b"{},", "after the end of the value"),
        (b"// no\n{}", "expected a JSON value"),
        (b'{"a":1,}', "expected a member name"),
        (b"{'a':1}", "expected a member name"),
        (b'{"a":1,"a":2}', "is repeated"),
        (b'{"b":{"a":1,"\\u0061":2}}', "is repeated"),
        (b'{"a":NaN}', "in `a`"),
        (b"[01]", "inside a number"),
        (b'"\t"', "the closing quote"),
        (b'"\\x"', "an escape"),
        (b'"\\ud800"', "half of a surrogate pair"),
        (b'"\\udc00\\ud800"', "half of a surrogate pair"),
        (b'"\\u0000"', "U+0000"),
        (b'{"\\u0000":1}', "U+0000"),
        (b'"\\\\u0000\\u0000"', "U+0000"),
        (b"[" * (MAX_DEPTH + 1) + b"]" * (MAX_DEPTH + 1), "nested deeper"),
        (b"[" + b"0," * MAX_VALUES + b"0]", "more than"),
        (("a" + "\u0301" * 31).join('""').encode(), "combining marks"),
        (b'"a' + b"\\u0301" * 31 + b'"', "combining marks"),
    ],
)
def test_what_is_not_one_json_value_is_refused(body: bytes, said: str) -> None:
    with pytest.raises(BadRequestError, match=f".*{said.replace('+', '[+]')}.*"):
        parse_text(body)


def test_a_message_tells_where_the_mistake_is() -> None:
    with pytest.raises(BadRequestError) as caught:
        parse_text(b'{"a":[1,{"b":tru}]}')
    assert caught.value.message == (
        "the body is not JSON as it has to be: found «t», expected a JSON value,"
        " at character 14 in `a[1].b`"
    )


@pytest.mark.parametrize(
    "body",
    [
        '"e\u0301"'.encode(),
        b'"e\\u0301"',
        b'"\\u0065\\u0301"',
        '"\u00e9"'.encode(),
        b'"\\u00E9"',
    ],
)
def test_every_spelling_of_a_text_is_one_text(body: bytes) -> None:
    assert value(body) == "\u00e9"


def test_names_that_are_one_when_they_are_normalised_are_repeated() -> None:
    with pytest.raises(BadRequestError, match="is repeated"):
        parse_text('{"\u00e9":1,"e\\u0301":2}'.encode())


def test_pairs_of_surrogates_are_characters_and_are_normalised_too() -> None:
    assert value(b'"\\ud83d\\ude00"') == "\U0001f600"
    assert value(b'"\\ud804\\udc99\\ud804\\udcba"') == "\U0001109a"


def test_escapes_that_text_needs_stay_escapes() -> None:
    body = b'["\\u0022,\\u005c\\u0022","\\\\u00e9","\\n\\u000a\\u007f\\u0085"]'
    _, node = parse_text(body)
    assert isinstance(node, Array)
    found = [each.value for each in node.items if isinstance(each, Text)]
    assert found == ['","\\"'[:1] + ',\\"', "\\u00e9", "\n\n\x7f\x85"]


@given(texts, st.booleans())
def test_a_text_comes_out_normalised_however_it_is_escaped(text: str, ascii_only: bool) -> None:  # noqa: FBT001
    body = json.dumps(text, ensure_ascii=ascii_only).encode()
    if text.count("\u0300") < 30:
        assert value(body) == unicodedata.normalize("NFC", text)


@given(
    st.binary(max_size=60) | st.text(alphabet='{}[]",:\\u0189dDaA \n', max_size=60).map(str.encode)
)
def test_any_bytes_are_read_or_refused(body: bytes) -> None:
    with contextlib.suppress(BadRequestError):
        text, node = parse_text(body)
        assert text[node.start : node.end] == text.strip(" \t\n\r")


@pytest.mark.anyio
async def test_a_long_body_is_read_in_a_thread_and_is_the_same() -> None:
    body = json.dumps({"a": ["x" * 1_000] * 100}).encode()
    text, node = await parse(body)
    assert (text, node) == parse_text(body)
    assert isinstance(node, Object)
