"""Values to JSON text by column (MAP-58, MAP-104)."""

from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from mapping_lang.columnar.column import Computed, blank, some
from mapping_lang.columnar.conversions.kernel import ConversionKernel, only
from mapping_lang.columnar.conversions.to_text import plain_floats, text_writer
from mapping_lang.columnar.texts import as_bytes, buffer_of
from mapping_lang.types.arrow.layout import Array
from mapping_lang.types.kinds import (
    ArrayType,
    BooleanType,
    DatetimeType,
    DateType,
    DecimalType,
    FloatType,
    IntType,
    IpType,
    JsonType,
    StringType,
    TimeType,
    Type,
    UuidType,
    YearType,
)

_MAX_PLAIN_FLOAT: Final = 1e10
_ESCAPED: Final = r'["\\\x00-\x1f]'


def to_json(source: Type, target: JsonType) -> ConversionKernel | None:
    """Write values as JSON."""
    match source:
        case StringType() | IpType():
            return _quoted
        case UuidType():
            return lambda array: Computed(_in_quotes(array))
        case DatetimeType() | DateType() | TimeType():
            text_of = text_writer(source)
            return None if text_of is None else lambda array: _written(text_of(array))
        case BooleanType() | IntType() | YearType() | DecimalType():
            return text_writer(source)
        case FloatType():
            write = plain_floats(_MAX_PLAIN_FLOAT)
            # A number of 32 bits is written as what it is.
            return lambda array: write(array.cast(pa.float64()))
        case JsonType():
            return Computed
        case ArrayType():
            element = to_json(source.element, target)
            return None if element is None else _arrays(element, target)
        case _:
            return None


def _written(text: Computed) -> Computed:
    return Computed(_in_quotes(text.values), text.doubt)


def _in_quotes(texts: Array) -> Array:
    # The separator is all there is between three texts of which two are empty.
    return pc.binary_join_element_wise("", texts, "", '"')


def _quoted(texts: Array) -> Computed:
    quoted = Computed(_in_quotes(texts))
    if not len(texts) or not _needs_escapes(texts):
        return quoted
    return only(quoted, pc.invert(pc.match_substring_regex(texts, _ESCAPED)))


def _needs_escapes(texts: Array) -> bool:
    buffer = buffer_of(texts)
    if not buffer.size:
        return False
    data: bytes = buffer.to_pybytes()
    return b'"' in data or b"\\" in data or pc.min(as_bytes(buffer)).as_py() < ord(" ")


def _arrays(element: ConversionKernel, target: JsonType) -> ConversionKernel:
    def kernel(array: Array) -> Computed:
        elements = element(array.flatten())
        if elements.doubt is not None:
            return only(Computed(blank(len(array), target)), array.is_null())
        lengths = pc.fill_null(pc.list_value_length(array), 0)
        ends = pc.cumulative_sum(lengths)
        offsets = pa.concat_arrays([pa.array([0], pa.int32()), ends])
        joined = pc.binary_join(pa.ListArray.from_arrays(offsets, elements.values), ",")
        texts = pc.binary_join_element_wise("[", joined, "]", "")
        nulls = some(array.is_null()) if array.null_count else None
        return Computed(
            texts if nulls is None else pc.if_else(nulls, pa.scalar(None, pa.string()), texts)
        )

    return kernel
