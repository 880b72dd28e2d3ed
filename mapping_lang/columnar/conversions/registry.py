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


@functools.lru_cache(maxsize=4096)
def conversion_kernel(source: Type, target: Type) -> ConversionKernel | None:
    """Give the kernel of a conversion with null allowed; None if the scalar function has to do."""
    if source == target:
        return same(source, target)
    if not can_convert(source, target):
        return None
    make = CONVERSION_KERNELS.get((type(source), type(target)))
    return None if make is None else make(source, target)
