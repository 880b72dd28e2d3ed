"""`or(b1, b2, ...)`: three-valued disjunction (MAP-36)."""

from mapping_lang.builtins.signature import Builtin, Example, Laziness, Parameter, Result, Wanted
from mapping_lang.diagnostics import Code
from mapping_lang.types.kinds import BooleanType

OR = Builtin(
    name="or",
    summary="True if any argument is true. Evaluates up to the first true; otherwise null if any "
    "argument is null.",
    parameters=(
        Parameter("b1", Wanted.BOOLEAN),
        Parameter("b2", Wanted.BOOLEAN),
        Parameter("b3", Wanted.BOOLEAN, optional=True),
    ),
    repeated=1,
    result=Result.FIXED,
    type=BooleanType(),
    body=Laziness.ANY,
    strict=False,
    examples=(
        Example(expression="or(false, 'yes')", wanted="boolean", result="true"),
        Example(
            expression="or(a, b)",
            schema=(("a", "boolean"), ("b", "boolean")),
            record='{"a":null,"b":true}',
            wanted="boolean",
            result="true",
            note="true wins over null",
        ),
        Example(
            expression="or(a, b)",
            schema=(("a", "boolean"), ("b", "boolean")),
            record='{"a":null,"b":false}',
            wanted="boolean",
            result="null",
        ),
        Example(expression="or()", wanted="boolean", error=Code.EXPRESSION_ARITY),
    ),
)
