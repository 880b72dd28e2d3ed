"""`not(b)`: negation (MAP-37)."""

from mapping_lang.builtins.signature import Body, Builtin, Example, Parameter, Result, Wanted
from mapping_lang.diagnostics import Code
from mapping_lang.types.kinds import BooleanType, Type
from mapping_lang.types.values import Value


def _specialise(_: tuple[Type, ...]) -> Body:
    return _not


def _not(value: Value) -> bool:
    return not value


NOT = Builtin(
    name="not",
    summary="The opposite of a boolean; null of null.",
    parameters=(Parameter("b", Wanted.BOOLEAN),),
    result=Result.CALL,
    type=BooleanType(),
    body=_specialise,
    examples=(
        Example(expression="not('no')", wanted="boolean", result="true"),
        Example(expression="not(null)", wanted="boolean", result="null"),
        Example(
            expression="not(s)",
            schema=(("s", "string"),),
            record='{"s":"perhaps"}',
            wanted="boolean",
            error=Code.APPLY_ARGUMENT,
        ),
        Example(expression="not(1)", wanted="boolean", error=Code.EXPRESSION_CONSTANT),
    ),
)
