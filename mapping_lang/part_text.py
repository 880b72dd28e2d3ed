"""The text of a value inside a concatenation (MAP-19)."""

from collections.abc import Callable
from typing import Final, TypeAlias

from mapping_lang.builtins.signature import ApplyError
from mapping_lang.diagnostics import Code
from mapping_lang.types.convert.convert import converter
from mapping_lang.types.json_value import JsonKind, kind_of, literal_of, string_of
from mapping_lang.types.kinds import JsonType, StringType, Type
from mapping_lang.types.values import Json, Value

WritePart: TypeAlias = Callable[..., Value | None]

_CONTAINERS: Final = (JsonKind.ARRAY, JsonKind.OBJECT)


def part_writer(type_: Type) -> WritePart:
    """Give what writes a value of a type as a part."""
    return _json if isinstance(type_, JsonType) else converter(type_, StringType())


def _json(value: Json) -> str:
    kind = kind_of(value)
    if kind is JsonKind.STRING:
        return string_of(value)
    if kind in _CONTAINERS:
        raise ApplyError(
            Code.APPLY_NO_TEXT, f"JSON {kind.value} has no text form to join with other texts"
        )
    # JSON null is the text `null` here, and only here (compare MAP-85).
    return literal_of(value)
