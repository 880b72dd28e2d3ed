import math
from collections.abc import Callable
from dataclasses import FrozenInstanceError, replace
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mapping_lang.diagnostics import Code
from mapping_lang.types.errors import TypeDefinitionError
from mapping_lang.types.kinds import (
    KINDS,
    MAX_ELEMENTS,
    MAX_FLOAT,
    MAX_LENGTH,
    MAX_NAME_CHARS,
    MAX_PATTERN_CHARS,
    NO_SCHEMA,
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
    compile_pattern,
    decimal_fits,
    display,
    int_range,
    kind_name,
    round_float,
)
from tests import strategies

TEXT = StringType()
OBJECT = ObjectType((Property("a", TEXT),))

ONE_OF_EACH: list[tuple[Type, str]] = [
    (StringType(), "string"),
    (BooleanType(), "boolean"),
    (IntType(32, unsigned=True), "int(32)"),
    (FloatType(64), "float(64)"),
    (DecimalType(10, 2), "decimal(10,2)"),
    (DatetimeType(), "datetime"),
    (DateType(), "date"),
    (TimeType(), "time"),
    (YearType(), "year"),
    (UuidType(), "uuid"),
    (JsonType(), "json"),
    (IpType(), "ip"),
    (ArrayType(MapType(JsonType())), "array(map(json))"),
    (OBJECT, "object"),
    (MapType(IntType(8)), "map(int(8))"),
]


def refusal(build: Callable[[], object]) -> tuple[Code, str]:
    with pytest.raises(TypeDefinitionError) as caught:
        build()
    error = caught.value
    assert error.found
    assert error.expected
    assert str(error) == f"`{error.attribute}` is {error.found}, expected {error.expected}"
    return error.code, error.attribute


def test_there_are_fifteen_kinds() -> None:
    assert tuple(kind_name(type_) for type_, _ in ONE_OF_EACH) == KINDS
    assert KINDS == (
        "string",
        "boolean",
        "int",
        "float",
        "decimal",
        "datetime",
        "date",
        "time",
        "year",
        "uuid",
        "json",
        "ip",
        "array",
        "object",
        "map",
    )


@pytest.mark.parametrize(("type_", "text"), ONE_OF_EACH)
def test_a_type_is_displayed_briefly(type_: Type, text: str) -> None:
    assert display(type_) == text


def test_a_type_does_not_change() -> None:
    type_ = IntType(8)
    with pytest.raises(FrozenInstanceError):
        type_.bit_size = 16  # type: ignore[misc]  # that it is refused is the point


NATURAL_RANGES = [
    (8, False, -128, 127),
    (8, True, 0, 255),
    (16, False, -32768, 32767),
    (16, True, 0, 65535),
    (24, False, -8388608, 8388607),
    (24, True, 0, 16777215),
    (32, False, -2147483648, 2147483647),
    (32, True, 0, 4294967295),
    (64, False, -9223372036854775808, 9223372036854775807),
    (64, True, 0, 18446744073709551615),
]


@pytest.mark.parametrize(("size", "unsigned", "low", "high"), NATURAL_RANGES)
def test_an_int_has_the_range_of_its_bits(
    size: int, *, unsigned: bool, low: int, high: int
) -> None:
    type_ = IntType(size, unsigned)
    assert (int_range(size, unsigned=unsigned), type_.low, type_.high) == ((low, high), low, high)
    assert IntType(size, unsigned, low, high) == type_
    assert hash(IntType(size, unsigned, low, high)) == hash(type_)
    bounded = IntType(size, unsigned, low + 1, high - 1)
    assert (bounded.minimum, bounded.maximum) == (bounded.low, bounded.high) == (low + 1, high - 1)
    assert refusal(lambda: IntType(size, unsigned, low - 1)) == (Code.SCHEMA_RANGE, "minimum")
    assert refusal(lambda: IntType(size, unsigned, low, high + 1)) == (Code.SCHEMA_RANGE, "maximum")


REFUSED: list[tuple[Callable[[], object], Code, str]] = [
    (lambda: StringType(max_bytes=0), Code.SCHEMA_RANGE, "maxBytes"),
    (lambda: StringType(max_bytes=MAX_LENGTH + 1), Code.SCHEMA_RANGE, "maxBytes"),
    (lambda: StringType(max_length=-1), Code.SCHEMA_RANGE, "maxLength"),
    (lambda: StringType(max_length=10**5000), Code.SCHEMA_RANGE, "maxLength"),
    (lambda: StringType(pattern="("), Code.SCHEMA_PATTERN, "pattern"),
    (lambda: StringType(pattern="(?=a)"), Code.SCHEMA_PATTERN, "pattern"),
    (lambda: StringType(pattern=r"(a)\1"), Code.SCHEMA_PATTERN, "pattern"),
    (lambda: StringType(pattern="\ud800"), Code.SCHEMA_PATTERN, "pattern"),
    (lambda: StringType(pattern="a" * (MAX_PATTERN_CHARS + 1)), Code.SCHEMA_LIMIT, "pattern"),
    (lambda: StringType(pattern="a", values=("a",)), Code.SCHEMA_ATTRIBUTE, "values"),
    (lambda: StringType(values=("a\0",)), Code.SCHEMA_TEXT, "values"),
    (lambda: StringType(values=("a", "\ud800")), Code.SCHEMA_TEXT, "values"),
    (lambda: IntType(0), Code.SCHEMA_ATTRIBUTE, "bitSize"),
    (lambda: IntType(128), Code.SCHEMA_ATTRIBUTE, "bitSize"),
    (lambda: IntType(8, minimum=5, maximum=4), Code.SCHEMA_RANGE, "maximum"),
    (lambda: FloatType(16), Code.SCHEMA_ATTRIBUTE, "bitSize"),
    (lambda: FloatType(64, minimum=math.nan), Code.SCHEMA_RANGE, "minimum"),
    (lambda: FloatType(64, maximum=math.inf), Code.SCHEMA_RANGE, "maximum"),
    (lambda: FloatType(32, maximum=3.5e38), Code.SCHEMA_RANGE, "maximum"),
    (lambda: FloatType(64, minimum=1.0, maximum=0.5), Code.SCHEMA_RANGE, "maximum"),
    (lambda: DecimalType(0), Code.SCHEMA_RANGE, "precision"),
    (lambda: DecimalType(77), Code.SCHEMA_RANGE, "precision"),
    (lambda: DecimalType(5, -1), Code.SCHEMA_RANGE, "scale"),
    (lambda: DecimalType(5, 6), Code.SCHEMA_RANGE, "scale"),
    (lambda: DecimalType(76, 38), Code.SCHEMA_RANGE, "scale"),
    (lambda: DecimalType(3, 1, Decimal("1.55")), Code.SCHEMA_RANGE, "minimum"),
    (lambda: DecimalType(3, 1, maximum=Decimal(100)), Code.SCHEMA_RANGE, "maximum"),
    (lambda: DecimalType(3, 1, maximum=Decimal("1e1000000")), Code.SCHEMA_RANGE, "maximum"),
    (lambda: DecimalType(3, 1, Decimal("NaN")), Code.SCHEMA_RANGE, "minimum"),
    (lambda: DecimalType(3, 1, Decimal("-Infinity")), Code.SCHEMA_RANGE, "minimum"),
    (lambda: DecimalType(3, 1, Decimal(2), Decimal(1)), Code.SCHEMA_RANGE, "maximum"),
    (lambda: ArrayType(TEXT, -1), Code.SCHEMA_RANGE, "minElements"),
    (lambda: ArrayType(TEXT, 0, MAX_ELEMENTS + 1), Code.SCHEMA_RANGE, "maxElements"),
    (lambda: ArrayType(TEXT, 2, 1), Code.SCHEMA_RANGE, "maxElements"),
    (lambda: ArrayType(JsonType(), unique=True), Code.SCHEMA_ATTRIBUTE, "uniqueElements"),
    (lambda: ArrayType(ArrayType(TEXT), unique=True), Code.SCHEMA_ATTRIBUTE, "uniqueElements"),
    (lambda: ArrayType(MapType(TEXT), unique=True), Code.SCHEMA_ATTRIBUTE, "uniqueElements"),
    (lambda: ArrayType(OBJECT, unique=True), Code.SCHEMA_ATTRIBUTE, "uniqueElements"),
    (lambda: ArrayType(NO_SCHEMA), Code.SCHEMA_ATTRIBUTE, "properties"),
    (lambda: MapType(NO_SCHEMA), Code.SCHEMA_ATTRIBUTE, "properties"),
    (lambda: Property("a", NO_SCHEMA), Code.SCHEMA_ATTRIBUTE, "properties"),
    (lambda: Property("", TEXT), Code.SCHEMA_NAME, "name"),
    (lambda: Property("1a", TEXT), Code.SCHEMA_NAME, "name"),
    (lambda: Property("a.b", TEXT), Code.SCHEMA_NAME, "name"),
    (lambda: Property("é", TEXT), Code.SCHEMA_NAME, "name"),
    (lambda: Property("a\n", TEXT), Code.SCHEMA_NAME, "name"),
    (lambda: Property("a" * (MAX_NAME_CHARS + 1), TEXT), Code.SCHEMA_LIMIT, "name"),
    (lambda: Property("a", TEXT, prefilled="\0"), Code.SCHEMA_TEXT, "prefilled"),
    (lambda: Property("a", TEXT, description="\udfff"), Code.SCHEMA_TEXT, "description"),
    (
        lambda: ObjectType((Property("a", TEXT), Property("a", DateType()))),
        Code.SCHEMA_NAME_REPEATED,
        "name",
    ),
]


@pytest.mark.parametrize(("build", "code", "attribute"), REFUSED)
def test_a_type_outside_its_limits_is_refused(
    build: Callable[[], object], code: Code, attribute: str
) -> None:
    assert refusal(build) == (code, attribute)


def test_a_float_bound_is_a_number_of_its_size() -> None:
    type_ = FloatType(32, minimum=0.1, maximum=16777217.0)
    assert (type_.minimum, type_.maximum) == (0.10000000149011612, 16777216.0)
    assert FloatType(64, minimum=0.1).minimum == 0.1


@pytest.mark.parametrize("size", [32, 64])
def test_a_float_is_unbounded_unless_it_is_real(size: int) -> None:
    largest = MAX_FLOAT[size]
    assert (FloatType(size).low, FloatType(size).high) == (-math.inf, math.inf)
    assert (FloatType(size, real=True).low, FloatType(size, real=True).high) == (-largest, largest)
    # A bound at the largest number forbids the infinities, so it is not the same type.
    assert FloatType(size, maximum=largest) != FloatType(size)
    assert FloatType(size, real=True, maximum=-1.0).high == -1.0


@pytest.mark.parametrize(
    ("precision", "scale", "high"),
    [
        (3, 1, "99.9"),
        (5, 2, "999.99"),
        (1, 0, "9"),
        (4, 4, "0.9999"),
        (76, 37, "9" * 39 + "." + "9" * 37),
    ],
)
def test_a_decimal_has_the_range_of_its_digits(precision: int, scale: int, high: str) -> None:
    type_ = DecimalType(precision, scale)
    assert (type_.low, type_.high) == (Decimal("-" + high), Decimal(high))
    assert DecimalType(precision, scale, type_.low, type_.high) == type_
    # A bound may end at the natural one while the other narrows (TYPE-D6).
    assert DecimalType(precision, scale, Decimal(0), type_.high) == DecimalType(
        precision, scale, Decimal(0)
    )


# Pairs that TYPE-34 decides.
EQUAL: list[tuple[Type, Type]] = [
    (IntType(8, minimum=-128), IntType(8)),
    (DecimalType(5, 2, Decimal(1)), DecimalType(5, 2, Decimal("1.00"))),
    (DecimalType(5, 2, Decimal("-0")), DecimalType(5, 2, Decimal(0))),
    (StringType(values=("e\u0301",)), StringType(values=("\xe9",))),
    (StringType(pattern="e\u0301"), StringType(pattern="\xe9")),
    (
        ObjectType((Property("a", TEXT, "e\u0301", description="e\u0301"),)),
        ObjectType((Property("a", TEXT, "\xe9", description="\xe9"),)),
    ),
]
UNEQUAL: list[tuple[Type, Type]] = [
    (StringType(values=("a", "b")), StringType(values=("b", "a"))),
    (StringType(values=("a",)), StringType(values=("a", "a"))),
    (StringType(pattern="a|b"), StringType(pattern="b|a")),
    (StringType(max_length=5), StringType(max_bytes=5)),
    (IntType(8), IntType(16)),
    (IntType(8, unsigned=True, maximum=127), IntType(8, minimum=0)),
    (FloatType(64), FloatType(64, real=True)),
    (DateType(), DatetimeType()),
    (ArrayType(TEXT), MapType(TEXT)),
    (ArrayType(TEXT), ArrayType(TEXT, unique=True)),
    (
        ObjectType((Property("a", TEXT), Property("b", TEXT))),
        ObjectType((Property("b", TEXT), Property("a", TEXT))),
    ),
]


@pytest.mark.parametrize(("one", "other"), EQUAL)
def test_types_that_mean_the_same_are_equal(one: Type, other: Type) -> None:
    assert one == other
    assert hash(one) == hash(other)


@pytest.mark.parametrize(("one", "other"), UNEQUAL)
def test_types_that_differ_are_unequal(one: Type, other: Type) -> None:
    assert one != other


def test_properties_are_equal_in_all_eight_fields() -> None:
    item = Property("a", TEXT)
    others = [
        replace(item, name="b"),
        replace(item, type=DateType()),
        replace(item, prefilled="x"),
        replace(item, create_required=True),
        replace(item, update_required=True),
        replace(item, read_optional=True),
        replace(item, nullable=True),
        replace(item, description="x"),
    ]
    assert all(item != other for other in others)
    assert all(ObjectType((item,)) != ObjectType((other,)) for other in others)
    assert len({item, *others}) == 9


@given(strategies.types(), strategies.types())
def test_equal_types_have_equal_hashes(one: Type, other: Type) -> None:
    assert replace(one) == one
    assert hash(replace(one)) == hash(one)
    assert (one == other) <= (hash(one) == hash(other))


def test_a_property_is_found_by_name_with_its_case() -> None:
    schema = ObjectType((Property("a", TEXT), Property("A", DateType())))
    assert {name: item.type for name, item in schema.by_name.items()} == {
        "a": TEXT,
        "A": DateType(),
    }


# Whether a value has a place in decimal(5,2) (TYPE-59).
FITS = ["1.20", "1.2", "999.99", "1e2", "100000e-3", "0.00", "0e999999999", "-999.990", "-0"]
FITS_NOT = ["12.345", "0.001", "1e-3", "1000", "1e3", "-999.991", "1e999999999", "1e-999999999"]


def test_a_decimal_fits_by_its_value_not_its_digits() -> None:
    assert [text for text in FITS + FITS_NOT if decimal_fits(Decimal(text), 5, 2)] == FITS


@given(st.integers(-(10**9), 10**9), st.integers(-12, 6), st.integers(1, 12), st.integers(0, 12))
def test_a_decimal_fits_iff_scaling_it_gives_a_short_integer(
    digits: int, exponent: int, precision: int, scale: int
) -> None:
    scale = min(scale, precision)
    scaled = Fraction(digits) * Fraction(10) ** (exponent + scale)
    expected = scaled.denominator == 1 and abs(scaled) < 10**precision
    value = Decimal((digits < 0, Decimal(digits).as_tuple().digits, exponent))
    assert decimal_fits(value, precision, scale) is expected


@pytest.mark.parametrize(
    ("value", "rounded"),
    [
        (16777217.0, 16777216.0),
        (3.4028235e38, MAX_FLOAT[32]),
        (3.4028236e38, math.inf),
        (-3.5e38, -math.inf),
        (1e-50, 0.0),
        (math.inf, math.inf),
    ],
)
def test_a_number_is_rounded_to_its_size(value: float, rounded: float) -> None:
    assert round_float(value, 32) == rounded
    assert round_float(value, 64) == value


def test_a_pattern_is_searched_for() -> None:
    assert compile_pattern("[0-9]").search("a1b")
    assert not compile_pattern("^[0-9]$").search("a1b")


# Linear in the text: a backtracking engine needs the age of the universe.
@pytest.mark.timeout(15)
def test_no_pattern_hangs() -> None:
    assert not compile_pattern("^(a+)+$").search("a" * 50_000 + "b")
    assert refusal(lambda: StringType(pattern="((a{100}){100}){100}"))[0] is Code.SCHEMA_PATTERN
