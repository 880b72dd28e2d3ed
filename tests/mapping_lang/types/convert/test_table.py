import pytest
from hypothesis import given, settings

from mapping_lang.types.convert.table import can_convert
from mapping_lang.types.kinds import (
    KINDS,
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
    kind_name,
)
from tests.strategies import types

STRING = StringType()
JSON = JsonType()
BOOLEAN = BooleanType()
SAMPLES: tuple[Type, ...] = (
    STRING,
    BOOLEAN,
    IntType(32),
    FloatType(64),
    DecimalType(10, 2),
    DatetimeType(),
    DateType(),
    TimeType(),
    YearType(),
    UuidType(),
    JSON,
    IpType(),
    ArrayType(STRING),
    ObjectType((Property("a", STRING),)),
    MapType(STRING),
)
BY_KIND = {kind_name(sample): sample for sample in SAMPLES}

# As in MAP-70: Y converts, 8 only if the integer has 8 bits, and what containers hold is a string.
MATRIX = """
            string boolean int float decimal datetime date time year uuid json ip array object map
string      Y      Y       Y   Y     Y       Y        Y    Y    Y    Y    Y    Y  -     -      -
boolean     Y      Y       8   -     -       -        -    -    -    -    Y    -  -     -      -
int         Y      8       Y   Y     Y       -        -    -    Y    -    Y    -  -     -      -
float       Y      -       Y   Y     Y       -        -    -    -    -    Y    -  -     -      -
decimal     Y      -       Y   Y     Y       -        -    -    -    -    Y    -  -     -      -
datetime    Y      -       -   -     -       Y        Y    Y    -    -    Y    -  -     -      -
date        Y      -       -   -     -       Y        Y    -    -    -    Y    -  -     -      -
time        Y      -       -   -     -       -        -    Y    -    -    Y    -  -     -      -
year        Y      -       Y   -     -       -        -    -    Y    -    Y    -  -     -      -
uuid        Y      -       -   -     -       -        -    -    -    Y    Y    -  -     -      -
json        Y      Y       Y   Y     Y       Y        Y    Y    Y    Y    Y    Y  Y     Y      Y
ip          Y      -       -   -     -       -        -    -    -    -    Y    Y  -     -      -
array       -      -       -   -     -       -        -    -    -    -    Y    -  Y     -      -
object      -      -       -   -     -       -        -    -    -    -    Y    -  -     Y      Y
map         -      -       -   -     -       -        -    -    -    -    Y    -  -     Y      Y
"""
CELLS = [
    (row.split()[0], target, cell)
    for row in MATRIX.strip().splitlines()[1:]
    for target, cell in zip(MATRIX.split()[:15], row.split()[1:], strict=True)
]


def test_the_matrix_has_every_pair() -> None:
    pairs = [(source, target) for source, target, _ in CELLS]
    assert pairs == [(source, target) for source in KINDS for target in KINDS]


@pytest.mark.parametrize(("source", "target", "cell"), CELLS)
def test_a_pair_converts_as_the_matrix_says(source: str, target: str, cell: str) -> None:
    assert can_convert(BY_KIND[source], BY_KIND[target]) is (cell == "Y")
    # An integer of 8 bits is one that counts as a boolean.
    byte = BY_KIND | {"int": IntType(8, unsigned=True)}
    assert can_convert(byte[source], byte[target]) is (cell != "-")


def obj(**properties: Type) -> ObjectType:
    return ObjectType(tuple(Property(name, type_) for name, type_ in properties.items()))


@pytest.mark.parametrize(
    ("source", "target", "converts"),
    [
        (ArrayType(STRING), ArrayType(IntType(8)), True),
        (ArrayType(IntType(32)), ArrayType(BOOLEAN), False),
        (ArrayType(IntType(8)), ArrayType(BOOLEAN), True),
        (ArrayType(ArrayType(STRING)), ArrayType(ArrayType(DateType())), True),
        (ArrayType(ArrayType(STRING)), ArrayType(STRING), False),
        (MapType(TimeType()), MapType(DateType()), False),
        (MapType(STRING), MapType(DateType()), True),
        (obj(a=STRING, b=BOOLEAN), obj(a=DateType(), c=IpType()), True),
        (obj(a=STRING), obj(b=STRING), False),
        (obj(a=STRING, b=BOOLEAN), obj(a=DateType(), b=DateType()), False),
        (obj(a=STRING, b=JSON), MapType(DateType()), True),
        (obj(a=STRING, b=BOOLEAN), MapType(DateType()), False),
        (MapType(STRING), obj(a=DateType(), b=IpType()), True),
        (MapType(BOOLEAN), obj(a=STRING, b=IpType()), False),
        (MapType(BOOLEAN), obj(a=STRING, b=IntType(8)), True),
        (obj(o=obj(x=STRING)), obj(o=obj(x=YearType(), y=STRING)), True),
        (obj(o=obj(x=STRING)), obj(o=obj(y=STRING)), False),
    ],
)
def test_what_containers_hold_has_to_convert(source: Type, target: Type, *, converts: bool) -> None:
    assert can_convert(source, target) is converts


@settings(max_examples=60, deadline=None)
@given(types())
def test_a_type_converts_to_itself_and_to_and_from_json(type_: Type) -> None:
    assert can_convert(type_, type_)
    assert can_convert(type_, JSON)
    assert can_convert(JSON, type_)


@pytest.mark.parametrize(
    ("source", "target"),
    [
        (IntType(64), IntType(8, unsigned=True, maximum=3)),
        (STRING, StringType(values=("a",))),
        (StringType(pattern="^a"), StringType(max_length=1)),
        (FloatType(64), FloatType(32, real=True, maximum=1.0)),
        (DecimalType(76, 37), DecimalType(1)),
        (ArrayType(STRING), ArrayType(STRING, min_elements=2, unique=True)),
    ],
)
def test_limits_do_not_matter(source: Type, target: Type) -> None:
    assert can_convert(source, target)
