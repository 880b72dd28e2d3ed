"""`map(k1, v1, ...)` (MAP-48, MAP-59)."""

from mapping_lang.builtins.signature import Body, Builtin, Example, Parameter, Result, Wanted
from mapping_lang.diagnostics import Code
from mapping_lang.types.kinds import JsonType, MapType, Type
from mapping_lang.types.values import JSON_NULL, Value


def _specialise(_: tuple[Type, ...]) -> Body:
    return keyed((), ())


def keyed(keys: tuple[str, ...], removable: tuple[bool, ...]) -> Body:
    """Give the body of a call with these keys; null removes a removable member."""

    def map_of(*values: Value | None) -> Value:
        return {
            key: JSON_NULL if value is None else value
            for key, remove, value in zip(keys, removable, values, strict=True)
            if value is not None or not remove
        }

    return map_of


MAP = Builtin(
    name="map",
    summary="A map of constant keys to JSON values. A value that is just a path and has nothing "
    "leaves its key out; any other null becomes the JSON value null.",
    parameters=(
        Parameter("key", Wanted.KEY, optional=True),
        Parameter("value", Wanted.JSON, optional=True),
    ),
    repeated=2,
    result=Result.FIXED,
    type=MapType(JsonType()),
    body=_specialise,
    strict=False,
    examples=(
        Example(
            expression="map('p', x, 'q', 7)",
            schema=(("x", "string"),),
            record='{"x":null}',
            wanted="json",
            result='{"q":7}',
        ),
        Example(
            expression="map('a', coalesce(x))",
            schema=(("x", "string"),),
            record='{"x":null}',
            wanted="json",
            result='{"a":null}',
        ),
        Example(expression="map('a', 1)", wanted="map", result='{"a":"1"}'),
        Example(expression="map('a')", wanted="json", error=Code.EXPRESSION_ARITY),
        Example(expression="map('a', 1, 'a', 2)", wanted="json", error=Code.EXPRESSION_MAP_KEY),
    ),
)
