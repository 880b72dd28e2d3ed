"""`array(x1, ...)` (MAP-47, MAP-58)."""

from mapping_lang.builtins.signature import Body, Builtin, Example, Parameter, Result, Wanted
from mapping_lang.diagnostics import Code
from mapping_lang.types.kinds import ArrayType, JsonType, Type
from mapping_lang.types.values import JSON_NULL, Value


def _specialise(_: tuple[Type, ...]) -> Body:
    return _array


def _array(*values: Value | None) -> Value:
    return [JSON_NULL if value is None else value for value in values]


ARRAY = Builtin(
    name="array",
    summary="A list of JSON values; null becomes the JSON value null.",
    parameters=(Parameter("x", Wanted.ELEMENT, optional=True),),
    repeated=1,
    result=Result.FIXED,
    type=ArrayType(JsonType()),
    body=_specialise,
    strict=False,
    examples=(
        Example(
            expression="array(1, 'a', null, true, x)",
            schema=(("x", "string"),),
            record='{"x":null}',
            wanted="json",
            result='[1,"a",null,true,null]',
        ),
        Example(expression="array('5')", wanted="array(int)", result="[5]"),
        Example(expression="array()", wanted="json", result="[]"),
        Example(expression="array(null)", wanted="array", error=Code.EXPRESSION_CONSTANT),
    ),
)
