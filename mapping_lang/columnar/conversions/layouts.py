"""Moments as a destination wants them written, by column (MAP-99)."""

from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from mapping_lang.columnar.column import Computed
from mapping_lang.columnar.conversions.kernel import ConversionKernel, only
from mapping_lang.columnar.conversions.to_text import text_writer
from mapping_lang.types.arrow.layout import Array
from mapping_lang.types.kinds import DatetimeType, DateType, Type
from mapping_lang.types.text.layouts import Layouts

_INT64: Final = pa.int64()
_UNITS: Final = {"unix": 1_000_000, "unixmilli": 1_000, "unixmicro": 1}
_NANOSECONDS: Final = 1_000
_MAX_NANO: Final = (2**63 - 1) // _NANOSECONDS


def layout_kernel(type_: Type, layouts: Layouts) -> ConversionKernel | None:
    """Give what writes moments in the usual layouts; None for patterns, and for containers."""
    match type_:
        case DatetimeType() if layouts.datetime == "unixnano":
            return _nanoseconds
        case DatetimeType() if layouts.datetime in _UNITS:
            return _count_of(_UNITS[layouts.datetime])
        case DateType() if not layouts.date:
            return text_writer(type_)
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


def _nanoseconds(array: Array) -> Computed:
    count = array.view(_INT64)
    sure = pc.less_equal(pc.abs(count), _MAX_NANO)
    done = only(Computed(count), sure)
    return Computed(pc.multiply(done.values, pa.scalar(_NANOSECONDS, _INT64)), done.doubt)
