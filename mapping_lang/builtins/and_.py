"""`and(b1, b2, ...)`: three-valued conjunction (MAP-35)."""

from mapping_lang.builtins.signature import Builtin, Example, Laziness, Parameter, Result, Wanted
from mapping_lang.diagnostics import Code
from mapping_lang.types.kinds import BooleanType

AND = Builtin(
    name="and",
    summary="True if all arguments are true. Evaluates up to the first false; otherwise null if "
    "any argument is null.",
    parameters=(
        Parameter("b1", Wanted.BOOLEAN),
        Parameter("b2", Wanted.BOOLEAN),
        Parameter("b3", Wanted.BOOLEAN, optional=True),
    ),
    repeated=1,
    result=Result.FIXED,
    type=BooleanType(),
    body=Laziness.ALL,
    strict=False,
    examples=(
        Example(expression="and(true, 'yes')", wanted="boolean", result="true"),
        Example(
            expression="and(a, b)",
            schema=(("a", "boolean"), ("b", "boolean")),
            record='{"a":true,"b":null}',
            wanted="boolean",
            result="null",
        ),
        Example(
            expression="and(a, b)",
            schema=(("a", "boolean"), ("b", "boolean")),
            record='{"a":null,"b":false}',
            wanted="boolean",
            result="false",
            note="false wins over null",
        ),
        Example(expression="and(true)", wanted="boolean", error=Code.EXPRESSION_ARITY),
    ),
)
