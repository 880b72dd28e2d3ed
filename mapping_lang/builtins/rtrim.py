"""`rtrim(s)` (MAP-45)."""

from mapping_lang.builtins.signature import Body, Builtin, Example, Parameter, Result, Wanted
from mapping_lang.diagnostics import Code
from mapping_lang.types.kinds import StringType, Type
from mapping_lang.types.text.case import rtrim


def _specialise(_: tuple[Type, ...]) -> Body:
    return rtrim


RTRIM = Builtin(
    name="rtrim",
    summary="The text without white space at its end.",
    parameters=(Parameter("s", Wanted.STRING),),
    result=Result.FIXED,
    type=StringType(),
    body=_specialise,
    examples=(
        Example(
            expression="rtrim(' a  ')",
            result='" a"',
        ),
        Example(
            expression="rtrim(tags)",
            schema=(("tags", "array"),),
            error=Code.EXPRESSION_TYPE,
        ),
    ),
)
