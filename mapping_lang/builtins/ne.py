"""`ne(a, b)` (MAP-41, MAP-53)."""

from mapping_lang.builtins.equality import equality
from mapping_lang.builtins.signature import Body, Builtin, Example, Parameter, Result, Wanted
from mapping_lang.diagnostics import Code
from mapping_lang.types.kinds import BooleanType, Type
from mapping_lang.types.values import Value


def _specialise(types: tuple[Type, ...]) -> Body:
    equal = equality(types)

    def differ(a: Value, b: Value) -> bool:
        return not equal(a, b)

    return differ


NE = Builtin(
    name="ne",
    summary="The opposite of `eq`: true also if the first value cannot be converted to the type "
    "of the second; null if either is null.",
    parameters=(Parameter("a", Wanted.ANY), Parameter("b", Wanted.ANY)),
    result=Result.FIXED,
    type=BooleanType(),
    body=_specialise,
    examples=(
        Example(
            expression="ne(country, 'US')",
            schema=(("country", "string"),),
            record='{"country":"IT"}',
            wanted="boolean",
            result="true",
        ),
        Example(
            expression="ne(s, 5)",
            schema=(("s", "string"),),
            record='{"s":"five"}',
            wanted="boolean",
            result="true",
        ),
        Example(
            expression="ne(s, 5)",
            schema=(("s", "string"),),
            record='{"s":null}',
            wanted="boolean",
            result="null",
        ),
        Example(
            expression="ne(tags, 1)",
            schema=(("tags", "array"),),
            wanted="boolean",
            error=Code.EXPRESSION_TYPE,
        ),
    ),
)
