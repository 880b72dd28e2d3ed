"""Moments as a destination wants them written, by column (MAP-99)."""

from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from mapping_lang.columnar.column import Computed
from mapping_lang.columnar.conversions.kernel import ConversionKernel, chained, only
from mapping_lang.columnar.conversions.to_text import text_writer
from mapping_lang.types.arrow.layout import Array
from mapping_lang.types.kinds import DatetimeType, DateType, TimeType, Type
from mapping_lang.types.text.layouts import Layouts

_INT64: Final = pa.int64()
_UNITS: Final = {"unix": 1_000_000, "unixmilli": 1_000, "unixmicro": 1}
_MILLISECOND: Final = pa.scalar(1_000, _INT64)
_NANOSECONDS: Final = 1_000
_MAX_NANO: Final = (2**63 - 1) // _NANOSECONDS


def layout_kernel(type_: Type, layouts: Layouts) -> ConversionKernel | None:
    """Give what writes moments in the layouts that have names; None for patterns."""
    match type_:
        case DatetimeType() if layouts.datetime == "unixnano":
            return _nanoseconds
        case DatetimeType() if layouts.datetime in _UNITS:
            return _count_of(_UNITS[layouts.datetime])
        case DatetimeType() if not layouts.datetime:
            return chained(_whole_milliseconds, text_writer(type_))
        case DateType() if not layouts.date:
            return text_writer(type_)
        case TimeType() if not layouts.time:
            return chained(chained(_whole_milliseconds, text_writer(type_)), _zoned)
        case _:
            return None


def _count_of(unit: int) -> ConversionKernel:
    def kernel(array: Array) -> Computed:
        count = array.view(_INT64)
        if unit == 1:
            return Computed(count)
        # Division cuts towards zero, and wanted is the count before.
        early = pc.subtract(count, pa.scalar(unit - 1, _INT64))
        count = pc.if_else(pc.less(count, 0), early, count)
        return Computed(pc.divide(count, pa.scalar(unit, _INT64)))

    return kernel


def _whole_milliseconds(array: Array) -> Computed:
    count = _count_of(_UNITS["unixmilli"])(array).values
    return Computed(pc.multiply(count, _MILLISECOND).view(array.type))


def _zoned(texts: Array) -> Computed:
    return Computed(pc.binary_join_element_wise(texts, "Z", ""))


def _nanoseconds(array: Array) -> Computed:
    count = array.view(_INT64)
    sure = pc.less_equal(pc.abs(count), _MAX_NANO)
    done = only(Computed(count), sure)
    return Computed(pc.multiply(done.values, pa.scalar(_NANOSECONDS, _INT64)), done.doubt)
