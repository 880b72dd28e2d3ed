"""`len` by column (MAP-55)."""

from collections.abc import Callable, Sequence
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from mapping_lang.columnar.builtins.kernel import Kernel
from mapping_lang.columnar.column import Computed, Values
from mapping_lang.columnar.conversions.registry import conversion_kernel
from mapping_lang.plan import STRING, Apply
from mapping_lang.types.arrow.layout import Array
from mapping_lang.types.arrow.read import map_entries
from mapping_lang.types.kinds import (
    ArrayType,
    BooleanType,
    DatetimeType,
    DateType,
    DecimalType,
    FloatType,
    IntType,
    IpType,
    MapType,
    StringType,
    TimeType,
    UuidType,
    YearType,
)

_INT32: Final = pa.int32()
_TRUE_CHARS: Final = pa.scalar(4, _INT32)
_FALSE_CHARS: Final = pa.scalar(5, _INT32)
_DATETIME_CHARS: Final = 20
_DATE_CHARS: Final = 10


def length(call: Apply) -> Kernel | None:
    type_ = call.arguments[0].type
    match type_:
        case StringType() | UuidType() | IpType():
            return _measured(pc.utf8_length)
        case BooleanType():
            return _measured(lambda flags: pc.if_else(flags, _TRUE_CHARS, _FALSE_CHARS))
        case DatetimeType():
            return _measured(lambda values: _same_everywhere(values, _DATETIME_CHARS))
        case DateType():
            return _measured(lambda values: _same_everywhere(values, _DATE_CHARS))
        case ArrayType():
            return _measured(pc.list_value_length)
        case MapType():
            return _measured(lambda maps: pc.list_value_length(map_entries(maps)))
        case IntType() | YearType() | FloatType() | DecimalType() | TimeType():
            text_of = conversion_kernel(type_, STRING)
            return None if text_of is None else _of_text(text_of)
        case _:
            return None


def _measured(measure: Callable[[Array], Any]) -> Kernel:
    def kernel(arguments: Sequence[Values], _: int) -> Computed:
        return Computed(_or_zero(measure(arguments[0])))

    return kernel


def _of_text(text_of: Callable[[Array], Computed]) -> Kernel:
    def kernel(arguments: Sequence[Values], _: int) -> Computed:
        done = text_of(arguments[0])
        return Computed(_or_zero(pc.binary_length(done.values)), done.doubt)

    return kernel


def _same_everywhere(values: Array, chars: int) -> Array:
    return pc.if_else(values.is_valid(), pa.scalar(chars, _INT32), pa.scalar(0, _INT32))


def _or_zero(lengths: Array) -> Array:
    return pc.fill_null(lengths, pa.scalar(0, _INT32)) if lengths.null_count else lengths
