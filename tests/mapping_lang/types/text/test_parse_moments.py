from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mapping_lang.diagnostics import Code
from mapping_lang.types.errors import ValueRefusedError
from mapping_lang.types.text.parse import (
    parse_date,
    parse_date_loose,
    parse_datetime_iso,
    parse_datetime_rfc3339,
    parse_time,
    parse_time_lenient,
    parse_year,
)

FORM, YEAR = Code.VALUE_FORM, Code.VALUE_YEAR
NOON = datetime(2024, 1, 2, 3, 4, 5, tzinfo=UTC)
DAY = datetime(2024, 1, 2, tzinfo=UTC)


def result(parse: Callable[[str], object], text: str) -> object:
    try:
        return parse(text)
    except ValueRefusedError as error:
        return error.code


@pytest.mark.parametrize(
    ("text", "rfc3339", "iso"),
    [
        # TYPE-48
        ("2024-01-02T03:04:05Z", NOON, NOON),
        ("2024-01-02T03:04:05", FORM, NOON),
        ("2024-01-02 03:04:05Z", FORM, NOON),
        ("2024-01-02T03:04:05.123456789123Z", NOON + timedelta(microseconds=123_456), FORM),
        ("2024-01-02T03:04:05,5Z", NOON + timedelta(seconds=0.5), FORM),
        ("2024-01-02T03:04:05+02", FORM, NOON - timedelta(hours=2)),
        ("2024-01-02T03:04:05+0200", FORM, NOON - timedelta(hours=2)),
        ("2024-01-02", FORM, DAY),
        ("2024", FORM, datetime(2024, 1, 1, tzinfo=UTC)),
        ("2024-01", FORM, datetime(2024, 1, 1, tzinfo=UTC)),
        ("2024-002", FORM, DAY),
        ("2024-01-02T03", FORM, DAY + timedelta(hours=3)),
        ("2024-01-02T03:04Z", FORM, DAY + timedelta(hours=3, minutes=4)),
        ("2024-W01-1", FORM, FORM),
        ("20240102T030405Z", FORM, YEAR),
        ("0001-01-01T00:00:00+05:00", YEAR, YEAR),
        # digits and separators
        ("2024-1-2T3:4:5Z", FORM, NOON),
        ("2024-01-02T3:04:05Z", NOON, NOON),
        ("+2024-01-02T03:04:05Z", FORM, NOON),
        ("0000002024-01-02", FORM, DAY),
        ("0" * 9_000 + "2024", FORM, datetime(2024, 1, 1, tzinfo=UTC)),
        ("2024-0000000000001-02", FORM, FORM),
        ("2024-01-02t03:04:05Z", FORM, FORM),
        ("2024-01-02T03:04:05z", FORM, FORM),
        ("2024-01-02T03:04:05.Z", FORM, NOON),
        ("2024-01-02T03:04:05.123456789Z", *[NOON + timedelta(microseconds=123_456)] * 2),
        ("2024-01-02T03:04:05.1Z", *[NOON + timedelta(seconds=0.1)] * 2),
        (" 2024-01-02T03:04:05Z", FORM, FORM),
        ("2024-01-02T03:04:05Z\n", FORM, FORM),
        ("2024-01-02T03:04:0\u0665Z", FORM, FORM),
        ("", FORM, FORM),
        # the calendar and the clock
        ("2024-02-29T00:00:00Z", *[datetime(2024, 2, 29, tzinfo=UTC)] * 2),
        ("2023-02-29T00:00:00Z", FORM, FORM),
        ("2024-13-01T00:00:00Z", FORM, FORM),
        ("2024-00-01T00:00:00Z", FORM, FORM),
        ("2024-01-02T24:00:00Z", FORM, FORM),
        ("2024-01-02T23:59:60Z", FORM, FORM),
        ("2024-01-02T23:60:00Z", FORM, FORM),
        ("2024-366", FORM, datetime(2024, 12, 31, tzinfo=UTC)),
        ("2023-366", FORM, FORM),
        ("2023-000", FORM, FORM),
        ("1900-366", FORM, FORM),
        ("0000-01-01T00:00:00Z", YEAR, YEAR),
        ("0000-12-31T23:00:00-02:00", datetime(1, 1, 1, 1, tzinfo=UTC), YEAR),
        ("0000-12-31T23:00:00-00:59", YEAR, YEAR),
        ("10000-01-01T00:00:00Z", FORM, YEAR),
        ("9999-12-31T23:59:59-00:01", YEAR, YEAR),
        ("0001-01-01T00:00:00-05:00", *[datetime(1, 1, 1, 5, tzinfo=UTC)] * 2),
        # zones
        ("2024-01-02T03:04:05+02:30", *[NOON - timedelta(hours=2, minutes=30)] * 2),
        ("2024-01-02T03:04:05-23:59", *[NOON + timedelta(hours=23, minutes=59)] * 2),
        ("2024-01-02T03:04:05+00:00", NOON, NOON),
        ("2024-01-02T03:04:05-00:00", NOON, FORM),
        ("2024-01-02T03:04:05-00", FORM, FORM),
        ("2024-01-02T03:04:05+24:00", FORM, FORM),
        ("2024-01-02T03:04:05+00:60", FORM, FORM),
        ("2024-01-02T03:04:05+2", FORM, FORM),
        ("2024-01-02Z", FORM, FORM),
    ],
)
def test_a_datetime_has_a_strict_and_a_lenient_form(
    text: str, rfc3339: object, iso: object
) -> None:
    assert result(parse_datetime_rfc3339, text) == rfc3339
    assert result(parse_datetime_iso, text) == iso


@pytest.mark.parametrize(
    ("text", "strict", "loose"),
    [
        ("2024-01-31", date(2024, 1, 31), date(2024, 1, 31)),
        ("0001-01-01", date(1, 1, 1), date(1, 1, 1)),
        ("9999-12-31", date(9999, 12, 31), date(9999, 12, 31)),
        ("0000-01-31", YEAR, YEAR),
        ("2023-02-29", FORM, FORM),
        ("2024-13-01", FORM, FORM),
        ("0000-13-01", FORM, FORM),
        ("2024-W01-1", FORM, FORM),
        ("2024-1-2", FORM, FORM),
        ("24-01-02", FORM, FORM),
        ("20240102", FORM, FORM),
        ("2024/01/02", FORM, FORM),
        ("2024-01-02T00:00:00Z", FORM, FORM),
        ("2024-01-0\u0662", FORM, FORM),
        ("", FORM, FORM),
        ("01/31/2024", FORM, date(2024, 1, 31)),
        ("01.31.2024", FORM, date(2024, 1, 31)),
        ("01/31.2024", FORM, FORM),
        ("01-31-2024", FORM, FORM),
        ("31/01/2024", FORM, FORM),
        ("02/30/2024", FORM, FORM),
        ("01/31/0000", FORM, YEAR),
        ("04/05/23", FORM, FORM),
        # spreadsheet days
        ("059", FORM, date(1900, 2, 28)),
        ("060", FORM, FORM),
        ("060.5", FORM, FORM),
        ("061", FORM, date(1900, 3, 1)),
        ("001", FORM, date(1900, 1, 1)),
        ("0.9", FORM, date(1899, 12, 31)),
        ("000", FORM, date(1899, 12, 31)),
        ("12", FORM, FORM),
        ("123", FORM, date(1900, 5, 2)),
        ("45000", FORM, date(2023, 3, 15)),
        ("45000.7", FORM, date(2023, 3, 15)),
        ("45000.75", FORM, FORM),
        ("45000.7500", FORM, FORM),
        ("45000.750", FORM, date(2023, 3, 15)),
        (".123", FORM, FORM),
        ("123.", FORM, FORM),
        ("1.2.3", FORM, FORM),
        ("-123", FORM, FORM),
        ("106753", FORM, date(2192, 4, 10)),
        ("200000", FORM, date(2447, 7, 30)),
        ("2958465", FORM, date(9999, 12, 31)),
        ("2958466", FORM, YEAR),
        ("9" * 9_000, FORM, YEAR),
        ("0" * 9_000 + "61", FORM, date(1900, 3, 1)),
    ],
)
def test_a_date_has_one_strict_and_several_loose_shapes(
    text: str, strict: object, loose: object
) -> None:
    assert result(parse_date, text) == strict
    assert result(parse_date_loose, text) == loose


@pytest.mark.parametrize(
    ("text", "strict", "lenient"),
    [
        ("09:01:57", time(9, 1, 57), time(9, 1, 57)),
        ("09:01:57.5", time(9, 1, 57, 500_000), time(9, 1, 57, 500_000)),
        ("09:01:57.123456789", time(9, 1, 57, 123_456), time(9, 1, 57, 123_456)),
        ("09:01:57.1234567891", time(9, 1, 57, 123_456), time(9, 1, 57, 123_456)),
        ("09:01:57garbage", FORM, time(9, 1, 57)),
        ("09:01:57.5+02:00", FORM, time(9, 1, 57, 500_000)),
        ("09:01:57,5", FORM, time(9, 1, 57)),
        ("09:01:57.", FORM, FORM),
        ("09:01:57.x", FORM, FORM),
        ("09:01", FORM, FORM),
        ("9:01:57", time(9, 1, 57), FORM),
        ("9:1:57", FORM, FORM),
        ("24:00:00", FORM, FORM),
        ("23:60:00", FORM, FORM),
        ("23:59:60", FORM, FORM),
        ("03:04:05Z", FORM, time(3, 4, 5)),
        (" 03:04:05", FORM, FORM),
        ("0\u0663:04:05", FORM, FORM),
        ("", FORM, FORM),
    ],
)
def test_a_time_has_a_strict_and_a_lenient_form(text: str, strict: object, lenient: object) -> None:
    assert result(parse_time, text) == strict
    assert result(parse_time_lenient, text) == lenient


@pytest.mark.parametrize(
    ("text", "year"),
    [
        ("1", 1),
        ("2024", 2024),
        ("9999", 9999),
        *((text, FORM) for text in ("", "0", "0024", "+24", "-1", "10000", "2e3", "24 ", "\uff12")),
    ],
)
def test_a_year_is_one_to_four_digits(text: str, year: object) -> None:
    assert result(parse_year, text) == year


@pytest.mark.parametrize(
    ("parse", "text", "message", "limit"),
    [
        (
            parse_datetime_rfc3339,
            "now",
            "«now» is not a datetime such as 2024-01-31T15:04:05Z",
            "a datetime such as 2024-01-31T15:04:05Z",
        ),
        (
            parse_datetime_iso,
            "2024-02-30",
            "«2024-02-30» is not a moment of the calendar",
            "a moment of the calendar",
        ),
        (
            parse_datetime_iso,
            "2024-02-20T00:00+25",
            "«2024-02-20T00:00+25» is not a moment of a zone between -23:59 and +23:59",
            "a moment of a zone between -23:59 and +23:59",
        ),
        (parse_date, "x", "«x» is not a date such as 2024-01-31", "a date such as 2024-01-31"),
        (
            parse_time,
            "25:00:00",
            "«25:00:00» is not a time from 00:00:00 to 23:59:59",
            "a time from 00:00:00 to 23:59:59",
        ),
        (
            parse_date_loose,
            "9999999",
            "the year of «9999999» is not between 1 and 9999",
            "",
        ),
    ],
)
def test_a_refusal_says_what_was_found_and_expected(
    parse: Callable[[str], object], text: str, message: str, limit: str
) -> None:
    with pytest.raises(ValueRefusedError) as caught:
        parse(text)
    assert (caught.value.message, caught.value.limit) == (message, limit)


@settings(max_examples=150, deadline=None)
@given(st.datetimes(), st.integers(-23 * 60 - 59, 23 * 60 + 59))
def test_a_moment_of_any_zone_is_its_instant(local: datetime, minutes: int) -> None:
    sign = "-" if minutes < 0 else "+"
    zone = f"{sign}{abs(minutes) // 60:02}:{abs(minutes) % 60:02}"
    text = local.isoformat() + zone
    try:
        expected: object = (local - timedelta(minutes=minutes)).replace(tzinfo=UTC)
    except OverflowError:
        expected = YEAR
    assert result(parse_datetime_rfc3339, text) == expected
    assert result(parse_datetime_iso, text) == expected


@settings(max_examples=100, deadline=None)
@given(st.dates(min_value=date(1900, 3, 1)))
def test_a_spreadsheet_counts_days(day: date) -> None:
    count = (day - date(1900, 1, 1)).days + 2
    assert parse_date_loose(f"{count}") == day


PARSERS: tuple[Callable[[str], object], ...] = (
    parse_datetime_rfc3339,
    parse_datetime_iso,
    parse_date,
    parse_date_loose,
    parse_time,
    parse_time_lenient,
    parse_year,
)
MOMENT_CHARS = st.sampled_from("0123456789-+:.,TZ W/\u0663")


@settings(max_examples=250, deadline=None)
@given(
    st.one_of(
        st.text(max_size=20),
        st.text(MOMENT_CHARS, max_size=12),
        st.tuples(
            st.sampled_from(["2024-01-0", "2024-01-02T0", "0000-", "9999-12-31T23:59:59.9", "1"]),
            st.text(MOMENT_CHARS, max_size=10),
        ).map("".join),
    )
)
def test_any_text_is_read_or_refused(text: str) -> None:
    for parse in PARSERS:
        found = result(parse, text)
        if isinstance(found, datetime):
            assert found.tzinfo is UTC
        # Nothing but ASCII digits is read as a number.
        assert isinstance(found, Code) or parse is parse_time_lenient or text.isascii()


@pytest.mark.timeout(20)
@pytest.mark.parametrize(
    "text", ["1" * 300_000, "2024-" + "1" * 300_000, "1-" * 150_000, "0" * 300_000 + "T"]
)
def test_long_text_takes_time_in_proportion(text: str) -> None:
    for parse in PARSERS:
        assert isinstance(result(parse, text), Code)
