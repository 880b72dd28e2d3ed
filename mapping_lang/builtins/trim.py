"""`trim(s)` (MAP-45)."""

from mapping_lang.builtins.signature import Body, Builtin, Example, Parameter, Result, Wanted
from mapping_lang.diagnostics import Code
from mapping_lang.types.kinds import StringType, Type
from mapping_lang.types.text.case import trim


def _specialise(_: tuple[Type, ...]) -> Body:
    return trim


TRIM = Builtin(
    name="trim",
    summary="The text without white space at both ends.",
    parameters=(Parameter("s", Wanted.STRING),),
    result=Result.FIXED,
    type=StringType(),
    body=_specialise,
    examples=(
        Example(
            expression="trim('\\t a b \\u00a0')",
            result='"a b"',
            note="white space is Unicode White_Space",
        ),
        Example(
            expression="trim(tags)",
            schema=(("tags", "array"),),
            error=Code.EXPRESSION_TYPE,
        ),
    ),
)
