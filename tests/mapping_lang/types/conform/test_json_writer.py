import math
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from enum import IntEnum
from ipaddress import ip_address
from types import MappingProxyType
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mapping_lang.diagnostics import Code
from mapping_lang.types import json_text
from mapping_lang.types.conform.json_writer import json_of
from mapping_lang.types.errors import PathStep, ValueRefusedError
from mapping_lang.types.json_text import MAX_DEPTH, Array, Literal, Node, Number, Object, Text
from mapping_lang.types.values import Json


class Level(IntEnum):
    """A number of a class of its own."""

    HIGH = 3


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "null"), (True, "true"), (False, "false"), (0, "0"), (-(10**50), "-1" + "0" * 50),
        (Level.HIGH, "3"),
        (1.5, "1.5"), (-0.0, "-0"), (1e21, "1e+21"), (1e-7, "1e-7"), (100.0, "100"),
        (Decimal("1.50"), "1.5"), (Decimal("1E+2"), "100"), (Decimal("1E+99999"), "1e+99999"),
        ("", '""'), ('a"\\\n\x00é😀', '"a\\"\\\\\\n\\u0000é😀"'),
        (datetime(2024, 1, 2, 3, 4, 5, 600_000, UTC), '"2024-01-02T03:04:05.6Z"'),
        (datetime(2024, 1, 2, 3, tzinfo=timezone(timedelta(hours=1))), '"2024-01-02T02:00:00Z"'),
        (datetime(2024, 1, 2), '"2024-01-02T00:00:00Z"'),  # noqa: DTZ001 - as drivers give it
        (date(1, 2, 3), '"0001-02-03"'), (time(1, 2, 3, 40), '"01:02:03.00004"'),
        (UUID(int=1), '"00000000-0000-0000-0000-000000000001"'),
        (ip_address("FE80::1"), '"fe80::1"'),
        (Json(" 1.0"), " 1.0"), ([Json("[ ]"), "[]"], '[[ ],"[]"]'),
        ([], "[]"), ((1, [2, None]), "[1,[2,null]]"),
        ({}, "{}"), ({"b": 1, "a": {"": []}}, '{"b":1,"a":{"":[]}}'),
        (MappingProxyType({"a": 1}), '{"a":1}'),
    ],
)  # fmt: skip
def test_a_value_is_written_as_json(value: object, text: str) -> None:
    assert json_of(value) == Json(text)
    json_text.validate(text)


def nested(depth: int) -> list[object]:
    value: list[object] = []
    for _ in range(depth - 1):
        value = [value]
    return value


def doubled(times: int) -> list[object]:
    value: list[object] = []
    for _ in range(times):
        value = [value, value]
    return value


CIRCULAR: list[object] = []
CIRCULAR.append(CIRCULAR)


@pytest.mark.parametrize(
    ("value", "code", "path"),
    [
        (math.nan, Code.VALUE_TYPE, ()),
        ([1, {"a": -math.inf}], Code.VALUE_TYPE, (1, "a")),
        (Decimal("NaN"), Code.VALUE_TYPE, ()),
        ({"a": b"x"}, Code.VALUE_TYPE, ("a",)),
        ({"a": {1, 2}}, Code.VALUE_TYPE, ("a",)),
        ([{1: 2}], Code.VALUE_TYPE, (0,)),
        (["\udfff"], Code.VALUE_TEXT, (0,)),
        ({"\udfff": 1}, Code.VALUE_TEXT, ()),
        (1 << 20_000, Code.VALUE_LIMIT, ()),
        (doubled(60), Code.VALUE_LIMIT, None),
        (nested(MAX_DEPTH + 1), Code.VALUE_LIMIT, (0,) * MAX_DEPTH),
        (CIRCULAR, Code.VALUE_LIMIT, (0,) * MAX_DEPTH),
    ],
    ids=range(12),
)
def test_what_is_no_json_is_refused(
    value: object, code: Code, path: tuple[PathStep, ...] | None
) -> None:
    with pytest.raises(ValueRefusedError) as refused:
        json_of(value, max_values=1_000)
    assert refused.value.code is code
    assert path is None or refused.value.path == path


def test_the_deepest_nesting_is_written_and_read_again() -> None:
    written = json_of(nested(MAX_DEPTH))
    json_text.validate(written.text)
    assert written == Json("[" * MAX_DEPTH + "]" * MAX_DEPTH)


def plain(node: Node) -> object:
    match node:
        case Text() | Literal():
            return node.value
        case Number():
            return Decimal(node.spelling)
        case Array():
            return [plain(item) for item in node.items]
        case Object():
            return {name: plain(item) for name, item in node.members.items()}


TEXTS = st.text(st.characters(codec="utf-8"), max_size=5)


@given(
    st.recursive(
        st.one_of(
            st.none(),
            st.booleans(),
            st.integers(),
            st.decimals(allow_nan=False, allow_infinity=False),
            TEXTS,
        ),
        lambda inner: st.one_of(
            st.lists(inner, max_size=3), st.dictionaries(TEXTS, inner, max_size=3)
        ),
        max_leaves=8,
    )
)
@settings(max_examples=100)
def test_what_is_written_says_the_same_when_it_is_read(value: object) -> None:
    assert plain(json_text.read(json_of(value).text)) == value


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_float_is_written_so_that_it_reads_back(value: float) -> None:
    assert float(json_of(value).text) == value
