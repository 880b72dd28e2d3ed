"""`eq(a, b)` (MAP-40, MAP-53)."""

from mapping_lang.builtins.equality import equality
from mapping_lang.builtins.signature import Body, Builtin, Example, Parameter, Result, Wanted
from mapping_lang.diagnostics import Code
from mapping_lang.types.kinds import BooleanType, Type


def _specialise(types: tuple[Type, ...]) -> Body:
    return equality(types)


EQ = Builtin(
    name="eq",
    summary="True if the values are equal, the first being converted to the type of the second; "
    "false if it cannot be converted; null if either is null.",
    parameters=(Parameter("a", Wanted.ANY), Parameter("b", Wanted.ANY)),
    result=Result.FIXED,
    type=BooleanType(),
    body=_specialise,
    examples=(
        Example(
            expression="eq(country, 'US')",
            schema=(("country", "string"),),
            record='{"country":"US"}',
            wanted="boolean",
            result="true",
        ),
        Example(
            expression="eq('05', i)",
            schema=(("i", "int"),),
            record='{"i":5}',
            wanted="boolean",
            result="true",
            note="the text is read as a number",
        ),
        Example(
            expression="eq(i, '05')",
            schema=(("i", "int"),),
            record='{"i":5}',
            wanted="boolean",
            result="false",
            note="the number is written as `5`",
        ),
        Example(
            expression="eq(s, null)",
            schema=(("s", "string"),),
            record='{"s":"x"}',
            wanted="boolean",
            result="null",
        ),
        Example(
            expression="eq(b, 1)",
            schema=(("b", "boolean"),),
            wanted="boolean",
            error=Code.EXPRESSION_TYPE,
        ),
    ),
)
