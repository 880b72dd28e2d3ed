"""When a record was last changed, as its source says it (RUN-25)."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Final, TypeAlias, assert_never

import pyarrow as pa
import pyarrow.compute as pc

from executor.marks import Marks, Mistake
from executor.strptime import strptime_reader
from mapping_lang.diagnostics import Code
from mapping_lang.types.arrow.layout import Array
from mapping_lang.types.errors import TypesError
from mapping_lang.types.json_value import JsonKind, kind_of, string_of
from mapping_lang.types.kinds import DatetimeType, DateType, JsonType, StringType, Type
from mapping_lang.types.text.parse import parse_datetime_iso
from mapping_lang.types.values import Json

UpdateTimeType: TypeAlias = StringType | DatetimeType | DateType | JsonType
"""What a column of update times can be (PIPE-66)."""

ISO8601: Final = "ISO8601"
EXCEL: Final = "Excel"

EARLIEST: Final = datetime(1900, 1, 1, tzinfo=UTC)
TOLERANCE: Final = timedelta(minutes=5)
"""How far in the future an update time may be: clocks differ."""

_MOMENT: Final = pa.timestamp("us", tz="UTC")
_NO_MOMENT: Final = pa.scalar(None, _MOMENT)
_SERIAL: Final = re.compile(r"[0-9]+(?:\.[0-9]+)?")
_SERIAL_EPOCH: Final = datetime(1899, 12, 31, tzinfo=UTC)
_LEAP_BUG: Final = 60
"""The spreadsheet's 29 February 1900, a day that never was."""
_MAX_SERIAL_DIGITS: Final = 8
_MICROSECONDS_OF_A_DAY: Final = 86_400_000_000
_PLAIN: Final = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,6})?Z$"
"""The usual spelling, which Arrow reads as we do."""

_Reader: TypeAlias = Callable[[str], datetime | None]


def update_time_type(type_: Type) -> UpdateTimeType:
    """Narrow the type of an update time column, which was checked when the pipeline was saved."""
    if isinstance(type_, StringType | DatetimeType | DateType | JsonType):
        return type_
    raise TypeError(f"found an update time of type {type_}, expected a moment, text or JSON")


def update_times(
    name: str,
    type_: UpdateTimeType,
    format_: str,
    values: Array,
    *,
    otherwise: datetime,
    now: datetime,
) -> Marks:
    """Give the update times of a batch; those that cannot be are mistakes of their records.

    A record without a value has the time of its file.
    """
    mistakes: dict[int, Mistake] = {}
    unreadable = Mistake(
        Code.VALUE_FORM, f"the update time in `{name}` does not have the format {format_}"
    )
    match type_:
        case DatetimeType():
            moments = values
        case DateType():
            moments = values.cast(_MOMENT)
        case StringType():
            moments = _of_texts(values, format_)
        case JsonType():
            values = _json_strings(values)
            moments = _of_texts(values, format_)
        case _:
            assert_never(type_)
    if moments.null_count > values.null_count:
        failed = pc.and_(moments.is_null(), values.is_valid())
        mistakes.update(dict.fromkeys(_positions(failed), unreadable))
    if values.null_count:
        moments = pc.if_else(values.is_null(), pa.scalar(otherwise, _MOMENT), moments)
    return _within_limits(name, Marks(moments, mistakes), now)


def one_update_time(count: int, moment: datetime) -> Array:
    """Give the same moment for every record of a batch."""
    return pa.repeat(pa.scalar(moment, _MOMENT), count)


def excel_moment(text: str) -> datetime | None:
    """Read the serial number of a day, which is truncated to seconds; None if it is none."""
    if len(text) < 3 or not _SERIAL.fullmatch(text):
        return None
    whole, _, fraction = text.partition(".")
    whole = whole.lstrip("0") or "0"
    if len(whole) > _MAX_SERIAL_DIGITS:
        return None
    days = int(whole)
    if days == _LEAP_BUG:
        return None
    # Rounded first: ten seconds are 9.9999996 of them where a spreadsheet keeps sixteen digits.
    part = Decimal(f"0.{fraction or 0}") * _MICROSECONDS_OF_A_DAY
    microseconds = int(part.to_integral_value(ROUND_HALF_EVEN))
    try:
        moment = _SERIAL_EPOCH + timedelta(
            days=days - (days > _LEAP_BUG), microseconds=microseconds
        )
    except OverflowError:
        return None
    return moment.replace(microsecond=0)


def _iso_moment(text: str) -> datetime | None:
    try:
        return parse_datetime_iso(text.rstrip(" "))
    except TypesError:
        return None


def _reader(format_: str) -> _Reader:
    if format_ == ISO8601:
        return _iso_moment
    return excel_moment if format_ == EXCEL else strptime_reader(format_)


def _of_texts(texts: Array, format_: str) -> Array:
    if format_ == ISO8601 and (plain := _plain(texts)) is not None:
        return plain
    read = _reader(format_)
    known: dict[str, datetime | None] = {}
    moments: list[datetime | None] = []
    for text in texts.to_pylist():
        if text is None:
            moments.append(None)
            continue
        if text not in known:
            known[text] = read(text)
        moments.append(known[text])
    return pa.array(moments, _MOMENT)


def _plain(texts: Array) -> Array | None:
    """Read the usual spelling all at once; None if there is another, or no such day."""
    if not pc.all(pc.match_substring_regex(texts, _PLAIN), skip_nulls=True, min_count=0).as_py():
        return None
    try:
        return texts.cast(_MOMENT)
    except pa.ArrowInvalid:
        return None


def _json_strings(values: Array) -> Array:
    """Give the strings of JSON values; null for the JSON null, else a text that is no moment."""
    texts: list[str | None] = []
    for text in values.to_pylist():
        value = None if text is None else Json(text.strip())
        match None if value is None else kind_of(value):
            case None | JsonKind.NULL:
                texts.append(None)
            case JsonKind.STRING if value is not None:
                texts.append(string_of(value))
            case _:
                texts.append("")
    return pa.array(texts, pa.string())


def _within_limits(name: str, marks: Marks, now: datetime) -> Marks:
    limits = (
        (
            pc.less(marks.values, pa.scalar(EARLIEST, _MOMENT)),
            f"the update time in `{name}` is before 1900",
        ),
        (
            pc.greater(marks.values, pa.scalar(now + TOLERANCE, _MOMENT)),
            f"the update time in `{name}` is in the future",
        ),
    )
    moments, mistakes = marks.values, dict(marks.mistakes)
    for beyond, message in limits:
        if not pc.any(beyond).as_py():
            continue
        flags = beyond.fill_null(fill_value=False)
        mistakes.update(dict.fromkeys(_positions(flags), Mistake(Code.VALUE_RANGE, message)))
        moments = pc.if_else(flags, _NO_MOMENT, moments)
    return Marks(moments, mistakes)


def _positions(flags: Array) -> list[int]:
    found: list[int] = pc.indices_nonzero(flags).to_pylist()
    return found
