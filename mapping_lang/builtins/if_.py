"""`if(condition, then [, else])`: a choice (MAP-38)."""

from mapping_lang.builtins.signature import Builtin, Example, Laziness, Parameter, Result, Wanted
from mapping_lang.diagnostics import Code

IF = Builtin(
    name="if",
    summary="`then` if the condition is true; `else`, or null without it, if the condition is "
    "false or null. Only the chosen one is evaluated.",
    parameters=(
        Parameter("condition", Wanted.BOOLEAN),
        Parameter("then", Wanted.CALL),
        Parameter("else", Wanted.CALL, optional=True),
    ),
    result=Result.CALL,
    type=None,
    body=Laziness.CHOOSE,
    strict=False,
    examples=(
        Example(
            expression="if(eq(country, 'US'), 'domestic', 'intl')",
            schema=(("country", "string"),),
            record='{"country":"IT"}',
            result='"intl"',
        ),
        Example(
            expression="if(vip, 'v')",
            schema=(("vip", "boolean"),),
            record='{"vip":null}',
            result="null",
        ),
        Example(
            expression="if(b, 'a', 5)",
            schema=(("b", "boolean"),),
            wanted="int",
            error=Code.EXPRESSION_CONSTANT,
        ),
    ),
)
