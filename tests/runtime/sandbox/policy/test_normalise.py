import json
import math
from collections import Counter, OrderedDict, defaultdict, deque
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, time
from decimal import Decimal
from ipaddress import ip_address
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mapping_lang.types import json_text
from runtime.sandbox.policy.normalise import (
    MAX_DEPTH,
    MAX_INTEGER_DIGITS,
    ResultError,
    normalise,
)


class Text(str):
    __slots__ = ()

    def __str__(self) -> str:
        return "lie"


class Whole(int):
    def __index__(self) -> int:
        return -1


class Liar(dict[str, object]):
    def __iter__(self) -> Iterator[str]:
        return iter(("lie",))


def naive(*parts: int) -> datetime:
    return datetime(*parts)  # type: ignore[arg-type]  # noqa: DTZ001 - what functions have


VALUES: list[tuple[object, object]] = [
    (None, None),
    (True, True),
    (1, 1),
    (2**63, 2**63),
    (-(10**MAX_INTEGER_DIGITS - 1), -(10**MAX_INTEGER_DIGITS - 1)),
    (1.0, 1.0),
    (-0.0, -0.0),
    ("é\x00", "é\x00"),
    (math.nan, "NaN"),
    (math.inf, "Infinity"),
    (-math.inf, "-Infinity"),
    ([math.nan, [math.inf], (1.5,)], ["NaN", ["Infinity"], [1.5]]),
    ((1, 2), [1, 2]),
    (Decimal("1.50"), "1.50"),
    (Decimal("1E+2"), "1E+2"),
    (naive(2024, 1, 2), "2024-01-02 00:00:00"),
    (naive(2024, 1, 2, 3, 4, 5, 6), "2024-01-02 03:04:05.000006"),
    (datetime(2024, 1, 2, tzinfo=UTC), "2024-01-02 00:00:00+00:00"),
    (date(2024, 1, 2), "2024-01-02"),
    (time(3, 4), "03:04:00"),
    (UUID(int=1), "00000000-0000-0000-0000-000000000001"),
    (ip_address("::1"), "::1"),
    (b"a", "b'a'"),
    ({1}, "{1}"),
    (deque([1]), "deque([1])"),
    (range(2), "range(0, 2)"),
    (1j, "1j"),
    (Text("a"), "a"),
    (Whole(5), 5),
    (Liar(a=1), {"a": 1}),
    (OrderedDict(a=(1,)), {"a": [1]}),
    (defaultdict(int, a=1), {"a": 1}),
    (Counter("aa"), {"a": 2}),
    ({1: "a", 2.5: "b", None: "c"}, {"1": "a", "2.5": "b", "null": "c"}),
    ({False: 1, math.nan: 2, -math.inf: 3}, {"false": 1, "NaN": 2, "-Infinity": 3}),
    ({Text("k"): 1}, {"k": 1}),
    ({"é": {"ü": (1,)}}, {"é": {"ü": [1]}}),
]
REFUSED: list[tuple[object, str]] = [
    ((math.nan,), "y[0]: a number in a tuple is not finite; return a list"),
    (([{"a": math.inf}],), "y[0][0].a: a number in a tuple is not finite; return a list"),
    ({(1,): 1}, "y: a key is tuple, expected str"),
    ({b"a": 1}, "y: a key is bytes, expected str"),
    ({1: 1, "1": 2}, "y: two keys are both '1' as text"),
    ({None: 1, "null": 2}, "y: two keys are both 'null' as text"),
    ([{"a": {1: 1, "1": 2}}], "y[0].a: two keys are both '1' as text"),
    ("\ud800", "y: the text has a lone surrogate"),
    ([Decimal(1), "a\udfff"], "y[1]: the text has a lone surrogate"),
    ({"\ud800": 1}, "y: a key has a lone surrogate"),
    (10**MAX_INTEGER_DIGITS, "y: an integer has more than 4,300 digits"),
]


@pytest.mark.parametrize(
    ("value", "normal"), VALUES, ids=[str(number) for number in range(len(VALUES))]
)
def test_a_value_becomes_what_json_can_hold(value: object, normal: object) -> None:
    result = normalise({"y": value})
    assert json.dumps(result) == json.dumps({"y": normal})


@pytest.mark.parametrize(("value", "message"), REFUSED, ids=[each for _, each in REFUSED])
def test_what_has_no_json_is_refused_with_its_path(value: object, message: str) -> None:
    with pytest.raises(ResultError) as caught:
        normalise({"y": value})
    assert str(caught.value) == message


@pytest.mark.parametrize(
    ("result", "found"),
    [
        (None, "None"),
        ([], "list"),
        (5, "int"),
        ("x", "str"),
        (OrderedDict(), "OrderedDict"),
        (Liar(), "Liar"),
        ((x for x in "a"), "generator"),
        (dict, "type"),
    ],
)
def test_a_record_is_exactly_a_dict(result: object, found: str) -> None:
    with pytest.raises(ResultError) as caught:
        normalise(result)
    assert str(caught.value) == f"`transform` returned {found}, expected dict"


def around_itself(wrap: Callable[[Any], object]) -> dict[str, Any]:
    record: dict[str, Any] = {}
    record["self"] = wrap(record)
    return record


@pytest.mark.parametrize(
    ("wrap", "place"),
    [
        (lambda record: record, "self"),
        (lambda record: [record], "self[0]"),
        (lambda record: ({"a": record},), "self[0].a"),
        (lambda record: {1: record}, 'self["1"]'),
    ],
)
def test_a_value_that_contains_itself_is_refused(wrap: Callable[[Any], object], place: str) -> None:
    with pytest.raises(ResultError) as caught:
        normalise(around_itself(wrap))
    assert str(caught.value) == f"{place}: the value contains itself"


def test_a_value_may_appear_twice() -> None:
    shared = {"k": (1,)}
    assert normalise({"a": shared, "b": [shared, shared]}) == {
        "a": {"k": [1]},
        "b": [{"k": [1]}, {"k": [1]}],
    }


@pytest.mark.parametrize("levels", [MAX_DEPTH + 1, 100_000])
def test_a_value_too_deep_is_refused(levels: int) -> None:
    value: object = []
    for _ in range(levels):
        value = [value]
    with pytest.raises(ResultError, match="nested deeper than 256 levels"):
        normalise({"y": value})


def test_what_needs_no_change_is_given_back() -> None:
    record = {"a": 1, "b": [1, {"c": "é"}], "d": None}
    assert normalise(record) is record


def test_the_functions_own_objects_do_not_change() -> None:
    inner = {"d": Decimal(1)}
    record: dict[str, object] = {"a": inner, "b": [inner]}
    normalise(record)
    assert record == {"a": {"d": Decimal(1)}, "b": [{"d": Decimal(1)}]}


def test_what_the_functions_own_text_raises_is_raised() -> None:
    class Bad:
        def __str__(self) -> str:
            raise KeyError("own")

    with pytest.raises(KeyError):
        normalise({"a": Bad()})


SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(st.characters(codec="utf-8")),
    st.decimals(),
    st.dates(),
    st.datetimes(),
    st.uuids(),
    st.binary(max_size=3),
    st.tuples(st.integers()),
)
KEYS = st.one_of(st.text(st.characters(codec="utf-8"), max_size=3), st.integers(), st.none())
RESULTS = st.dictionaries(
    KEYS,
    st.recursive(
        SCALARS,
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3),
        max_leaves=8,
    ),
    max_size=4,
)


@given(RESULTS)
def test_any_result_becomes_json_or_is_refused(result: dict[object, object]) -> None:
    try:
        normal = normalise(result)
    except ResultError:
        return
    text = json.dumps(normal, allow_nan=False)
    assert json.loads(text) == normal
    assert normalise(normal) is normal


def test_what_is_written_may_be_as_deep_as_what_is_read() -> None:
    assert MAX_DEPTH == json_text.MAX_DEPTH
