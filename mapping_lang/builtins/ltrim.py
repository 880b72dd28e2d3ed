"""`ltrim(s)` (MAP-45)."""

from mapping_lang.builtins.signature import Body, Builtin, Example, Parameter, Result, Wanted
from mapping_lang.diagnostics import Code
from mapping_lang.types.kinds import StringType, Type
from mapping_lang.types.text.case import ltrim


def _specialise(_: tuple[Type, ...]) -> Body:
    return ltrim


LTRIM = Builtin(
    name="ltrim",
    summary="The text without white space at its start.",
    parameters=(Parameter("s", Wanted.STRING),),
    result=Result.FIXED,
    type=StringType(),
    body=_specialise,
    examples=(
        Example(
            expression="ltrim('  a ')",
            result='"a "',
        ),
        Example(
            expression="ltrim(tags)",
            schema=(("tags", "array"),),
            error=Code.EXPRESSION_TYPE,
        ),
    ),
)
