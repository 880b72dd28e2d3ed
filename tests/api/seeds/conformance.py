"""Whether JSON is what the documents say: every member that they name, no other, and its type."""

import re
from collections.abc import Callable, Iterator
from typing import Any, Final

from tests.api.seeds.documents import Fields

_INSTANT: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?Z")
_FLAGS: Final = frozenset({"prefilled", "createRequired", "updateRequired", "readOptional"})
_PROPERTY: Final = frozenset({"name", "type", "description", "nullable"}) | _FLAGS


def mistakes(fields: Fields, value: object, at: str = "") -> Iterator[str]:
    """Tell what of a JSON object is not as it is documented."""
    if not isinstance(value, dict):
        yield f"{at or 'the body'} is {value!r}, expected an object"
        return
    for name in value.keys() - fields.keys():
        yield f"{at}{name} is not documented"
    for name, field in fields.items():
        if name in value:
            yield from _member(field, value[name], f"{at}{name}")
        elif not _may_be_missing(name, field):
            yield f"{at}{name} is missing"


def _may_be_missing(name: str, field: dict[str, Any]) -> bool:
    # The values of a condition are there if its operator takes some.
    return field.get("presence") == "Optional" or name == "values"


def _member(field: dict[str, Any], value: Any, at: str) -> Iterator[str]:  # noqa: ANN401 - JSON
    if value is None:
        if not field.get("nullable"):
            yield f"{at} is null"
        return
    type_ = field["type"]
    item, is_array = re.subn("^array of ", "", type_)
    if is_array:
        if not isinstance(value, list):
            yield f"{at} is {value!r}, expected {type_}"
            return
        for position, each in enumerate(value):
            yield from _value({**field, "type": item}, each, f"{at}[{position}]")
    else:
        yield from _value(field, value, at)


def _value(field: dict[str, Any], value: Any, at: str) -> Iterator[str]:  # noqa: ANN401 - JSON
    type_ = field["type"]
    if type_ == "object":
        yield from mistakes(field["fields"], value, f"{at}.")
        return
    if not _TYPES[type_](value):
        yield f"{at} is {value!r}, expected {type_}"
        return
    if "values" in field and value not in field["values"]:
        yield f"{at} is {value!r}, expected one of {field['values']}"
    if "maxCharacters" in field and len(value) > field["maxCharacters"]:
        yield f"{at} is longer than {field['maxCharacters']} characters"


def _is_int(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_string(value: object) -> bool:
    return isinstance(value, str)


def _is_schema(value: object) -> bool:
    """Tell if it is an object whose properties have names, types, descriptions and flags."""
    return isinstance(value, dict) and value.get("kind") == "object" and _is_type(value)


def _is_type(value: object) -> bool:
    match value:
        case {"kind": "object", "properties": [_, *_] as properties, **rest}:
            return not rest and all(_is_property(each) for each in properties)
        case {"kind": "array" | "map", "elementType": element}:
            return _is_type(element)
        case {"kind": str()}:
            return True
        case _:
            return False


def _is_property(value: object) -> bool:
    match value:
        case {"name": str(), "type": type_, "description": str(), **flags}:
            return (
                flags.keys() <= _PROPERTY
                and all(flag is True for name, flag in flags.items() if name != "prefilled")
                and _is_type(type_)
            )
        case _:
            return False


def _mapping_of(check: Callable[[object], bool]) -> Callable[[object], bool]:
    return lambda value: isinstance(value, dict) and all(check(each) for each in value.values())


_TYPES: Final[dict[str, Callable[[object], bool]]] = {
    "int": _is_int,
    "string": _is_string,
    "boolean": lambda value: isinstance(value, bool),
    "datetime": lambda value: isinstance(value, str) and bool(_INSTANT.fullmatch(value)),
    "schema": _is_schema,
    "object with string values": _mapping_of(_is_string),
    "object with int values": _mapping_of(_is_int),
}
