from dataclasses import replace

import pytest

from mapping_lang.diagnostics import Code
from mapping_lang.predicate.tree import Operator
from mapping_lang.predicate.usage import Context, Refusal, Target, refusal, usable_operators
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
from mapping_lang.types.schema import Role
from tests.mapping_lang.predicate.engines import USERS

OBJECT = ObjectType((Property("x", StringType()),))

IS, ORDER, BETWEEN = {"is", "is not"}, {"is less than"}, {"is between", "is not between"}
CONTAINS, ONE_OF = {"contains", "does not contain"}, {"is one of", "is not one of"}
STARTS, BEFORE, TRUE = {"starts with", "ends with"}, {"is before"}, {"is true", "is false"}
EMPTY = {"is empty", "is not empty"}
ALIKE = {
    "is less than": {
        "is less than or equal to",
        "is greater than",
        "is greater than or equal to",
    },
    "is before": {"is on or before", "is after", "is on or after"},
}
NUMBER = IS | ORDER | BETWEEN | ONE_OF
TEMPORAL = IS | BETWEEN | ONE_OF | BEFORE


@pytest.mark.parametrize(
    ("type_", "operators"),
    [
        (StringType(), IS | ORDER | BETWEEN | CONTAINS | ONE_OF | STARTS | EMPTY),
        (StringType(pattern="a"), IS | ORDER | BETWEEN | CONTAINS | ONE_OF | STARTS | EMPTY),
        (StringType(values=("a",)), IS | CONTAINS | ONE_OF),
        (StringType(values=("a", "")), IS | CONTAINS | ONE_OF | EMPTY),
        (BooleanType(), TRUE),
        (IntType(8), NUMBER),
        (FloatType(32), NUMBER),
        (DecimalType(3), NUMBER),
        (DatetimeType(), TEMPORAL),
        (DateType(), TEMPORAL),
        (TimeType(), TEMPORAL),
        (YearType(), TEMPORAL),
        (UuidType(), IS),
        (IpType(), IS),
        (
            JsonType(),
            IS
            | ORDER
            | BETWEEN
            | CONTAINS
            | ONE_OF
            | STARTS
            | TRUE
            | EMPTY
            | {"is null", "is not null"},
        ),
        (ArrayType(StringType()), CONTAINS | EMPTY),
        (ArrayType(StringType(values=("a",))), CONTAINS | EMPTY),
        (ArrayType(JsonType()), CONTAINS | EMPTY),
        (ArrayType(YearType()), CONTAINS | EMPTY),
        (ArrayType(BooleanType()), EMPTY),
        (ArrayType(ArrayType(StringType())), EMPTY),
        (ArrayType(OBJECT), EMPTY),
        (ArrayType(MapType(StringType())), EMPTY),
        (MapType(StringType()), EMPTY),
        (OBJECT, EMPTY),
    ],
)
def test_a_kind_has_its_operators(type_: Type, operators: set[str]) -> None:
    # FILT-20, FILT-21 and DEC-21.
    expected = operators.union(*(ALIKE.get(operator, ()) for operator in operators))
    item = Property("p", type_)
    assert set(usable_operators(item, (), USERS)) == expected
    # What a property may lack, whatever its kind.
    nullable, optional = {"is null", "is not null"}, {"exists", "does not exist"}
    assert set(usable_operators(replace(item, nullable=True), (), USERS)) == expected | nullable
    assert (
        set(usable_operators(replace(item, read_optional=True), (), USERS)) == expected | optional
    )


def test_what_is_inside_json_may_always_be_missing() -> None:
    item = Property("p", JsonType())
    inside = set(usable_operators(item, ("a",), USERS))
    assert inside - set(usable_operators(item, (), USERS)) == {"exists", "does not exist"}


@pytest.mark.parametrize(
    ("role", "target", "json", "empty_objects"),
    [
        (Role.SOURCE, Target.USER, True, True),
        (Role.SOURCE, Target.GROUP, True, True),
        (Role.SOURCE, Target.EVENT, True, False),
        (Role.DESTINATION, Target.USER, False, False),
        (Role.DESTINATION, Target.GROUP, True, True),
        (Role.DESTINATION, Target.EVENT, True, False),
    ],
)
def test_a_context_restricts_json_and_empty_objects(
    role: Role, target: Target, *, json: bool, empty_objects: bool
) -> None:
    # FILT-22.
    context = Context(role, target)
    assert context.allows_json is json
    assert ("is empty" in usable_operators(Property("p", OBJECT), (), context)) is empty_objects
    assert "is empty" in usable_operators(Property("p", MapType(StringType())), (), context)


def test_a_refusal_names_the_operator_and_the_kind() -> None:
    events = Context(Role.DESTINATION, Target.EVENT)
    table: dict[tuple[Operator, Type], str] = {
        (Operator.IS, BooleanType()): "`is` cannot be used on a property of kind boolean",
        (Operator.IS, MapType(StringType())): "`is` cannot be used on a property of kind map",
        (Operator.IS_LESS_THAN, StringType(values=("a",))): (
            "`is less than` cannot be used on a property of kind string with values"
        ),
        (Operator.CONTAINS, ArrayType(OBJECT)): "`contains` cannot be used on an array of object",
        (Operator.IS_EMPTY, StringType(values=("a",))): (
            "`is empty` cannot be used on a string whose values do not include the empty one"
        ),
        (Operator.IS_EMPTY, OBJECT): (
            "`is empty` cannot be used on an object by a destination pipeline on events"
        ),
    }
    assert {key: refusal(key[0], Property("p", key[1]), (), events) for key in table} == {
        key: Refusal(Code.FILTER_OPERATOR_KIND, reason) for key, reason in table.items()
    }
    assert refusal(Operator.IS_NULL, Property("p", OBJECT), (), events) == Refusal(
        Code.FILTER_OPERATOR_FLAG, "`is null` needs a property that is nullable"
    )
    assert refusal(Operator.EXISTS, Property("p", JsonType()), (), events) == Refusal(
        Code.FILTER_OPERATOR_FLAG, "`exists` needs a property that is readOptional"
    )
