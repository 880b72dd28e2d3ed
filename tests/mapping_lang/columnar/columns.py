"""Random columns of values of any type, and random records of any schema."""

import math
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from random import Random
from types import MappingProxyType
from typing import Any, Final, assert_never

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
    Schema,
    StringType,
    TimeType,
    Type,
    UuidType,
    YearType,
    compile_pattern,
    round_float,
)
from mapping_lang.types.text.parse import parse_ip
from mapping_lang.types.values import Json, Record
from tests.mapping_lang.columnar.forms import (
    JSON_FORMS,
    JSON_FORMS_OF,
    TEXT_FORMS,
    TEXT_FORMS_OF,
    json_scalar,
    texts,
)

DIRTY_SHARES: Final = (0.0, 0.0, 0.02, 0.1, 0.5)
_MICROSECOND: Final = timedelta(microseconds=1)
_FIRST: Final = datetime(1, 1, 1, tzinfo=UTC)
_SPAN: Final = (datetime.max.replace(tzinfo=UTC) - _FIRST) // _MICROSECOND


Meant = Mapping[str, Type]
"""What the texts, and the JSON values, of a property are mostly converted to."""


def column(chance: Random, type_: Type, count: int, meant: Type | None = None) -> list[Any]:
    """Make values of a type that have something in common."""
    match type_:
        case StringType():
            return _strings(chance, type_, count, meant)
        case BooleanType():
            return [chance.random() < 0.5 for _ in range(count)]
        case IntType():
            return _ints(chance, type_.low, type_.high, count)
        case FloatType():
            return _floats(chance, type_, count)
        case DecimalType():
            return _decimals(chance, type_, count)
        case DatetimeType():
            return _datetimes(chance, count)
        case DateType():
            return [moment.date() for moment in _datetimes(chance, count)]
        case TimeType():
            return [moment.time() for moment in _datetimes(chance, count)]
        case YearType():
            return _ints(chance, 1, 9999, count)
        case UuidType():
            return [_uuid(chance) for _ in range(count)]
        case IpType():
            return [chance.choice(_ADDRESSES) for _ in range(count)]
        case JsonType():
            form = chance.choice(JSON_FORMS)
            if meant is not None and chance.random() < 0.8:
                form = chance.choice(JSON_FORMS_OF.get(type(meant), JSON_FORMS))
            dirty = chance.choice(DIRTY_SHARES)
            return [
                Json(json_scalar(chance) if chance.random() < dirty else form(chance))
                for _ in range(count)
            ]
        case ArrayType():
            return _arrays(chance, type_, count)
        case MapType():
            return _maps(chance, type_, count)
        case ObjectType():
            return [*records(chance, type_, count)]
        case _:
            assert_never(type_)


def records(
    chance: Random, schema: Schema, count: int, meant: Meant = MappingProxyType({})
) -> list[Record]:
    """Make records; a property is absent or null only where its flags allow it."""
    made: list[Record] = [{} for _ in range(count)]
    for item in schema.properties:
        values = column(chance, item.type, count, meant.get(item.name))
        absent = chance.choice((0.0, 0.05, 0.5)) if item.read_optional else 0.0
        null = chance.choice((0.0, 0.05, 0.5)) if item.nullable else 0.0
        for record, value in zip(made, values, strict=True):
            toss = chance.random()
            if toss < absent:
                continue
            record[item.name] = None if toss < absent + null else value
    return made


_ADDRESSES: Final = tuple(
    parse_ip(text)
    for text in ("1.2.3.4", "255.0.10.1", "::1", "2001:db8::1", 'fe80::1%e"0', "::ffff:1.2.3.4")
)


def _uuid(chance: Random) -> str:
    plain = f"{chance.getrandbits(128):032x}"
    return f"{plain[:8]}-{plain[8:12]}-{plain[12:16]}-{plain[16:20]}-{plain[20:]}"


def _strings(chance: Random, type_: StringType, count: int, meant: Type | None) -> list[str]:
    if type_.values:
        return chance.choices(type_.values, k=count)
    form = chance.choice(TEXT_FORMS)
    if meant is not None and chance.random() < 0.8:
        form = chance.choice(TEXT_FORMS_OF.get(type(meant), TEXT_FORMS))
    written = texts(chance, form, count, chance.choice(DIRTY_SHARES))
    if type_.pattern is not None:
        search = compile_pattern(type_.pattern).search
        return [text if search(text) else chance.choice(("a", "aa")) for text in written]
    return [
        text[: type_.max_length].encode()[: type_.max_bytes].decode(errors="ignore")
        for text in written
    ]


def _ints(chance: Random, low: int, high: int, count: int) -> list[int]:
    edges = [edge for edge in (low, high, -1, 0, 1, 9999, 10_000) if low <= edge <= high]
    share = chance.choice((0.0, 0.1, 0.5))
    near = max(low, -100), min(high, 3000)
    least, most = near if near[0] <= near[1] and chance.random() < 0.7 else (low, high)
    return [
        chance.choice(edges) if chance.random() < share else chance.randint(least, most)
        for _ in range(count)
    ]


def _floats(chance: Random, type_: FloatType, count: int) -> list[float]:
    share = chance.choice((0.0, 0.1, 0.5))
    edges = (0.0, -0.0, 0.5, -0.5, 1.5, 2.5, 1e6, 999_999.5, 1e-4, 9.9e-5, 1e15, 1e16, 2.0**63)
    wild = (math.nan, math.inf, -math.inf, 5e-324, 1.7e308, 0.49999999999999994, -(2.0**63), 1e22)
    made: list[float] = []
    for _ in range(count):
        value = chance.uniform(-1000, 1000)
        if chance.random() < share:
            value = chance.choice(edges + wild)
        value = round_float(value, type_.bit_size)
        fits = not (type_.real and math.isnan(value)) and not (
            value < type_.low or value > type_.high
        )
        made.append(value if fits else type_.low if math.isfinite(type_.low) else 1.0)
    return made


def _decimals(chance: Random, type_: DecimalType, count: int) -> list[Decimal]:
    high = 10**type_.precision - 1
    low = -high if type_.minimum is None else 0
    share = chance.choice((0.0, 0.1, 0.5))
    whole = 10**type_.scale
    made: list[Decimal] = []
    for _ in range(count):
        number = chance.randint(max(low, -(10**6)), min(high, 10**6))
        if chance.random() < share:
            number = chance.choice((low, high, 0, whole, 5 * whole, number * whole, 1))
        number = min(max(number, low), high)
        made.append(Decimal((number < 0, tuple(map(int, str(abs(number)))), -type_.scale)))
    return made


def _datetimes(chance: Random, count: int) -> list[datetime]:
    shape = chance.choice(("any", "any", "seconds", "midnights", "epoch"))
    made: list[datetime] = []
    for _ in range(count):
        moment = _FIRST + chance.randint(0, _SPAN) * _MICROSECOND
        if chance.random() < 0.05:
            moment = chance.choice((_FIRST, datetime.max.replace(tzinfo=UTC)))
        if shape == "epoch":
            moment = datetime(1970, 1, 1, tzinfo=UTC) + chance.randint(-2000, 2000) * _MICROSECOND
        elif shape != "any":
            moment = moment.replace(microsecond=0)
        if shape == "midnights":
            moment = moment.replace(hour=0, minute=0, second=0)
        made.append(moment)
    return made


def _arrays(chance: Random, type_: ArrayType, count: int) -> list[list[Any]]:
    sizes = [chance.randint(type_.min_elements, min(type_.max_elements, 3)) for _ in range(count)]
    elements = iter(column(chance, type_.element, sum(sizes)))
    made = [[next(elements) for _ in range(size)] for size in sizes]
    return [list(dict.fromkeys(values)) for values in made] if type_.unique else made


def _maps(chance: Random, type_: MapType, count: int) -> list[dict[str, Any]]:
    keys = [chance.sample(("a", "b", "k", "é"), k=chance.randint(0, 3)) for _ in range(count)]
    elements = iter(column(chance, type_.element, sum(map(len, keys))))
    return [{key: next(elements) for key in own} for own in keys]
