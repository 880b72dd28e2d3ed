"""JSON texts of values: every way to spell them, and what becomes of texts that are damaged."""

import math
import re
from datetime import date, datetime, time
from decimal import Decimal

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from mapping_lang.types.kinds import (
    ArrayType,
    IntType,
    JsonType,
    MapType,
    ObjectType,
    Type,
)
from mapping_lang.types.text.format import (
    format_date,
    format_datetime,
    format_datetime_grouped,
    format_time,
)
from mapping_lang.types.values import JSON_NULL, Json, Value

SPACES = st.sampled_from(["", "", "", "", " ", "\n", "\t ", "\r\n"])
FRAGMENTS = st.sampled_from(
    [
        b"0", b"-0", b"1", b"-", b"1e5", b"1E400", b".5", b"5.0", b"01", b"99999999999999999999",
        b"null", b"true", b"false", b'""', b'"a"', b'":"', b'":', b'" :', b'"\\":', b'\\\\":', b":",
        b",", b"[", b"]", b"{", b"}", b"[]", b"{}", b'{"a":1,"a":2}', b'{"a":{"b":1,"b":1}}',
        b'"a":1,', b'"a":null,', b'"NaN"', b'"-Infinity"', b"NaN", b'"5"', b'"+5"', b"\\", b'"',
        b"\\u0041", b"\\ud800", b"\\ud83d\\ude00", b"\x00", b"\x1f", b"\xff", b"\xed\xa0\x80",
        b"\xef\xbb\xbf", b" ", b"\n", b'"2024-02-30"', b'"2024-01-02T03:04:05.1234567Z"',
        b'"24:00:00"', b'"1 :2"',
    ]
)  # fmt: skip


def spellings(type_: Type, value: Value | None) -> SearchStrategy[str]:
    """JSON texts that mean a value."""

    @st.composite
    def build(draw: st.DrawFn) -> str:
        return _spell(draw, type_, value)

    return build()


def _spell(draw: st.DrawFn, type_: Type, value: Value | None) -> str:
    match type_, value:
        case _, None:
            return "null"
        case ArrayType(), list():
            items = [_spell(draw, type_.element, item) for item in value]
            return "[" + _separated(draw, items) + "]"
        case MapType(), dict():
            entries = [(key, _spell(draw, type_.element, item)) for key, item in value.items()]
            return _object(draw, entries)
        case ObjectType(), dict():
            named = [
                (name, _spell(draw, type_.by_name[name].type, item)) for name, item in value.items()
            ]
            return _object(draw, draw(st.permutations(named)))
        case _, Json():
            return value.text
        case IntType(bit_size=64), int():
            sign = draw(st.sampled_from(["", "+"])) if value >= 0 and not type_.unsigned else ""
            return f'"{sign}{value}"'
        case _, bool():
            return "true" if value else "false"
        case _, float():
            return _float(draw, value)
        case _, Decimal():
            return draw(st.sampled_from([f"{value:f}", f"{value:f}", f"{value:e}"]))
        case _, datetime():
            text = draw(st.sampled_from([format_datetime, format_datetime_grouped]))(value)
            return _string(draw, draw(st.sampled_from([text, text[:-1], text[:-1] + "+00:00"])))
        case _, date():
            return _string(draw, format_date(value))
        case _, time():
            return _string(draw, format_time(value))
        case _, int():
            return str(value)
        case _, str():
            return _string(draw, value)
        case _:
            raise TypeError(f"{value!r} is no value of {type_}")


def _float(draw: st.DrawFn, value: float) -> str:
    if math.isnan(value):
        return '"NaN"'
    if math.isinf(value):
        return '"Infinity"' if value > 0 else '"-Infinity"'
    if value == int(value) and abs(value) < 10**15:
        sign = "-" if math.copysign(1, value) < 0 else ""
        return draw(st.sampled_from([repr(value), f"{sign}{abs(int(value))}"]))
    return draw(st.sampled_from([repr(value), f"{value:.17e}"]))


def _string(draw: st.DrawFn, value: str) -> str:
    escaped = draw(st.sampled_from([False, False, True]))
    return '"' + "".join(_escape(char, escaped=escaped) for char in value) + '"'


def _escape(char: str, *, escaped: bool) -> str:
    if escaped or char < " ":
        units = char.encode("utf-16-be")
        return "".join(f"\\u{units[at : at + 2].hex()}" for at in range(0, len(units), 2))
    return {'"': '\\"', "\\": "\\\\"}.get(char, char)


def _object(draw: st.DrawFn, members: list[tuple[str, str]]) -> str:
    items = [_string(draw, name) + draw(SPACES) + ":" + draw(SPACES) + v for name, v in members]
    return "{" + _separated(draw, items) + "}"


def _separated(draw: st.DrawFn, items: list[str]) -> str:
    space = draw(SPACES)
    return space + f"{space},{space}".join(items) + space


def as_read(type_: Type, value: Value | None) -> Value | None:
    """Give a value as it is read: for json, null is a value as any other (TYPE-66)."""
    match type_, value:
        case JsonType(), None:
            return JSON_NULL
        case ArrayType(), list():
            return [as_read(type_.element, item) for item in value]
        case MapType(), dict():
            return {key: as_read(type_.element, item) for key, item in value.items()}
        case ObjectType(), dict():
            return {name: as_read(type_.by_name[name].type, item) for name, item in value.items()}
        case _:
            return value


def as_written(value: Value | None) -> Value | None:
    """Give a value as it is written: json without white space."""
    match value:
        case Json(text=text):
            return Json(compact(text))
        case list():
            return [as_written(item) for item in value]
        case dict():
            return {key: as_written(item) for key, item in value.items()}
        case _:
            return value


def compact(text: str) -> str:
    """Take the white space between the tokens out of JSON text."""
    return re.sub(r'("(?:[^"\\]|\\.)*")|[ \t\n\r]+', lambda match: match[1] or "", text)


@st.composite
def damaged(draw: st.DrawFn, text: bytes) -> bytes:
    """Put fragments into a text, over others or between them; some texts stay valid."""
    for _ in range(draw(st.integers(1, 3))):
        start = draw(st.integers(0, len(text)))
        end = min(len(text), start + draw(st.sampled_from([0, 0, 1, 1, 2, 5])))
        fragment = draw(st.one_of(FRAGMENTS, st.just(b""), _pieces(text)))
        text = text[:start] + fragment + text[end:]
    return text


@st.composite
def _pieces(draw: st.DrawFn, text: bytes) -> bytes:
    start = draw(st.integers(0, len(text)))
    return text[start : start + draw(st.integers(0, 20))]
