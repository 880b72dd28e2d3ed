"""Which conversions have kernels, and why the others do not."""

import functools
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from mapping_lang.columnar.conversions.from_json import from_json
from mapping_lang.columnar.conversions.from_text import (
    text_to_boolean,
    text_to_decimal,
    text_to_float,
    text_to_int,
    text_to_ip,
    text_to_uuid,
    text_to_year,
)
from mapping_lang.columnar.conversions.kernel import ConversionKernel, MakeConversion
from mapping_lang.columnar.conversions.moments import (
    date_to_datetime,
    datetime_to_date,
    datetime_to_time,
    text_to_date,
    text_to_datetime,
    text_to_time,
)
from mapping_lang.columnar.conversions.numbers import (
    boolean_to_int,
    decimal_to_decimal,
    decimal_to_float,
    decimal_to_int,
    float_to_float,
    float_to_int,
    int_to_boolean,
    int_to_decimal,
    int_to_float,
    int_to_int,
    int_to_year,
    same,
    year_to_int,
)
from mapping_lang.columnar.conversions.to_json import to_json
from mapping_lang.columnar.conversions.to_text import to_text
from mapping_lang.types.convert.table import can_convert
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
    MapType,
    ObjectType,
    StringType,
    TimeType,
    Type,
    UuidType,
    YearType,
)

CONVERSION_KERNELS: Final[Mapping[tuple[type[Type], type[Type]], MakeConversion]] = (
    MappingProxyType(
        {
            (StringType, BooleanType): text_to_boolean,
            (StringType, IntType): text_to_int,
            (StringType, FloatType): text_to_float,
            (StringType, DecimalType): text_to_decimal,
            (StringType, DatetimeType): text_to_datetime,
            (StringType, DateType): text_to_date,
            (StringType, TimeType): text_to_time,
            (StringType, YearType): text_to_year,
            (StringType, UuidType): text_to_uuid,
            (StringType, IpType): text_to_ip,
            (BooleanType, BooleanType): same,
            (BooleanType, IntType): boolean_to_int,
            (IntType, BooleanType): int_to_boolean,
            (IntType, IntType): int_to_int,
            (IntType, FloatType): int_to_float,
            (IntType, DecimalType): int_to_decimal,
            (IntType, YearType): int_to_year,
            (FloatType, IntType): float_to_int,
            (FloatType, FloatType): float_to_float,
            (DecimalType, IntType): decimal_to_int,
            (DecimalType, FloatType): decimal_to_float,
            (DecimalType, DecimalType): decimal_to_decimal,
            (DatetimeType, DatetimeType): same,
            (DatetimeType, DateType): datetime_to_date,
            (DatetimeType, TimeType): datetime_to_time,
            (DateType, DatetimeType): date_to_datetime,
            (DateType, DateType): same,
            (TimeType, TimeType): same,
            (YearType, IntType): year_to_int,
            (YearType, YearType): same,
            (UuidType, UuidType): same,
            (IpType, IpType): same,
            **{
                (source, StringType): to_text
                for source in (
                    StringType, BooleanType, IntType, FloatType, DecimalType, DatetimeType,
                    DateType, TimeType, YearType, UuidType, IpType,
                )
            },
            **{
                (source, JsonType): to_json
                for source in (
                    StringType, BooleanType, IntType, FloatType, DecimalType, DatetimeType,
                    DateType, TimeType, YearType, UuidType, IpType, JsonType, ArrayType,
                )
            },
            **{
                (JsonType, target): from_json
                for target in (
                    StringType, BooleanType, IntType, FloatType, DecimalType, DatetimeType,
                    DateType, TimeType, YearType, UuidType, IpType,
                )
            },
        }
    )
)  # fmt: skip
"""The kernels by the kinds of source and target."""


DOUBTS: Final[Mapping[tuple[type[Type], type[Type]], str]] = MappingProxyType(
    {
        (StringType, StringType): "what a limit refuses; with a pattern, text beyond ASCII, for "
        "which Arrow's library has its own version of Unicode",
        (StringType, IntType): "a plus, more than 18 digits beside bad values",
        (StringType, FloatType): "infinities, NaN, hexadecimal numbers, underscores",
        (StringType, DecimalType): "zeros at the start; beside bad values, a plus and exponents",
        (StringType, DatetimeType): "more than six digits of a fraction, a comma before it, hours "
        "of one digit; beside bad values, 29 February",
        (StringType, DateType): "months first, serial days; beside bad values, 29 February",
        (StringType, TimeType): "more than six digits of a fraction, text after the time",
        (StringType, UuidType): "other forms than the one of 36 characters",
        (StringType, IpType): "addresses of version 6",
        (StringType, JsonType): "quotes, backslashes and control characters",
        (FloatType, StringType): "numbers that are written with an exponent, infinities, NaN",
        (FloatType, JsonType): "numbers below 0.0001 or from 10,000,000,000 on",
        (FloatType, FloatType): "infinities, NaN",
        (DecimalType, StringType): "numbers of more than six zeros after the point",
        (DecimalType, JsonType): "numbers of more than six zeros after the point",
        (IpType, JsonType): "zones with quotes, backslashes or control characters",
        (ArrayType, JsonType): "the column, if any element is in doubt or is a map or an object",
        (JsonType, StringType): "strings with escapes, arrays and objects, white space around",
        (JsonType, IntType): "a trailing `.0`, white space around",
        (JsonType, DatetimeType): "strings with escapes, other zones than `Z`, other ISO forms",
    }
)
"""What kernels leave to the scalar function besides what is refused."""

_PARTS: Final = (
    "parts are converted with null refused, by purpose and by property, and one bad part refuses "
    "the whole"
)
CONVERSION_FALLBACKS: Final[Mapping[tuple[type[Type], type[Type]], str]] = MappingProxyType(
    {
        (FloatType, DecimalType): "the exact binary value is rounded, and its digits are counted "
        "before (TYPE-62): Arrow rounds what it has rounded",
        (ArrayType, ArrayType): _PARTS,
        (ObjectType, ObjectType): _PARTS,
        (ObjectType, MapType): _PARTS,
        (MapType, ObjectType): _PARTS,
        (MapType, MapType): _PARTS,
        (JsonType, ArrayType): _PARTS,
        (JsonType, ObjectType): _PARTS,
        (JsonType, MapType): _PARTS,
        (ObjectType, JsonType): "members are written in the order of the properties, those that "
        "are absent left out: Arrow has no kernel that writes JSON",
        (MapType, JsonType): "members are written in the order of their keys: Arrow has no kernel "
        "that sorts entries",
    }
)
"""Why conversions have no kernel."""

LAYOUT_FALLBACK: Final = (
    "patterns of datetimes, dates and times spell names and padded numbers of their own"
)


@functools.lru_cache(maxsize=4096)
def conversion_kernel(source: Type, target: Type) -> ConversionKernel | None:
    """Give the kernel of a conversion with null allowed; None if the scalar function has to do."""
    if source == target:
        return same(source, target)
    if not can_convert(source, target):
        return None
    make = CONVERSION_KERNELS.get((type(source), type(target)))
    return None if make is None else make(source, target)
