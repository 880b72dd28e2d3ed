"""`len(x)` (MAP-42, MAP-55)."""

from collections.abc import Callable, Sized
from typing import Final, TypeAlias, assert_never

from mapping_lang.builtins.signature import Body, Builtin, Example, Parameter, Result, Wanted
from mapping_lang.diagnostics import Code
from mapping_lang.types.convert.convert import converter
from mapping_lang.types.json_value import (
    JsonKind,
    elements,
    kind_of,
    literal_of,
    members,
    string_of,
)
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
from mapping_lang.types.values import Json, Value

_Measure: TypeAlias = Callable[..., int]

_DATETIME_CHARS: Final = 20
"""A constant of the language, whatever the fraction."""


def _specialise(types: tuple[Type, ...]) -> Body:
    (type_,) = types
    match type_:
        case StringType() | UuidType() | IpType() | ArrayType() | ObjectType() | MapType():
            measure: _Measure = _size
        case DatetimeType():
            measure = _datetime
        case JsonType():
            measure = _json
        case (
            BooleanType()
            | IntType()
            | FloatType()
            | DecimalType()
            | DateType()
            | TimeType()
            | YearType()
        ):
            text_of = converter(type_, StringType())

            def measure(value: Value) -> int:
                return _size(text_of(value))

        case _:
            assert_never(type_)

    def length(value: Value | None) -> int:
        return 0 if value is None else measure(value)

    return length


def _size(value: Value | None) -> int:
    return len(value) if isinstance(value, Sized) else 0


def _datetime(_: Value) -> int:
    return _DATETIME_CHARS


def _json(value: Json) -> int:
    match kind_of(value):
        case JsonKind.NULL:
            return 0
        case JsonKind.STRING:
            return len(string_of(value))
        case JsonKind.ARRAY:
            return len(elements(value))
        case JsonKind.OBJECT:
            return len(members(value))
        case JsonKind.TRUE | JsonKind.FALSE | JsonKind.NUMBER:
            return len(literal_of(value))
        case other:
            assert_never(other)


LEN = Builtin(
    name="len",
    summary="The number of characters of a text or of the text of a number, date or boolean (20 "
    "for any datetime); the number of elements or members of anything else; 0 for null.",
    parameters=(Parameter("x", Wanted.ANY),),
    result=Result.FIXED,
    type=IntType(32),
    body=_specialise,
    strict=False,
    examples=(
        Example(expression="len('naïve')", wanted="int", result="5"),
        Example(expression="len(-12.50)", wanted="int", result="5", note="`-12.5`"),
        Example(expression="len(null)", wanted="int", result="0"),
        Example(
            expression="len(j)",
            schema=(("j", "json"),),
            record='{"j":{"a":1,"b":[2]}}',
            wanted="int",
            result="2",
        ),
        Example(expression="len(1, 2)", wanted="int", error=Code.EXPRESSION_ARITY),
    ),
)
