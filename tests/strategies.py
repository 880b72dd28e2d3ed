"""Random types, schemas, values and records, for every property test."""

from datetime import UTC, date, datetime, time
from decimal import Decimal
from functools import cache

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from mapping_lang.types import kinds
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
    Property,
    StringType,
    TimeType,
    Type,
    UuidType,
    YearType,
)
from mapping_lang.types.text.parse import parse_ip
from mapping_lang.types.values import Json, Record, Value

NAMES = st.one_of(
    st.sampled_from(["a", "b", "c", "name", "city", "_x", "true", "kind", "A"]),
    st.from_regex(r"[A-Za-z_][A-Za-z0-9_]{0,8}", fullmatch=True),
)
TEXTS = st.text(
    st.one_of(
        st.characters(codec="utf-8"),
        st.sampled_from('aA0 "\\\n\t\r/ßİıǅﬁéÉ日😀\u2028\u2029\u00a0\u0085\x00\x1f'),
    ),
    max_size=12,
)
PATTERNS = ("^a+$", "[0-9]", "b", "^.{0,3}$")


@cache
def int_types() -> SearchStrategy[Type]:
    """Integer types of every size, some with bounds."""

    @st.composite
    def build(draw: st.DrawFn) -> Type:
        size, unsigned = draw(st.sampled_from(kinds.INT_BIT_SIZES)), draw(st.booleans())
        low, high = kinds.int_range(size, unsigned=unsigned)
        bounds = sorted(draw(st.lists(st.integers(low, high), min_size=2, max_size=2)))
        minimum, maximum = draw(
            st.sampled_from([(None, None), (None, None), (bounds[0], bounds[1]), (None, bounds[1])])
        )
        return IntType(size, unsigned, minimum, maximum)

    return build()


@cache
def float_types() -> SearchStrategy[Type]:
    """Float types of both sizes, real and not, some with bounds."""

    @st.composite
    def build(draw: st.DrawFn) -> Type:
        size, real = draw(st.sampled_from(kinds.FLOAT_BIT_SIZES)), draw(st.booleans())
        low, high = draw(st.sampled_from([(None, None), (None, None), (-1.5, 100.25), (0.0, None)]))
        return FloatType(size, real, low, high)

    return build()


@cache
def decimal_types() -> SearchStrategy[Type]:
    """Decimal types up to the largest, some with bounds."""

    @st.composite
    def build(draw: st.DrawFn) -> Type:
        precision = draw(st.one_of(st.integers(1, 12), st.sampled_from([38, 39, 76])))
        scale = draw(st.integers(0, min(precision, kinds.MAX_SCALE)))
        minimum = draw(st.sampled_from([None, None, Decimal(0)]))
        return DecimalType(precision, scale, minimum)

    return build()


@cache
def string_types() -> SearchStrategy[Type]:
    """String types: bare, with lengths, with a pattern, with listed values."""
    return st.one_of(
        st.just(StringType()),
        st.just(StringType()),
        st.builds(StringType, max_length=st.integers(1, 12)),
        st.builds(StringType, max_bytes=st.integers(1, 24)),
        st.builds(StringType, pattern=st.sampled_from(PATTERNS)),
        st.builds(
            StringType,
            values=st.lists(TEXTS.filter(lambda t: "\0" not in t), min_size=1, max_size=3).map(
                tuple
            ),
        ),
    )


@cache
def scalar_types() -> SearchStrategy[Type]:
    """Types of every kind that holds no other type."""
    return st.one_of(
        string_types(),
        int_types(),
        float_types(),
        decimal_types(),
        st.sampled_from(
            [
                BooleanType(),
                DatetimeType(),
                DateType(),
                TimeType(),
                YearType(),
                UuidType(),
                JsonType(),
                IpType(),
            ]
        ),
    )


@cache
def types(depth: int = 2) -> SearchStrategy[Type]:
    """Types of every kind, nested up to `depth` levels."""
    if depth == 0:
        return scalar_types()
    inner = types(depth - 1)
    return st.one_of(
        scalar_types(), scalar_types(), array_types(inner), map_types(inner), schemas(depth - 1)
    )


def array_types(inner: SearchStrategy[Type]) -> SearchStrategy[Type]:
    """Array types, some with limits, some with unique elements."""

    @st.composite
    def build(draw: st.DrawFn) -> Type:
        element = draw(inner)
        low, high = draw(st.sampled_from([(0, kinds.MAX_ELEMENTS), (0, 3), (1, 4)]))
        unique = kinds.allows_unique(element) and draw(st.booleans())
        return ArrayType(element, 0 if unique else low, high, unique)

    return build()


def map_types(inner: SearchStrategy[Type]) -> SearchStrategy[Type]:
    """Map types."""
    return inner.map(MapType)


@st.composite
def schemas(draw: st.DrawFn, depth: int = 2, *, min_properties: int = 1) -> ObjectType:
    """Schemas with every combination of flags."""
    names = draw(st.lists(NAMES, min_size=min_properties, max_size=4, unique=True))
    return ObjectType(
        tuple(
            Property(
                name,
                draw(types(depth)),
                create_required=draw(st.booleans()),
                update_required=draw(st.booleans()),
                read_optional=draw(st.booleans()),
                nullable=draw(st.booleans()),
                description=draw(st.sampled_from(["", "text"])),
            )
            for name in names
        )
    )


@cache
def json_texts() -> SearchStrategy[str]:
    """JSON text of any shape: odd spelling of numbers, white space, escapes, no repeated names."""
    numbers = st.sampled_from(
        ["0", "-0", "1.0", "1.50", "1e3", "-2E-7", "12345678901234567890123", "1e400", "0.1"]
    )
    strings = TEXTS.map(_json_string)
    leaves = st.one_of(st.sampled_from(["null", "true", "false"]), numbers, strings)
    space = st.sampled_from(["", "", " ", "\n\t"])

    def nest(inner: SearchStrategy[str]) -> SearchStrategy[str]:
        arrays = st.tuples(st.lists(inner, max_size=3), space).map(
            lambda p: "[" + p[1] + f"{p[1]},".join(p[0]) + "]"
        )
        objects = st.tuples(st.dictionaries(TEXTS, inner, max_size=3), space).map(
            lambda p: (
                "{"
                + ",".join(_json_string(k) + p[1] + ":" + p[1] + v for k, v in p[0].items())
                + "}"
            )
        )
        return st.one_of(arrays, objects)

    return st.recursive(leaves, nest, max_leaves=6)


def _json_string(text: str) -> str:
    escaped = "".join(
        f"\\u{ord(c):04x}" if ord(c) < 0x20 else {'"': '\\"', "\\": "\\\\"}.get(c, c) for c in text
    )
    return f'"{escaped}"'


def values(type_: Type) -> SearchStrategy[Value]:
    """Values that are valid for a type; extremes are likely. May be empty of examples: filter."""
    match type_:
        case StringType():
            return _strings(type_)
        case BooleanType():
            return st.booleans()
        case IntType():
            return st.one_of(
                st.integers(type_.low, type_.high), st.sampled_from([type_.low, type_.high])
            )
        case FloatType():
            floats = st.floats(
                width=32 if type_.bit_size == 32 else 64,
                min_value=type_.low,
                max_value=type_.high,
                allow_nan=False,
                allow_infinity=False if type_.real else None,
            )
            return floats if type_.real else st.one_of(floats, st.just(float("nan")))
        case DecimalType():
            return _decimals(type_)
        case DatetimeType():
            return st.one_of(
                st.datetimes(timezones=st.just(UTC)),
                st.sampled_from(
                    [datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)]
                ),
            )
        case DateType():
            return st.one_of(st.dates(), st.sampled_from([date.min, date.max]))
        case TimeType():
            return st.one_of(st.times(), st.sampled_from([time.min, time.max]))
        case YearType():
            return st.integers(kinds.MIN_YEAR, kinds.MAX_YEAR)
        case UuidType():
            return st.uuids().map(str)
        case JsonType():
            return json_texts().map(Json)
        case IpType():
            return st.ip_addresses().map(lambda address: parse_ip(str(address)))
        case ArrayType():
            return _arrays(type_)
        case ObjectType():
            return records(type_)
        case MapType():
            return st.dictionaries(TEXTS, values(type_.element), max_size=3)


def _strings(type_: StringType) -> SearchStrategy[Value]:
    if type_.values:
        return st.sampled_from(type_.values)
    if type_.pattern is not None:
        pattern = kinds.compile_pattern(type_.pattern)
        texts = st.one_of(st.sampled_from(["a", "aa", "0", "b"]), TEXTS)
        return texts.filter(lambda text: pattern.search(text) is not None)
    # Four bytes are the most that one character takes.
    limit = min(type_.max_length, 12)
    return TEXTS.map(lambda text: _cut(text[:limit], type_.max_bytes))


def _cut(text: str, max_bytes: int) -> str:
    return text.encode()[:max_bytes].decode(errors="ignore")


def _decimals(type_: DecimalType) -> SearchStrategy[Value]:
    limit = 10**type_.precision - 1
    low = 0 if type_.minimum is not None else -limit
    digits = st.one_of(st.integers(low, limit), st.sampled_from([low, limit, 0]))
    return digits.map(lambda n: _decimal(n, type_.scale))


def _decimal(number: int, scale: int) -> Decimal:
    return Decimal((number < 0, tuple(map(int, str(abs(number)))), -scale))


def _arrays(type_: ArrayType) -> SearchStrategy[Value]:
    high = min(type_.max_elements, 4)
    if type_.unique:
        # NaN is unlike itself: it would make "unique" a matter of taste.
        items = values(type_.element).filter(lambda item: item == item)
        return st.lists(items, min_size=type_.min_elements, max_size=high, unique=True)
    return st.lists(values(type_.element), min_size=type_.min_elements, max_size=high)


@st.composite
def records(draw: st.DrawFn, schema: ObjectType) -> Record:
    """Records of a schema; a property is absent or null only where its flags allow it."""
    record: Record = {}
    for item in schema.properties:
        choices = ["value", "value"]
        choices += ["absent"] if item.read_optional else []
        choices += ["null"] if item.nullable else []
        choice = draw(st.sampled_from(choices))
        if choice == "value":
            record[item.name] = draw(values(item.type))
        elif choice == "null":
            record[item.name] = None
    return record


@st.composite
def schemas_and_records(
    draw: st.DrawFn, *, depth: int = 2, max_records: int = 5
) -> tuple[ObjectType, list[Record]]:
    """A schema and some of its records."""
    schema = draw(schemas(depth))
    return schema, draw(st.lists(records(schema), max_size=max_records))


def canonical(value: object) -> object:
    """Give a form in which equal values compare equal: NaN like itself, -0.0 unlike 0.0."""
    match value:
        case float():
            return ("float", value.hex())
        case Decimal():
            return ("decimal", value)
        case bool():
            return ("bool", value)
        case list():
            return [canonical(item) for item in value]
        case dict():
            return {name: canonical(item) for name, item in value.items()}
        case _:
            return value
