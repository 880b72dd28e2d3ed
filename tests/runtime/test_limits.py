from dataclasses import fields, replace
from typing import Any

import pytest

from runtime.errors import LimitError, LimitValueError
from runtime.limits import Limits


def test_a_request_gets_no_more_than_the_server_allows() -> None:
    server = Limits(record_seconds=2, memory_bytes=100, batch_kills=3)
    asked = Limits(record_seconds=1, memory_bytes=200, batch_kills=3)
    assert asked.bounded_by(server) == replace(asked, memory_bytes=100)


@pytest.mark.parametrize("name", [each.name for each in fields(Limits)])
def test_every_limit_is_bounded(name: str) -> None:
    server = Limits()
    more: dict[str, Any] = {name: 2 * getattr(server, name)}
    asked = replace(server, **more)
    assert asked != server
    assert asked.bounded_by(server) == server


@pytest.mark.parametrize("name", [each.name for each in fields(Limits)])
@pytest.mark.parametrize("value", [0, -1, float("nan")])
def test_a_limit_that_limits_nothing_is_refused(name: str, value: float) -> None:
    changed: dict[str, Any] = {name: value}
    with pytest.raises(LimitValueError) as caught:
        replace(Limits(), **changed)
    assert caught.value.limit == name


@pytest.mark.parametrize(
    ("limit", "records", "size_bytes"), [("batch_records", 4, 1), ("batch_bytes", 1, 11)]
)
def test_a_batch_beyond_a_limit_is_refused(limit: str, records: int, size_bytes: int) -> None:
    with pytest.raises(LimitError) as caught:
        Limits(batch_records=3, batch_bytes=10).check_batch(records, size_bytes)
    assert caught.value.limit == limit


def test_the_source_is_counted_in_code_points() -> None:
    limits = Limits(source_chars=2)
    limits.check_source("😀😀")
    with pytest.raises(LimitError) as caught:
        limits.check_source("abc")
    assert (caught.value.limit, caught.value.found, caught.value.allowed) == ("source_chars", 3, 2)
