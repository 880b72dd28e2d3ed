"""`initcap(s)` (MAP-44, MAP-56)."""

from mapping_lang.builtins.signature import Body, Builtin, Example, Parameter, Result, Wanted
from mapping_lang.diagnostics import Code
from mapping_lang.types.kinds import StringType, Type
from mapping_lang.types.text.case import initcap


def _specialise(_: tuple[Type, ...]) -> Body:
    return initcap


INITCAP = Builtin(
    name="initcap",
    summary="The text with the first letter of every word in upper case and all other characters as they are.",
    parameters=(Parameter("s", Wanted.STRING),),
    result=Result.CALL,
    type=StringType(),
    body=_specialise,
    examples=(
        Example(
            expression="initcap('mCgEE o\\'neil snake_case x1y')",
            result='"MCgEE O\'Neil Snake_case X1y"',
        ),
        Example(
            expression="initcap(tags)",
            schema=(("tags", "array"),),
            error=Code.EXPRESSION_TYPE,
        ),
    ),
)
