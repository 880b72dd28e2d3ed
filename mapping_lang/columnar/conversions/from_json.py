"""JSON values to scalars by column (MAP-80 to MAP-103).

The text of a JSON value is known to be valid. So whatever number Arrow reads in it is the number
that we read; and a string without a backslash is what stands between its quotes.
"""

from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from mapping_lang.columnar.column import Computed, either, none_but, some, spread
from mapping_lang.columnar.conversions.from_text import (
    read_decimal,
    read_float,
    read_int,
    read_ip,
    read_uuid,
    read_year,
)
from mapping_lang.columnar.conversions.kernel import ConversionKernel, Read, only, reading
from mapping_lang.columnar.conversions.moments import read_date, read_time, read_utc
from mapping_lang.columnar.conversions.to_text import to_text
from mapping_lang.columnar.texts import Texts
from mapping_lang.types.arrow.layout import Array
from mapping_lang.types.kinds import (
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

_NULL: Final = "null"
_NO_TEXT: Final = pa.scalar(None, pa.string())
_BOOLEANS: Final = pa.array(("true", "false"))
_TRUE: Final = pa.scalar(0, pa.int32())
_QUOTE: Final = b'"'
_QUOTED: Final = r'\A"[^\\]*"\z'
_LITERAL: Final = r"\A(?:[-0-9][-+.0-9eE]*|true|false)\z"


def from_json(_: JsonType, target: Type) -> ConversionKernel | None:
    """Give the conversion to a scalar type; None if the target is none."""
    convert = _converter(target)
    if convert is None:
        return None

    def kernel(texts: Array) -> Computed:
        nulls = some(pc.equal(texts, _NULL))
        return convert(texts if nulls is None else pc.if_else(nulls, _NO_TEXT, texts))

    return kernel


def _converter(target: Type) -> ConversionKernel | None:
    match target:
        case StringType():
            return _strings(target)
        case BooleanType():
            return _booleans
        case IntType():
            return reading(read_int(target), target)
        case FloatType():
            return reading(read_float(target), target)
        case DecimalType():
            return reading(read_decimal(target), target)
        case YearType():
            return reading(read_year, target)
        case DatetimeType():
            return _of_content(read_utc, target)
        case DateType():
            return _of_content(read_date, target)
        case TimeType():
            return _of_content(read_time, target)
        case UuidType():
            return _of_content(read_uuid, target)
        case IpType():
            return _of_content(read_ip, target)
        case _:
            return None


def _booleans(texts: Array) -> Computed:
    found = pc.index_in(texts, value_set=_BOOLEANS)
    return only(Computed(pc.equal(found, _TRUE)), pc.or_(found.is_valid(), texts.is_null()))


def _of_content(read: Read, target: Type) -> ConversionKernel:
    """Read what a JSON string says; the empty one is not null."""
    read_content = reading(read, target, empty_is_null=False)

    def read_strings(texts: Texts) -> Computed:
        if _are_quoted(texts):
            return read_content(_content(texts.array))
        quoted = pc.match_substring_regex(texts.array, _QUOTED)
        done = read_content(_content(texts.array.filter(quoted)))
        doubt = None if done.doubt is None else some(spread(done.doubt, quoted))
        return Computed(spread(done.values, quoted), either(doubt, none_but(quoted)))

    return reading(read_strings, target)


def _strings(target: StringType) -> ConversionKernel:
    limit = to_text(StringType(), target) or Computed

    def read(texts: Texts) -> Computed:
        if _are_quoted(texts):
            return limit(_content(texts.array))
        quoted = pc.match_substring_regex(texts.array, _QUOTED)
        sure = pc.or_(quoted, pc.match_substring_regex(texts.array, _LITERAL))
        said = pc.if_else(quoted, _content(texts.array), texts.array)
        done = only(Computed(said), sure)
        limited = limit(done.values)
        return Computed(limited.values, either(done.doubt, limited.doubt))

    return reading(read, target)


def _are_quoted(texts: Texts) -> bool:
    return (
        b"\\" not in texts.data
        and texts.shortest > 1
        and texts.has(0, _QUOTE)
        and texts.has(-1, _QUOTE)
    )


def _content(quoted: Array) -> Array:
    return pc.utf8_slice_codeunits(quoted, start=1, stop=-1)
