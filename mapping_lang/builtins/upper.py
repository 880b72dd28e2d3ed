"""`upper(s)` (MAP-43)."""

from mapping_lang.builtins.signature import Body, Builtin, Example, Parameter, Result, Wanted
from mapping_lang.diagnostics import Code
from mapping_lang.types.kinds import StringType, Type
from mapping_lang.types.text.case import upper


def _specialise(_: tuple[Type, ...]) -> Body:
    return upper


UPPER = Builtin(
    name="upper",
    summary="The text in upper case, character by character; a character without a single upper-case form stays.",
    parameters=(Parameter("s", Wanted.STRING),),
    result=Result.CALL,
    type=StringType(),
    body=_specialise,
    examples=(
        Example(
            expression="upper('straße')",
            result='"STRAßE"',
            note="`ß` has no single upper-case character",
        ),
        Example(
            expression="upper(5)",
            result='"5"',
        ),
        Example(
            expression="upper(tags)",
            schema=(("tags", "array"),),
            error=Code.EXPRESSION_TYPE,
        ),
    ),
)
