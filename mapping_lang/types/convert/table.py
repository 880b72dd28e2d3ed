"""Which types convert to which, by looking at the types alone (MAP-70, MAP-71)."""

from typing import Final

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

_BOOLEAN_BITS: Final = 8
"""The size of the only integers that count as booleans."""

_TARGETS: Final[dict[type[Type], tuple[type[Type], ...]]] = {
    StringType: (
        StringType, BooleanType, IntType, FloatType, DecimalType, DatetimeType, DateType, TimeType,
        YearType, UuidType, JsonType, IpType,
    ),
    BooleanType: (StringType, BooleanType, IntType, JsonType),
    IntType: (StringType, BooleanType, IntType, FloatType, DecimalType, YearType, JsonType),
    FloatType: (StringType, IntType, FloatType, DecimalType, JsonType),
    DecimalType: (StringType, IntType, FloatType, DecimalType, JsonType),
    DatetimeType: (StringType, DatetimeType, DateType, TimeType, JsonType),
    DateType: (StringType, DatetimeType, DateType, JsonType),
    TimeType: (StringType, TimeType, JsonType),
    YearType: (StringType, IntType, YearType, JsonType),
    UuidType: (StringType, UuidType, JsonType),
    JsonType: (
        StringType, BooleanType, IntType, FloatType, DecimalType, DatetimeType, DateType, TimeType,
        YearType, UuidType, JsonType, IpType, ArrayType, ObjectType, MapType,
    ),
    IpType: (StringType, IpType, JsonType),
    ArrayType: (JsonType, ArrayType),
    ObjectType: (JsonType, ObjectType, MapType),
    MapType: (JsonType, ObjectType, MapType),
}  # fmt: skip


def can_convert(source: Type, target: Type) -> bool:
    """Tell if values of one type may become values of another; limits do not matter here."""
    if type(target) not in _TARGETS[type(source)]:
        return False
    match source, target:
        case (BooleanType(), IntType(bit_size=size)) | (IntType(bit_size=size), BooleanType()):
            return size == _BOOLEAN_BITS
        case ArrayType(), ArrayType():
            return can_convert(source.element, target.element)
        case MapType(), MapType():
            return can_convert(source.element, target.element)
        case ObjectType(), ObjectType():
            common = source.by_name.keys() & target.by_name.keys()
            return bool(common) and all(
                can_convert(source.by_name[name].type, target.by_name[name].type) for name in common
            )
        case ObjectType(), MapType():
            return all(can_convert(item.type, target.element) for item in source.properties)
        case MapType(), ObjectType():
            return all(can_convert(source.element, item.type) for item in target.properties)
        case _:
            return True
