"""When records were changed: every spelling, and the limits (RUN-25)."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pyarrow as pa
import pytest

from executor.marks import Marks, Mistake
from executor.strptime import strptime_reader
from executor.update_time import (
    EXCEL,
    ISO8601,
    UpdateTimeType,
    excel_moment,
    update_time_type,
    update_times,
)
from mapping_lang.diagnostics import Code
from mapping_lang.types.kinds import (
    BooleanType,
    DatetimeType,
    DateType,
    JsonType,
    StringType,
)

NOW = datetime(2026, 11, 21, 12, 0, 0, tzinfo=UTC)
OF_THE_FILE = datetime(2026, 5, 1, 10, 0, 0, tzinfo=UTC)


def _read(values: list[Any], type_: UpdateTimeType | None = None, format_: str = ISO8601) -> Marks:
    kinds = {DatetimeType(): pa.timestamp("us", tz="UTC"), DateType(): pa.date32()}
    type_ = type_ or StringType()
    column = pa.array(values, kinds.get(type_, pa.string()))
    return update_times("updated", type_, format_, column, otherwise=OF_THE_FILE, now=NOW)


def _texts(marks: Marks) -> list[str | None]:
    return [
        None if moment is None else moment.isoformat().removesuffix("+00:00")
        for moment in marks.values.to_pylist()
    ]


def _one(text: str, format_: str) -> str | None:
    (found,) = _texts(_read([text], format_=format_))
    return found


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2024-01-02", "2024-01-02T00:00:00"),
        ("2024-01-02T03:04:05Z", "2024-01-02T03:04:05"),
        ("2024-01-02 03:04:05", "2024-01-02T03:04:05"),
        ("2024-01-02T03:04", "2024-01-02T03:04:00"),
        ("2024-01-02T03", "2024-01-02T03:00:00"),
        ("2024-01", "2024-01-01T00:00:00"),
        ("2024", "2024-01-01T00:00:00"),
        ("2024-002", "2024-01-02T00:00:00"),
        ("2024-1-2", "2024-01-02T00:00:00"),
        ("2024-01-02T03:04:05.1Z", "2024-01-02T03:04:05.100000"),
        ("2024-01-02T03:04:05.123456789Z", "2024-01-02T03:04:05.123456"),
        ("2024-01-02T03:04:05.Z", "2024-01-02T03:04:05"),
        ("2024-01-02T03:04:05+02:00", "2024-01-02T01:04:05"),
        ("2024-01-02T03:04:05+0200", "2024-01-02T01:04:05"),
        ("2024-01-02T03:04:05+14:00", "2024-01-01T13:04:05"),
        ("+2024-01-02", "2024-01-02T00:00:00"),
        ("2024-01-02 ", "2024-01-02T00:00:00"),
        ("1900-01-01", "1900-01-01T00:00:00"),
        # what is no moment
        ("", None),
        ("2024-01-02t03:04:05Z", None),
        ("2024-W01-2", None),
        ("2024-01-02T03:04:05-00:00", None),
        ("2024-01-02T03:04:05+24:00", None),
        ("2024-01-02T24:00:00Z", None),
        ("2024-01-02T23:59:60Z", None),
        ("2024-02-30", None),
        ("2024-13-01", None),
        (" 2024-01-02", None),
        ("2024/01/02", None),
        ("1704164645", None),
        ("2024-01-02T03:04:05 UTC", None),
        # before 1900
        ("1899-12-31T23:59:59.999Z", None),
        ("1900-01-01T00:00:00+01:00", None),
    ],
)
def test_iso_8601_is_read_in_its_usual_spellings(text: str, moment: str | None) -> None:
    assert _one(text, ISO8601) == moment
    # Beside another spelling nothing is read all at once, and the result is the same.
    assert _texts(_read([text, "2024"]))[0] == moment


def test_a_column_of_the_usual_spelling_is_read_at_once() -> None:
    texts = ["2024-01-02T03:04:05Z", "2024-01-02T03:04:05.5Z", "1999-12-31T23:59:59.123456Z"]

    marks = _read([*texts, None])

    assert marks.mistakes == {}
    assert _texts(marks) == [
        "2024-01-02T03:04:05",
        "2024-01-02T03:04:05.500000",
        "1999-12-31T23:59:59.123456",
        OF_THE_FILE.isoformat().removesuffix("+00:00"),
    ]


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("45292", "2024-01-01T00:00:00"),
        ("45292.5", "2024-01-01T12:00:00"),
        ("45292.123456", "2024-01-01T02:57:46"),
        ("0045292", "2024-01-01T00:00:00"),
        ("45292.999999", "2024-01-01T23:59:59"),
        ("45292.9999884259", "2024-01-01T23:59:58"),
        ("45361.33969907407", "2024-03-10T08:09:10"),
        ("45361.33970486111", "2024-03-10T08:09:10"),
        ("100", "1900-04-09T00:00:00"),
        ("061", "1900-03-01T00:00:00"),
        ("059", "1900-02-28T00:00:00"),
        ("060", None),
        ("99", None),
        ("1", None),
        ("45292.", None),
        (".5", None),
        ("45,5", None),
        ("1e5", None),
        ("-500", None),
        ("abc", None),
        ("2024-01-01", None),
        ("", None),
        ("10000000000", None),
        ("9" * 400, None),
        ("2958466", None),
    ],
)
def test_serial_days_are_truncated_to_seconds(text: str, moment: str | None) -> None:
    found = excel_moment(text)
    assert (None if found is None else found.isoformat().removesuffix("+00:00")) == moment


def test_a_serial_day_before_1900_is_no_update_time() -> None:
    assert _read(["0.5"], format_=EXCEL).mistakes == {
        0: Mistake(Code.VALUE_RANGE, "the update time in `updated` is before 1900")
    }


@pytest.mark.parametrize(
    ("format_", "text", "moment"),
    [
        ("%Y-%m-%d", "2024-01-02", "2024-01-02T00:00:00"),
        ("%Y-%m-%d", "2024-01-02x", None),
        ("%d/%m/%Y %H:%M:%S", "02/01/2024 03:04:05", "2024-01-02T03:04:05"),
        ("%d/%m/%Y %H:%M:%S", "31/02/2024 00:00:00", None),
        ("%d %b %Y", "02 JAN 2024", "2024-01-02T00:00:00"),
        ("%Y-%m-%dT%H:%M:%S%z", "2024-01-02T03:04:05+0200", "2024-01-02T01:04:05"),
        ("%Y-%m-%d %H:%M:%S.%f", "2024-01-02 03:04:05.123456789", "2024-01-02T03:04:05.123456"),
        ("%Y-%m-%d %I:%M:%S %p", "2024-01-02 12:00:00 AM", "2024-01-02T00:00:00"),
        ("%Y%j", "2024366", "2024-12-31T00:00:00"),
        ("%Y%j", "2023366", "2024-01-01T00:00:00"),
        ("%s", "1704164645", "2024-01-02T03:04:05"),
        ("%s", "soon", None),
        ("%%%Y", "%2024", "2024-01-01T00:00:00"),
        ("%F %T", "2024-01-02 03:04:05", "2024-01-02T03:04:05"),
        ("%D %R", "01/02/24 03:04", "2024-01-02T03:04:00"),
        ("%e %b %Y", "2 Jan 2024", "2024-01-02T00:00:00"),
        ("%Q", "2024", None),
        ("100%", "100%", None),
        ("%G-W%V-%u", "2024-W01-2", "2024-01-02T00:00:00"),
    ],
)
def test_directives_are_those_of_the_c_library(format_: str, text: str, moment: str | None) -> None:
    found = strptime_reader(format_)(text)
    assert (None if found is None else found.isoformat().removesuffix("+00:00")) == moment


def test_moments_and_dates_are_taken_as_they_are() -> None:
    moment = datetime(2024, 1, 2, 3, 4, 5, 6, tzinfo=UTC)

    assert _read([moment, None], DatetimeType()).values.to_pylist() == [moment, OF_THE_FILE]
    assert _read([date(2024, 1, 2)], DateType()).values.to_pylist() == [
        datetime(2024, 1, 2, tzinfo=UTC)
    ]


def test_json_gives_the_text_of_its_string() -> None:
    marks = _read(['"2024-01-02"', "null", "2024", None, "{}"], JsonType())

    of_the_file = OF_THE_FILE.isoformat().removesuffix("+00:00")
    assert _texts(marks) == ["2024-01-02T00:00:00", of_the_file, None, of_the_file, None]
    unreadable = Mistake(
        Code.VALUE_FORM, "the update time in `updated` does not have the format ISO8601"
    )
    assert marks.mistakes == {2: unreadable, 4: unreadable}


def test_the_future_begins_in_five_minutes() -> None:
    near, far = NOW + timedelta(minutes=5), NOW + timedelta(minutes=5, microseconds=1)

    marks = _read([near, far], DatetimeType())

    assert marks.values.to_pylist() == [near, None]
    assert marks.mistakes == {
        1: Mistake(Code.VALUE_RANGE, "the update time in `updated` is in the future")
    }


def test_no_other_type_is_an_update_time() -> None:
    with pytest.raises(TypeError):
        update_time_type(BooleanType())


def test_a_batch_without_records_has_no_mistakes() -> None:
    assert _read([]).values.to_pylist() == []
