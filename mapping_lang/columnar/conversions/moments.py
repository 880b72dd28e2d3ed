"""Datetimes, dates and times by column, from text and from each other (MAP-93 to MAP-98)."""

from datetime import date
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from mapping_lang.columnar.column import Computed, Mask
from mapping_lang.columnar.conversions.kernel import (
    ConversionKernel,
    Shape,
    cast_to,
    reading,
    within,
)
from mapping_lang.columnar.texts import Texts
from mapping_lang.types.arrow.layout import TIME, TIMESTAMP, Array
from mapping_lang.types.kinds import DatetimeType, DateType, StringType, TimeType

_DATE32: Final = pa.date32()
_INT32: Final = pa.int32()
_INT64: Final = pa.int64()
_NAIVE: Final = pa.timestamp("us")

_EPOCH: Final = date(1970, 1, 1)
_FIRST_DAY: Final = (date.min - _EPOCH).days
_LAST_DAY: Final = (date.max - _EPOCH).days
_DAY: Final = 24 * 60 * 60 * 1_000_000
"""A day in microseconds."""
_FIRST_INSTANT: Final = _FIRST_DAY * _DAY
_LAST_INSTANT: Final = (_LAST_DAY + 1) * _DAY - 1

# Days that are in every year: the 29 February is left to the scalar function.
_DAY_OF_YEAR: Final = (
    "(?:(?:0[1-9]|1[0-2])-(?:0[1-9]|1[0-9]|2[0-8])"
    "|(?:0[13-9]|1[0-2])-(?:29|30)|(?:0[13578]|1[02])-31)"
)
_CLOCK: Final = r"(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](?:\.[0-9]{1,6})?"
_SURE_DATE: Final = rf"\A[0-9]{{4}}-{_DAY_OF_YEAR}\z"
_SURE_INSTANT: Final = rf"\A[0-9]{{4}}-{_DAY_OF_YEAR}T{_CLOCK}Z\z"
_SURE_TIME: Final = rf"\A{_CLOCK}\z"
_SURE_ZONED: Final = (
    rf"\A[0-9]{{4}}-{_DAY_OF_YEAR}T{_CLOCK}(?:Z|[+-](?:[01][0-9]|2[0-3]):[0-5][0-9])\z"
)
_DATE_CHARS: Final = len("2024-01-31")
_MIN_INSTANT_CHARS: Final = len("2024-01-31T15:04:05Z")
_MIN_ZONED_CHARS: Final = len("2024-01-31T15:04:05+00:00")
_MIN_TIME_CHARS: Final = len("15:04:05")


def text_to_date(_: StringType, target: DateType) -> ConversionKernel:
    return reading(read_date, target)


def read_date(texts: Texts) -> Computed:
    """Read `YYYY-MM-DD`, the only form that Arrow takes; but it knows a year 0."""
    done = _DATES.read(texts, proven=True)
    days = within(Computed(done.values.view(_INT32), done.doubt), _FIRST_DAY, _LAST_DAY)
    return Computed(days.values.view(_DATE32), days.doubt)


def _likely_dates(texts: Texts) -> Mask:
    usual = pc.equal(pc.binary_length(texts.array), pa.scalar(_DATE_CHARS, _INT32))
    return pc.and_(usual, pc.and_(texts.where(4, b"-"), texts.where(7, b"-")))


_DATES: Final = Shape(cast_to(_DATE32), _likely_dates, _SURE_DATE)


def text_to_datetime(_: StringType, target: DatetimeType) -> ConversionKernel:
    return reading(read_rfc3339, target)


def read_rfc3339(texts: Texts) -> Computed:
    """Read the form of RFC 3339, with the zone `Z` or `+hh:mm`."""
    zoned = texts.has(-1, b"Z") or (texts.shortest >= _MIN_ZONED_CHARS and texts.has(-3, b":"))
    return _read_instant(texts, _ZONED, zoned=zoned)


def read_utc(texts: Texts) -> Computed:
    """Read the form of RFC 3339 with the zone `Z`, which is also in the lenient ISO form."""
    return _read_instant(texts, _INSTANTS, zoned=texts.has(-1, b"Z"))


def _read_instant(texts: Texts, shape: Shape, *, zoned: bool) -> Computed:
    # Arrow also takes a space for the `T`, times without minutes or seconds, and short zones.
    proven = (
        zoned
        and texts.shortest >= _MIN_INSTANT_CHARS
        and texts.has(10, b"T")
        and texts.has(13, b":")
        and texts.has(16, b":")
    )
    done = shape.read(texts, proven=proven)
    # It knows a year 0, and a zone may lead out of the calendar.
    instants = within(Computed(done.values.view(_INT64), done.doubt), _FIRST_INSTANT, _LAST_INSTANT)
    return Computed(instants.values.view(TIMESTAMP), instants.doubt)


def _likely_instants(texts: Texts) -> Mask:
    return pc.and_(_likely_clocks(texts), texts.where(-1, b"Z"))


def _likely_zoned(texts: Texts) -> Mask:
    numeric = pc.and_(texts.where_longer(_MIN_ZONED_CHARS), texts.where(-3, b":"))
    return pc.and_(_likely_clocks(texts), pc.or_(numeric, texts.where(-1, b"Z")))


def _likely_clocks(texts: Texts) -> Mask:
    parts = pc.and_(texts.where(13, b":"), texts.where(16, b":"))
    return pc.and_(pc.and_(texts.where_longer(_MIN_INSTANT_CHARS), texts.where(10, b"T")), parts)


_INSTANTS: Final = Shape(cast_to(TIMESTAMP), _likely_instants, _SURE_INSTANT)
_ZONED: Final = Shape(cast_to(TIMESTAMP), _likely_zoned, _SURE_ZONED)


def text_to_time(_: StringType, target: TimeType) -> ConversionKernel:
    return reading(read_time, target)


def read_time(texts: Texts) -> Computed:
    """Read `hh:mm:ss` and up to six digits of a fraction."""
    # Arrow also takes times without seconds.
    proven = texts.shortest >= _MIN_TIME_CHARS and texts.has(5, b":")
    return _TIMES.read(texts, proven=proven)


def _cast_time(clocks: Array) -> Array:
    # There is no cast from text to times.
    return pc.binary_join_element_wise("1970-01-01", clocks, "T").cast(_NAIVE).cast(TIME)


def _likely_times(texts: Texts) -> Mask:
    return pc.and_(texts.where_longer(_MIN_TIME_CHARS), texts.where(5, b":"))


_TIMES: Final = Shape(_cast_time, _likely_times, _SURE_TIME)


def datetime_to_date(_: DatetimeType, __: DateType) -> ConversionKernel:
    return lambda array: Computed(array.view(_NAIVE).cast(_DATE32))


def datetime_to_time(_: DatetimeType, __: TimeType) -> ConversionKernel:
    return lambda array: Computed(array.view(_NAIVE).cast(TIME))


def date_to_datetime(_: DateType, __: DatetimeType) -> ConversionKernel:
    return lambda array: Computed(array.cast(_NAIVE).view(TIMESTAMP))
