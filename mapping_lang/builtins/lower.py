"""`lower(s)` (MAP-43)."""

from mapping_lang.builtins.signature import Body, Builtin, Example, Parameter, Result, Wanted
from mapping_lang.diagnostics import Code
from mapping_lang.types.kinds import StringType, Type
from mapping_lang.types.text.case import lower


def _specialise(_: tuple[Type, ...]) -> Body:
    return lower


LOWER = Builtin(
    name="lower",
    summary="The text in lower case, character by character.",
    parameters=(Parameter("s", Wanted.STRING),),
    result=Result.CALL,
    type=StringType(),
    body=_specialise,
    examples=(
        Example(
            expression="lower('ÀB')",
            result='"àb"',
        ),
        Example(
            expression="lower(null)",
            result="null",
        ),
        Example(
            expression="lower(tags)",
            schema=(("tags", "array"),),
            error=Code.EXPRESSION_TYPE,
        ),
    ),
)
