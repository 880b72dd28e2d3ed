from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import assert_never

from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from mapping_lang.types.convert.convert import convert, converter
from mapping_lang.types.convert.table import can_convert
from mapping_lang.types.errors import ValueRefusedError
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
    round_float,
)
from mapping_lang.types.schema import Purpose
from mapping_lang.types.text.layouts import Layouts
from mapping_lang.types.text.parse import parse_ip, parse_uuid
from mapping_lang.types.values import (
    Json,
    Value,
    check_decimal,
    check_elements,
    check_float,
    check_int,
    check_string,
    check_year,
)
from tests.strategies import canonical, scalar_types, types, values

STRING = StringType()
JSON = JsonType()


def conforms(value: Value | None, type_: Type, *, nullable: bool = False) -> bool:
    """A value is valid for its type; what it is not is raised or False."""
    if value is None:
        return nullable
    match type_:
        case StringType():
            assert isinstance(value, str)
            check_string(value, type_)
        case BooleanType():
            return isinstance(value, bool)
        case IntType():
            assert type(value) is int
            check_int(value, type_)
        case FloatType():
            assert isinstance(value, float)
            check_float(value, type_)
            return canonical(round_float(value, type_.bit_size)) == canonical(value)
        case DecimalType():
            assert isinstance(value, Decimal)
            check_decimal(value, type_)
            return bool(value) or not value.is_signed()
        case DatetimeType():
            return isinstance(value, datetime) and value.tzinfo is UTC
        case DateType():
            return isinstance(value, date) and not isinstance(value, datetime)
        case TimeType():
            return isinstance(value, time) and value.tzinfo is None
        case YearType():
            assert type(value) is int
            check_year(value)
        case UuidType():
            return isinstance(value, str) and parse_uuid(value) == value
        case IpType():
            return isinstance(value, str) and parse_ip(value) == value
        case JsonType():
            return isinstance(value, Json)
        case ArrayType():
            assert isinstance(value, list)
            check_elements(value, type_)
            return all(conforms(item, type_.element) for item in value)
        case MapType():
            assert isinstance(value, dict)
            # What was an object may have left nulls (MAP-111).
            return all(conforms(item, type_.element, nullable=True) for item in value.values())
        case ObjectType():
            assert isinstance(value, dict)
            return all(
                conforms(item, type_.by_name[name].type, nullable=type_.by_name[name].nullable)
                for name, item in value.items()
            )
        case _:
            assert_never(type_)
    return True


# Made once: making a strategy of types takes longer than drawing from it.
SCALARS = scalar_types()
TYPES = types()
SCALAR_PAIRS = st.tuples(SCALARS, SCALARS)
PAIRS: SearchStrategy[tuple[Type, Type]] = st.one_of(
    SCALAR_PAIRS,
    st.tuples(TYPES, TYPES),
    st.tuples(st.just(STRING), SCALARS),
    st.tuples(st.just(JSON), TYPES),
    SCALAR_PAIRS.map(lambda pair: (ArrayType(pair[0]), ArrayType(pair[1]))),
    SCALAR_PAIRS.map(lambda pair: (MapType(pair[0]), MapType(pair[1]))),
    st.tuples(SCALARS, st.just(STRING)),
)


@st.composite
def samples(draw: st.DrawFn) -> tuple[Value | None, Type, Type]:
    """A value, its type and another type; text and JSON are often those of the other type."""
    source, target = draw(PAIRS)
    if source in (STRING, JSON) and draw(st.booleans()):
        told = target if source == JSON else draw(SCALARS)
        try:
            value = convert(draw(values(told)), told, source)
        except ValueRefusedError:
            value = draw(values(source))
    else:
        value = draw(values(source))
    return value, source, target


@settings(max_examples=400, deadline=None)
@given(samples(), st.sampled_from(Purpose), st.booleans())
def test_what_comes_out_is_a_value_of_the_target(
    sample: tuple[Value | None, Type, Type],
    purpose: Purpose,
    nullable: bool,  # noqa: FBT001 - hypothesis gives it
) -> None:
    value, source, target = sample
    run = converter(source, target, nullable=nullable, purpose=purpose)
    before = canonical(value)
    try:
        result = run(value)
    except ValueRefusedError:
        return
    finally:
        assert canonical(value) == before
    assert conforms(result, target, nullable=nullable)
    # A value comes out only of a pair that the table has; null may of any.
    assert result is None or can_convert(source, target)
    # Once converted, there is nothing more to convert.
    assert converter(target, target, nullable=nullable, purpose=purpose)(result) is result


@settings(max_examples=150, deadline=None)
@given(samples(), st.sampled_from(Purpose))
def test_layouts_change_nothing_but_moments(
    sample: tuple[Value | None, Type, Type], purpose: Purpose
) -> None:
    value, source, target = sample
    found: list[object] = []
    for layouts in (None, Layouts("unix", "2006", "15")):
        try:
            result = convert(value, source, target, purpose=purpose, layouts=layouts)
            found.append(_without_moments(result, target))
        except ValueRefusedError as error:
            found.append((error.code, error.path))
    assert found[0] == found[1]


def _without_moments(value: object, type_: Type) -> object:
    match value, type_:
        case None, _:
            return None
        case _, DatetimeType() | DateType() | TimeType():
            return "moment"
        case list(), ArrayType():
            return [_without_moments(item, type_.element) for item in value]
        case dict(), MapType():
            return {name: _without_moments(item, type_.element) for name, item in value.items()}
        case dict(), ObjectType():
            return {
                name: _without_moments(item, type_.by_name[name].type)
                for name, item in value.items()
            }
        case _:
            return canonical(value)


@settings(max_examples=200, deadline=None)
@given(
    SCALARS.filter(lambda type_: type_ != JSON).flatmap(
        lambda type_: st.tuples(st.just(type_), values(type_))
    )
)
def test_a_scalar_comes_back_from_its_text(sample: tuple[Type, Value]) -> None:
    type_, value = sample
    text = convert(value, type_, STRING)
    assert canonical(convert(text, STRING, type_, nullable=False)) == canonical(value)


@settings(max_examples=150, deadline=None)
@given(
    st.one_of(
        st.text(max_size=30),
        st.from_regex(r"[-+0-9.eEx_:TZ/ ]{1,40}", fullmatch=True),
    ),
    SCALARS,
)
def test_any_text_is_converted_or_refused(text: str, target: Type) -> None:
    try:
        result = convert(text, STRING, target)
    except ValueRefusedError:
        return
    assert conforms(result, target, nullable=True)
