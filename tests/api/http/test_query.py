"""Query parameters (API-25, API-32)."""

import contextlib
import re
from typing import Annotated

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Meta

from api.errors import BadRequestError
from api.http.model import Model
from api.http.query import MAX_ITEMS, MAX_PARAMETERS, decode_query
from tests.api.http.echo import Color, Page


class Needed(Model, frozen=True):
    role: Annotated[str, Meta(min_length=1)]


def test_parameters_have_their_defaults() -> None:
    assert decode_query(b"", Page) == Page()
    assert decode_query(b"unknown=1&other", Page) == Page()


def test_parameters_are_read_strictly() -> None:
    query = b"first=5&limit=1000&names=a,b&color=Green&orderDesc=true"
    assert decode_query(query, Page) == Page(
        first=5, limit=1000, names=["a", "b"], color=Color.GREEN, descending=True
    )


@pytest.mark.parametrize(
    "query",
    [
        b"names=a,b,c",
        b"names=a&names=b,c",
        b"names=%20a%20,%09b,,&names=c&names=",
        b"names=a%2Cb%2Cc",
    ],
)
def test_lists_have_commas_or_stand_several_times(query: bytes) -> None:
    assert decode_query(query, Page).names == ["a", "b", "c"]


@pytest.mark.parametrize(
    ("query", "said"),
    [
        (b"first=-1", "`first` is -1, expected at least 0"),
        (b"limit=0", "`limit` is 0, expected at least 1"),
        (b"limit=1001", "`limit` is 1001, expected at most 1000"),
        (b"limit=", "`limit` is «», expected a whole number"),
        (b"limit=1.0", "`limit` is «1.0», expected a whole number"),
        (b"limit=+1", "`limit` is « 1», expected a whole number"),
        (b"limit=%D9%A1", "`limit` is «\u0661», expected a whole number"),
        (b"limit=99999999999999999999", "expected a whole number"),
        (b"limit=1&limit=2", "`limit` is there 2 times, expected one"),
        (b"color=green", 'expected one of "Red", "Green"; did you mean «Green»?'),
        (b"color=", "`color` is «», expected one of"),
        (b"orderDesc=1", "`orderDesc` is «1», expected true or false"),
        (b"names=a,b,c,d", "`names` is 4 items long, expected at most 3 items"),
        (b"names=%ff", "not UTF-8"),
        (b"names=\xff", "not UTF-8"),
        (b"names=%00", "U+0000"),
        (b"names=" + b"x," * (MAX_ITEMS + 1), f"expected at most {MAX_ITEMS} items"),
        (b"a=1&" * MAX_PARAMETERS + b"a", f"more than {MAX_PARAMETERS} parameters"),
        (b"names=a" + b"%cc%81" * 31, "combining marks"),
    ],
)
def test_a_mistake_says_what_was_found_and_what_was_expected(query: bytes, said: str) -> None:
    with pytest.raises(BadRequestError, match=f".*{re.escape(said)}.*"):
        decode_query(query, Page)


def test_a_parameter_that_has_to_be_there_is_missed() -> None:
    with pytest.raises(BadRequestError) as caught:
        decode_query(b"Role=x", Needed)
    assert caught.value.message == "the parameter `role` is missing, expected string"
    assert decode_query(b"role=e%CC%81", Needed) == Needed("\u00e9")


@given(st.binary(max_size=80))
def test_any_query_is_read_or_refused(query: bytes) -> None:
    with contextlib.suppress(BadRequestError):
        assert isinstance(decode_query(query, Page), Page)
