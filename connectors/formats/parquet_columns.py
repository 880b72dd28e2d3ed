"""From the columns that Arrow reads of Parquet to columns as a batch has them."""

from collections.abc import Callable
from datetime import date
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from connectors.formats.columns import ReadColumn, one_by_one
from connectors.formats.texts import read_text_column
from mapping_lang.diagnostics import Code
from mapping_lang.types.arrow.layout import TIME, TIMESTAMP, Array, arrow_type
from mapping_lang.types.errors import ValueRefusedError
from mapping_lang.types.kinds import (
    MAX_YEAR,
    MIN_YEAR,
    DatetimeType,
    DateType,
    DecimalType,
    JsonType,
    Property,
    StringType,
    TimeType,
    UuidType,
)

_EPOCH: Final = date(1970, 1, 1).toordinal()
_FIRST_DAY: Final = date.min.toordinal() - _EPOCH
_LAST_DAY: Final = date.max.toordinal() - _EPOCH
_DAY_SECONDS: Final = 24 * 60 * 60
_UNITS: Final = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}
"""How many there are in a second."""

_MAX_INT64: Final = 2**63 - 1


def read_column(array: Array, item: Property) -> ReadColumn:
    """Lay a column out, and say which of its values do not fit.

    What Arrow gives depends on what wrote the file: a dictionary, an extension, a zone.
    """
    if isinstance(array, pa.ExtensionArray):
        array = array.storage
    if pa.types.is_dictionary(array.type):
        array = array.dictionary_decode()
    match item.type:
        case StringType():
            return read_text_column(array.cast(pa.binary()), item)
        case JsonType():
            return one_by_one(array.cast(pa.binary()).to_pylist(), item)
        case UuidType():
            return one_by_one(array.to_pylist(), item)
        case DatetimeType():
            return _moments(array)
        case DateType():
            days = array.cast(pa.date32()).view(pa.int32())
            return _within(days, _FIRST_DAY, _LAST_DAY, lambda kept: kept.view(pa.date32()))
        case TimeType():
            return _times(array)
        case DecimalType() as type_:
            return _decimals(array.cast(arrow_type(type_)), type_)
        case type_:
            # Booleans and numbers; a file says of 64 bits that they are a duration, too.
            return ReadColumn(array.cast(arrow_type(type_)))


def _moments(array: Array) -> ReadColumn:
    unit = array.type.unit
    per_second = _UNITS[unit]
    counts = array.cast(pa.timestamp(unit, array.type.tz)).view(pa.int64())
    low = _FIRST_DAY * _DAY_SECONDS * per_second
    high = (_LAST_DAY + 1) * _DAY_SECONDS * per_second - 1

    def lay_out(kept: Array) -> Array:
        if unit == "ns":
            # Further digits are cut (DEC-10), also before 1970: rounded down, not towards zero.
            cut = pc.divide(kept, 1000)
            kept = pc.if_else(pc.greater(pc.multiply(cut, 1000), kept), pc.subtract(cut, 1), cut)
        else:
            kept = pc.multiply(kept, _UNITS["us"] // per_second)
        return kept.view(TIMESTAMP)

    return _within(counts, max(low, -_MAX_INT64 - 1), min(high, _MAX_INT64), lay_out)


def _times(array: Array) -> ReadColumn:
    unit = array.type.unit
    counts = array.view(pa.int32() if array.type.bit_width == 32 else pa.int64()).cast(pa.int64())

    def lay_out(kept: Array) -> Array:
        if unit == "ns":
            return pc.divide(kept, 1000).view(TIME)
        return pc.multiply(kept, _UNITS["us"] // _UNITS[unit]).view(TIME)

    return _within(counts, 0, _DAY_SECONDS * _UNITS[unit] - 1, lay_out)


def _within(counts: Array, low: int, high: int, lay_out: Callable[[Array], Array]) -> ReadColumn:
    """Lay out the counts that stand for something, and refuse the others."""
    extremes = pc.min_max(counts).as_py()
    least, most = extremes["min"], extremes["max"]
    if least is None or (low <= least and most <= high):
        return ReadColumn(lay_out(counts))
    refused = {
        position: ValueRefusedError(
            Code.VALUE_RANGE,
            f"{value} is outside the calendar of the years {MIN_YEAR} to {MAX_YEAR}, or outside the"
            " day",
        )
        for position, value in enumerate(counts.to_pylist())
        if value is not None and not low <= value <= high
    }
    is_fine = pc.and_(pc.greater_equal(counts, low), pc.less_equal(counts, high))
    return ReadColumn(lay_out(pc.if_else(is_fine, counts, None)), refused)


def _decimals(array: Array, type_: DecimalType) -> ReadColumn:
    # Nothing in a file keeps a value within the precision that it says.
    extremes = pc.min_max(array).as_py()
    least, most = extremes["min"], extremes["max"]
    if least is None or (type_.low <= least and most <= type_.high):
        return ReadColumn(array)
    refused = {
        position: ValueRefusedError(
            Code.VALUE_RANGE, f"{value} has more digits than the {type_.precision} of its column"
        )
        for position, value in enumerate(array.to_pylist())
        if value is not None and not type_.low <= value <= type_.high
    }
    kept = [
        None if position in refused else value for position, value in enumerate(array.to_pylist())
    ]
    return ReadColumn(pa.array(kept, array.type), refused)
