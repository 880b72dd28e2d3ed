from collections.abc import Callable
from datetime import UTC, datetime, time
from decimal import Decimal
from functools import partial
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mapping_lang.types.errors import ValueRefusedError
from mapping_lang.types.kinds import decimal_fits
from mapping_lang.types.text import bulk
from mapping_lang.types.text.format import (
    format_datetime,
    format_datetime_grouped,
    format_decimal,
    format_time,
    format_time_grouped,
)
from mapping_lang.types.text.parse import (
    parse_datetime_iso,
    parse_decimal,
    parse_int,
    parse_time,
    parse_uuid,
)

INSTANTS = st.datetimes(timezones=st.just(UTC))

# How texts of each kind are read many at a time and one by one; what is usual, and what is not.
KINDS: dict[str, tuple[Callable[[list[str]], Any], Callable[[str], Any], list[str], list[str]]] = {
    "datetime": (
        bulk.parse_datetimes_iso,
        parse_datetime_iso,
        [
            "2024-01-02T03:04:05Z",
            "2024-01-02T03:04:05.1Z",
            "2024-01-02T03:04:05.12Z",
            "2024-02-29T03:04:05.123Z",
            "9999-12-31T23:59:59.999999Z",
            "0001-01-01T00:00:00.000Z",
        ],
        [
            "2024-01-02T03:04:05.1234567Z",
            "2024-01-02T03:04:05.9999999Z",
            "2024-01-02T03:04:05",
            "2024-01-02 03:04:05Z",
            "2024-01-02T03:04:05+02:00",
            "2024-002",
            "2024-01-02t03:04:05Z",
            "2024-01-02T03:04:05z",
            "2023-02-29T00:00:00Z",
            "0000-01-01T00:00:00Z",
            "2024-01-02T24:00:00Z",
            "2024-01-02T23:59:60Z",
            "2024-W01-1T00:00:00Z",
            "2024-01-02T03:04:05Z\n2024-01-02T03:04:05Z",
            "\u0662024-01-02T03:04:05Z",
            "",
        ],
    ),
    "time": (
        bulk.parse_times,
        parse_time,
        ["00:00:00", "23:59:59.999999", "03:04:05.5", "03:04:05.500"],
        ["3:04:05", "03:04:05.9999999", "24:00:00", "03:04:60", "03:04:05Z", "03:04:05+01:00", "03:04", ""],
    ),
    "uuid": (
        bulk.parse_uuids,
        parse_uuid,
        ["3f2504e0-4f89-41d3-9a0c-0305e82c3301", "00000000-0000-0000-0000-000000000000"],
        [
            "3F2504E0-4F89-41D3-9A0C-0305E82C3301",
            "3f2504e04f8941d39a0c0305e82c3301",
            "{3f2504e0-4f89-41d3-9a0c-0305e82c3301}",
            "3g2504e0-4f89-41d3-9a0c-0305e82c3301",
            "",
        ],
    ),
    "int": (
        partial(bulk.parse_ints, unsigned=False),
        parse_int,
        ["0", "007", "123456789012345678"],
        ["-5", "+5", "1234567890123456789", "9223372036854775808", "1_0", " 1", "\u0665", "1.0", ""],
    ),
    "unsigned int": (
        partial(bulk.parse_ints, unsigned=True),
        partial(parse_int, unsigned=True),
        ["0", "007", "123456789012345678"],
        ["-5", "+5", "18446744073709551615", "18446744073709551616", ""],
    ),
}  # fmt: skip


def one_by_one(parse: Callable[[str], Any], texts: list[str]) -> object:
    try:
        return [parse(text) for text in texts]
    except ValueRefusedError as error:
        return str(error), error.code


def together(parse: Callable[[list[str]], Any], texts: list[str]) -> object:
    try:
        return parse(texts)
    except ValueRefusedError as error:
        return str(error), error.code


@pytest.mark.parametrize("kind", KINDS)
def test_many_are_read_as_one_by_one(kind: str) -> None:
    many, one, usual, unusual = KINDS[kind]
    for texts in ([], usual, usual[:1], usual * 50, usual[:1] * 50):
        assert many(texts) == one_by_one(one, texts)
    for text in unusual:
        for texts in ([text], [usual[0], text], [text, *usual], [text, text]):
            assert together(many, texts) == one_by_one(one, texts)


@given(kind=st.sampled_from(sorted(KINDS)), data=st.data())
def test_any_texts_are_read_as_one_by_one(kind: str, data: st.DataObject) -> None:
    many, one, usual, unusual = KINDS[kind]
    texts = data.draw(st.lists(st.sampled_from(usual + unusual), max_size=4))
    assert together(many, texts) == one_by_one(one, texts)


@given(st.lists(INSTANTS))
def test_instants_are_read_and_written_many_at_a_time(values: list[datetime]) -> None:
    assert bulk.parse_datetimes_iso([format_datetime(value) for value in values]) == values
    assert bulk.format_datetimes_grouped(values) == [format_datetime_grouped(v) for v in values]


@given(st.lists(st.times()))
def test_times_are_read_and_written_many_at_a_time(values: list[time]) -> None:
    assert bulk.parse_times([format_time(value) for value in values]) == values
    assert bulk.format_times_grouped(values) == [format_time_grouped(v) for v in values]


@pytest.mark.parametrize(
    ("texts", "numbers"),
    [
        ([], []),
        (["0", "-0", "0.00", "-0.0"], ["0", "0", "0", "0"]),
        (["999.99", "-1.5", "10"], ["999.99", "-1.5", "10"]),
        (["1000"], None),
        (["1.234"], None),
        (["1.500"], None),
        (["1e2"], None),
        (["1E2"], None),
        (["null"], None),
        (["true"], None),
        (['"1"'], None),
        (["[1]"], None),
        (["{}"], None),
        (["1", '"a"'], None),
    ],
)
def test_plain_json_decimals_are_read_together(texts: list[str], numbers: list[str] | None) -> None:
    found = bulk.parse_json_decimals(texts, 5, 2)
    assert (None if found is None else list(map(str, found))) == numbers


JSON_NUMBERS = st.from_regex(
    r"-?(0|[1-9][0-9]{0,5})(\.[0-9]{1,5})?([eE][+-]?[0-9]{1,2})?", fullmatch=True
)


@given(st.lists(JSON_NUMBERS, max_size=3), st.integers(1, 8), st.data())
def test_decimals_that_are_read_together_fit(
    texts: list[str], precision: int, data: st.DataObject
) -> None:
    scale = data.draw(st.integers(0, precision))
    found = bulk.parse_json_decimals(texts, precision, scale)
    if found is not None:
        assert found == [parse_decimal(text) for text in texts]
        assert all(decimal_fits(number, precision, scale) for number in found)


@given(st.lists(st.decimals(allow_nan=False, allow_infinity=False), max_size=3))
def test_canonical_decimals_are_spelled_as_everywhere(values: list[Decimal]) -> None:
    found = bulk.canonical_decimals(values)
    if found is not None:
        assert list(map(str, found)) == list(map(format_decimal, values))


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("12.30", "12.3"),
        ("100", "100"),
        ("1E+2", "100"),
        ("1E+75", "1" + "0" * 75),
        ("9" * 76, "9" * 76),
        ("0.000001", "0.000001"),
        ("-0.00", "0"),
        ("1E-7", None),
        ("1E+76", None),
        ("9" * 77, None),
    ],
)
def test_a_decimal_is_canonical_or_left_alone(value: str, text: str | None) -> None:
    found = bulk.canonical_decimals([Decimal(value)])
    assert (None if found is None else list(map(str, found))) == (None if text is None else [text])
