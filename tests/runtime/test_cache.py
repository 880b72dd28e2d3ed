import threading
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime.cache import Cache


def test_what_was_made_is_given_again() -> None:
    cache: Cache[str, list[str]] = Cache(max_entries=2, max_weight=10)
    first = cache.get("a", 1, list)
    assert cache.get("a", 1, list) is first


def test_the_least_recently_used_leaves_first() -> None:
    cache: Cache[str, str] = Cache(max_entries=2, max_weight=10)
    made: list[str] = []

    def make(key: str) -> str:
        made.append(key)
        return key

    for key in ("a", "b", "a", "c", "a", "b"):
        cache.get(key, 1, partial(make, key))
    assert made == ["a", "b", "c", "b"]


def test_what_is_too_heavy_is_made_and_pushes_nothing_out() -> None:
    cache: Cache[str, str] = Cache(max_entries=9, max_weight=10)
    cache.get("a", 4, lambda: "a")
    assert cache.get("big", 11, lambda: "big") == "big"
    assert (len(cache), cache.weight) == (1, 4)


@given(st.lists(st.tuples(st.integers(0, 20), st.integers(0, 12)), max_size=60))
def test_the_bounds_always_hold(uses: list[tuple[int, int]]) -> None:
    cache: Cache[tuple[int, int], int] = Cache(max_entries=5, max_weight=20)
    for key, weight in uses:
        assert cache.get((key, weight), weight, partial(abs, key)) == key
        assert len(cache) <= 5
        assert 0 <= cache.weight <= 20


def test_what_fails_is_not_kept() -> None:
    cache: Cache[str, str] = Cache(max_entries=2, max_weight=10)

    def fail() -> str:
        raise ValueError("no")

    for _ in range(2):
        with pytest.raises(ValueError, match="no"):
            cache.get("a", 3, fail)
    assert (len(cache), cache.weight) == (0, 0)
    assert cache.get("a", 3, lambda: "a") == "a"


def test_many_who_ask_at_once_have_it_made_once() -> None:
    cache: Cache[str, int] = Cache(max_entries=2, max_weight=10)
    together, made = threading.Barrier(8), []

    def make() -> int:
        made.append(1)
        return len(made)

    def use(_: int) -> int:
        together.wait(10)
        return cache.get("a", 1, make)

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(use, range(8))) == [1] * 8
