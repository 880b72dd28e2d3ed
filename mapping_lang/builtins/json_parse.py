"""`json_parse(s)` (MAP-49, MAP-60)."""

from mapping_lang.builtins.signature import (
    ApplyError,
    Body,
    Builtin,
    Example,
    Parameter,
    Result,
    Wanted,
)
from mapping_lang.diagnostics import Code
from mapping_lang.types.errors import JsonSyntaxError
from mapping_lang.types.json_text import validate
from mapping_lang.types.json_value import JsonKind, kind_of, string_of
from mapping_lang.types.kinds import JsonType, StringType, Type, display
from mapping_lang.types.values import Json, Value


def _specialise(types: tuple[Type, ...]) -> Body:
    (type_,) = types
    if isinstance(type_, StringType):
        return _parse
    if isinstance(type_, JsonType):
        return _parse_json

    def refuse(_: Value) -> Value:
        raise ApplyError(
            Code.APPLY_ARGUMENT, f"`json_parse` takes a string, found {display(type_)}"
        )

    return refuse


def _parse(text: str) -> Json:
    try:
        validate(text)
    except JsonSyntaxError as error:
        raise ApplyError(
            Code.APPLY_JSON_TEXT, f"`json_parse` found text that is not JSON: {error}"
        ) from None
    return Json(text)


def _parse_json(value: Json) -> Json:
    kind = kind_of(value)
    if kind is not JsonKind.STRING:
        raise ApplyError(
            Code.APPLY_ARGUMENT, f"`json_parse` takes a string, found JSON {kind.value}"
        )
    return _parse(string_of(value))


JSON_PARSE = Builtin(
    name="json_parse",
    summary="The JSON value that a text, or the content of a JSON string, spells. The text is kept "
    "as it is.",
    parameters=(Parameter("s", Wanted.STRING, unconverted=True),),
    result=Result.FIXED,
    type=JsonType(),
    body=_specialise,
    examples=(
        Example(expression="json_parse('{\"a\":1}')", wanted="json", result='{"a":1}'),
        Example(expression="json_parse(' 5 ')", wanted="int", result="5"),
        Example(expression="json_parse('')", wanted="json", error=Code.APPLY_JSON_TEXT),
        Example(
            expression="json_parse(i)",
            schema=(("i", "int"),),
            record='{"i":5}',
            wanted="json",
            error=Code.APPLY_ARGUMENT,
        ),
    ),
)
