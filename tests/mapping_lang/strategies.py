"""Random trees and sources of expressions."""

from decimal import Decimal

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from mapping_lang.ast import (
    Boolean,
    Call,
    Expression,
    Null,
    Number,
    Part,
    Path,
    Selector,
    Text,
)
from mapping_lang.diagnostics import Span
from tests.strategies import NAMES, TEXTS

FUNCTIONS = (
    "and",
    "array",
    "coalesce",
    "eq",
    "if",
    "initcap",
    "json_parse",
    "len",
    "lower",
    "ltrim",
    "map",
    "ne",
    "not",
    "or",
    "rtrim",
    "substring",
    "trim",
    "upper",
)
"""The names of MAP-50, for tests of the syntax: it knows functions by name only."""

NOWHERE = Span(0, 0)

FIRST_NAMES = st.one_of(NAMES, st.sampled_from(["true", "false", "null", "lower", "e5", "_"]))
KEYS = st.one_of(NAMES, st.from_regex(r"[A-Za-z0-9_]{1,6}", fullmatch=True))
STRINGS = TEXTS.map(lambda text: text.replace("\0", "'"))
NUMBERS = st.one_of(
    st.integers(-(2**70), 2**70).map(Decimal),
    st.decimals(allow_nan=False, allow_infinity=False),
    st.sampled_from(["1e400", "1e-400", "-2.50", "1e999999999999999999", "7e-1999999999999999997"]),
).map(lambda number: Decimal(number) if Decimal(number) else Decimal(0))


def expressions(depth: int = 3) -> SearchStrategy[Expression]:
    """Every tree that the parser can give, up to a depth; places are nowhere."""
    parts = st.lists(_parts(depth), min_size=1, max_size=3)
    return parts.map(lambda items: Expression(tuple(items), NOWHERE))


def _parts(depth: int) -> SearchStrategy[Part]:
    constants = st.one_of(
        STRINGS.map(lambda value: Text(value, NOWHERE)),
        NUMBERS.map(lambda value: Number(value, NOWHERE)),
        st.booleans().map(lambda value: Boolean(value, NOWHERE)),
        st.just(Null(NOWHERE)),
    )
    if depth == 0:
        return st.one_of(constants, _paths())
    return st.one_of(constants, _paths(), _calls(depth - 1), _calls(depth - 1))


def _paths() -> SearchStrategy[Part]:
    return st.builds(
        Path,
        FIRST_NAMES,
        st.lists(_selectors(), max_size=3).map(tuple),
        st.booleans(),
        st.just(NOWHERE),
        st.just(NOWHERE),
    )


def _selectors() -> SearchStrategy[Selector]:
    return st.one_of(
        st.builds(Selector, KEYS, st.just(value=False), st.booleans(), st.just(NOWHERE)),
        st.builds(Selector, STRINGS, st.just(value=True), st.booleans(), st.just(NOWHERE)),
    )


def _calls(depth: int) -> SearchStrategy[Part]:
    return st.builds(
        Call,
        st.sampled_from(FUNCTIONS),
        st.lists(expressions(depth), max_size=3).map(tuple),
        st.just(NOWHERE),
        st.just(NOWHERE),
    )


def sources() -> SearchStrategy[str]:
    """Texts that are often nearly expressions."""
    pieces = st.sampled_from(
        [
            *"abe_ \n.,()[]?'\"\\-+=05é\0\ud800\u00a0",
            *["lower(", "x", "true", "null", "'it''s'", '"k"', '["k"]', ".k", "1e3", "\\u0041"],
            *[" ", ", ", ")", "a.b", "lower(x)", "coalesce(a, b)", "\\ud83d", "e9"],
        ]
    )
    return st.one_of(
        st.lists(pieces, max_size=15).map("".join),
        st.text(st.characters(), max_size=30),
    )
