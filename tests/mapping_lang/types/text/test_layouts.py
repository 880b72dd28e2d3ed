from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mapping_lang.diagnostics import Code
from mapping_lang.types.errors import TypeDefinitionError, ValueRefusedError
from mapping_lang.types.kinds import ArrayType, DateType, StringType
from mapping_lang.types.text.layouts import (
    MAX_LAYOUT_CHARS,
    Layouts,
    date_writer,
    datetime_writer,
    time_writer,
)

MOMENT = datetime(2023, 4, 5, 6, 7, 8, 120_000, UTC)
EVENING = datetime(1999, 12, 25, 21, 30, 59, 999_999, UTC)
NOON = datetime(9, 1, 1, 12, 0, 0, 0, UTC)


@pytest.mark.parametrize(
    ("layout", "moment", "evening"),
    [
        ("2006", "2023", "1999"),
        ("06", "23", "99"),
        ("January", "April", "December"),
        ("Jan", "Apr", "Dec"),
        ("01", "04", "12"),
        ("1", "4", "12"),
        ("Monday", "Wednesday", "Saturday"),
        ("Mon", "Wed", "Sat"),
        ("02", "05", "25"),
        ("2", "5", "25"),
        ("_2", " 5", "25"),
        ("002", "095", "359"),
        ("__2", " 95", "359"),
        ("15", "06", "21"),
        ("03", "06", "09"),
        ("3", "6", "9"),
        ("04", "07", "30"),
        ("4", "7", "30"),
        ("05", "08", "59"),
        ("5", "8", "59"),
        ("PM", "AM", "PM"),
        ("pm", "am", "pm"),
        ("MST", "UTC", "UTC"),
        ("Z07", "Z", "Z"),
        ("Z0700", "Z", "Z"),
        ("Z07:00", "Z", "Z"),
        ("Z070000", "Z", "Z"),
        ("Z07:00:00", "Z", "Z"),
        ("-07", "+00", "+00"),
        ("-0700", "+0000", "+0000"),
        ("-07:00", "+00:00", "+00:00"),
        ("-070000", "+000000", "+000000"),
        ("-07:00:00", "+00:00:00", "+00:00:00"),
        (".0", ".1", ".9"),
        (".000", ".120", ".999"),
        (",00", ",12", ",99"),
        (".000000000", ".120000000", ".999999000"),
        (".000000000000", ".120000000", ".999999000"),
        (".9", ".1", ".9"),
        (".999", ".12", ".999"),
        (",999999999", ",12", ",999999"),
    ],
)
def test_a_piece_of_the_moment_stands_for_itself_of_another(
    layout: str, moment: str, evening: str
) -> None:
    write = datetime_writer(layout)
    assert (write(MOMENT), write(EVENING)) == (moment, evening)


@pytest.mark.parametrize(
    ("layout", "text"),
    [
        ("", "0009-01-01T12:00:00Z"),
        ("2006-01-02T15:04:05.999Z07:00", "0009-01-01T12:00:00Z"),
        ("2006-01-02T15:04:05.000Z07:00", "0009-01-01T12:00:00.000Z"),
        ("Mon, 02 Jan 2006 15:04:05 MST", "Thu, 01 Jan 0009 12:00:00 UTC"),
        ("3:04PM", "12:00PM"),
        ("03h", "12h"),
        ("20060102150405", "00090101120000"),
    ],
)
def test_layouts_compose(layout: str, text: str) -> None:
    assert datetime_writer(layout)(NOON) == text


@pytest.mark.parametrize(
    ("layout", "text"),
    [
        ("year", "year"),
        ("Z T Week 7 8 9", "Z T Week 7 8 9"),
        # A letter after it makes another word of it.
        ("Janus Monk Mond", "Janus Monk Mond"),
        ("JanuaryMon", "AprilWed"),
        ("PMpm", "AMam"),
        # A fraction that goes on with another digit is none.
        (".01", ".04"),
        (".9990", ".9990"),
        ("_2006", "_2023"),
        ("_2_", " 5_"),
        ("00:00", "00:00"),
        ("{0} %d %Y", "{0} %d %Y"),
        ("日2006年", "日2023年"),
    ],
)
def test_everything_else_stands_for_itself(layout: str, text: str) -> None:
    assert datetime_writer(layout)(MOMENT) == text


@pytest.mark.parametrize(
    ("moment", "second", "milli", "micro", "nano"),
    [
        (MOMENT, 1680674828, 1680674828120, 1680674828120000, 1680674828120000000),
        (
            datetime(1969, 12, 31, 23, 59, 59, 500_001, UTC),
            -1,
            -500,
            -499_999,
            -499_999_000,
        ),
        (datetime(1970, 1, 1, tzinfo=UTC), 0, 0, 0, 0),
        (
            datetime.min.replace(tzinfo=UTC),
            -62135596800,
            -62135596800 * 10**3,
            -62135596800 * 10**6,
            None,
        ),
        (
            datetime.max.replace(tzinfo=UTC),
            253402300799,
            253402300799_999,
            253402300799_999999,
            None,
        ),
    ],
)
def test_a_count_since_1970_is_exact_and_rounded_down(
    moment: datetime, second: int, milli: int, micro: int, nano: int | None
) -> None:
    found = [datetime_writer("unix" + unit)(moment) for unit in ("", "milli", "micro")]
    assert found == [second, milli, micro]
    if nano is not None:
        assert datetime_writer("unixnano")(moment) == nano


@pytest.mark.parametrize(
    ("moment", "nano"),
    [
        (datetime(1677, 9, 21, 0, 12, 43, 145_225, UTC), -(2**63) + 808),
        (datetime(2262, 4, 11, 23, 47, 16, 854_775, UTC), 2**63 - 808),
    ],
)
def test_nanoseconds_since_1970_fit_64_bits(moment: datetime, nano: int) -> None:
    write = datetime_writer("unixnano")
    assert write(moment) == nano
    beyond = moment + timedelta(microseconds=1 if nano > 0 else -1)
    with pytest.raises(ValueRefusedError) as refused:
        write(beyond)
    bound = moment.isoformat().replace("+00:00", "Z")
    assert (refused.value.code, refused.value.limit) == (Code.VALUE_RANGE, bound)
    assert str(refused.value) == (
        f"{beyond.isoformat().replace('+00:00', 'Z')} is not within 1677-09-21T00:12:43.145225Z"
        " and 2262-04-11T23:47:16.854775Z, between which nanoseconds since 1970 fit 64 bits"
    )


@pytest.mark.parametrize(
    ("layout", "value", "text"),
    [
        ("", date(2023, 4, 5), "2023-04-05"),
        ("2006-01-02T00:00:00Z", date(1, 1, 1), "0001-01-01T00:00:00Z"),
        ("_2 Jan 06", date(9999, 12, 31), "31 Dec 99"),
        ("Monday, January 2 2006", date(9999, 12, 31), "Friday, December 31 9999"),
        ("15:04:05.000 PM", date(2023, 4, 5), "00:00:00.000 AM"),
        # Counts are for datetimes only.
        ("unix", date(2023, 4, 5), "unix"),
    ],
)
def test_a_date_is_written_as_its_midnight(layout: str, value: date, text: str) -> None:
    assert date_writer(layout)(value) == text


@pytest.mark.parametrize(
    ("layout", "value", "text"),
    [
        ("", time(6, 7, 8), "06:07:08Z"),
        ("", time(23, 59, 59, 999_999), "23:59:59.999Z"),
        ("", time(12, 30, 0, 500_000), "12:30:00.5Z"),
        ("", time(0, 0, 0, 999), "00:00:00Z"),
        ("150405", time(6, 7, 8), "060708"),
        ("03:04PM", time(0, 0), "12:00AM"),
        ("3:04:05 PM", time(23, 59, 59), "11:59:59 PM"),
        ("15:04:05.999", time(6, 7, 8), "06:07:08"),
        ("2006-01-02 Monday", time(6, 7, 8), "1970-01-01 Thursday"),
        ("unixmilli", time(6, 7, 8), "unixmilli"),
    ],
)
def test_a_time_is_written_as_one_of_the_first_day_of_1970(
    layout: str, value: time, text: str
) -> None:
    assert time_writer(layout)(value) == text


@pytest.mark.parametrize(
    ("micro", "text"),
    [(0, ""), (1, ""), (999, ""), (1_000, ".001"), (120_999, ".12"), (999_999, ".999")],
)
def test_the_default_form_cuts_to_milliseconds(micro: int, text: str) -> None:
    moment = MOMENT.replace(microsecond=micro)
    assert datetime_writer("")(moment) == f"2023-04-05T06:07:08{text}Z"


@pytest.mark.parametrize("name", ["datetime", "date", "time"])
def test_a_layout_is_text_of_bounded_length(name: str) -> None:
    longest = "2" * MAX_LAYOUT_CHARS
    assert getattr(Layouts(**{name: longest}), name) == longest
    with pytest.raises(
        TypeDefinitionError, match=f"`{name}` is a layout of 201 characters"
    ) as long:
        Layouts(**{name: longest + "2"})
    with pytest.raises(TypeDefinitionError, match=f"`{name}` is .* expected Unicode text") as half:
        Layouts(**{name: "\ud800"})
    assert (long.value.code, half.value.code) == (Code.SCHEMA_LIMIT, Code.SCHEMA_TEXT)


MOMENTS = st.datetimes(timezones=st.just(UTC))


@settings(max_examples=200, deadline=None)
@given(MOMENTS, st.text(st.sampled_from("0123456789-_:.,ZTJMPanuryodSpm "), max_size=20))
def test_every_text_is_a_layout(moment: datetime, layout: str) -> None:
    for text in (
        datetime_writer(layout)(moment),
        date_writer(layout)(moment.date()),
        time_writer(layout)(moment.time()),
    ):
        assert isinstance(text, str)


@settings(max_examples=100, deadline=None)
@given(MOMENTS)
def test_what_is_written_in_full_can_be_read_again(moment: datetime) -> None:
    text = datetime_writer("2006-01-02T15:04:05.000000-07:00")(moment)
    assert datetime.fromisoformat(str(text)) == moment
    assert datetime_writer("2006 002")(moment) == moment.strftime("%Y %j").rjust(8, "0")
    count = datetime_writer("unixmicro")(moment)
    assert isinstance(count, int)
    assert datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=count) == moment


def test_the_texts_of_different_moments_can_be_equal() -> None:
    layouts = Layouts(date="2006")
    assert layouts.written(ArrayType(DateType(), 1, 5, unique=True)) == ArrayType(
        StringType(), 1, 5
    )
    unique = ArrayType(StringType(), unique=True)
    assert layouts.written(unique) == unique
