"""`coalesce(x1, ...)`: the first value that there is (MAP-39)."""

from mapping_lang.builtins.signature import Builtin, Example, Laziness, Parameter, Result, Wanted
from mapping_lang.diagnostics import Code

COALESCE = Builtin(
    name="coalesce",
    summary="The first argument that is not null, with its own type; null if all are. The empty "
    "string and the JSON value null are not null here. Later arguments are not evaluated.",
    parameters=(
        Parameter("x1", Wanted.CALL),
        Parameter("x2", Wanted.CALL, optional=True),
    ),
    repeated=1,
    result=Result.UNKNOWN,
    type=None,
    body=Laziness.FIRST,
    strict=False,
    examples=(
        Example(
            expression="coalesce(nickname, name, 'friend')",
            schema=(("nickname", "string"), ("name", "string")),
            record='{"nickname":null,"name":"Ada"}',
            result='"Ada"',
        ),
        Example(
            expression="coalesce(s, 'x')",
            schema=(("s", "string"),),
            record='{"s":""}',
            result='""',
            note="the empty string is a value",
        ),
        Example(
            expression="coalesce(n, s)",
            schema=(("n", "int"), ("s", "string")),
            record='{"n":null,"s":"12"}',
            wanted="int",
            result="12",
        ),
        Example(expression="coalesce()", error=Code.EXPRESSION_ARITY),
    ),
)
