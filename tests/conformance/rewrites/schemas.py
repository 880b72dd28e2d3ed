"""Expectations of `schema` vectors: the canonical text of a schema, written once more (TYPE-29)."""

import json
import re
import unicodedata
from decimal import Decimal
from typing import Any, Final

from tests.conformance.expressions import plain_decimal
from tests.conformance.vector import Document

_KEYS: Final = {
    "string": ("maxBytes", "maxLength", "pattern", "values"),
    "int": ("bitSize", "unsigned", "minimum", "maximum"),
    "float": ("bitSize", "real", "minimum", "maximum"),
    "decimal": ("minimum", "maximum", "precision", "scale"),
    "array": ("minElements", "maxElements", "uniqueElements", "elementType"),
    "object": ("properties",),
    "map": ("elementType",),
}
_PROPERTY_KEYS: Final = (
    "name", "prefilled", "type", "createRequired", "updateRequired", "readOptional", "nullable",
    "description",
)  # fmt: skip
_DEFAULTS: Final[dict[str, tuple[Any, ...]]] = {
    "maxBytes": (2**32 - 1,),
    "maxLength": (2**32 - 1,),
    "scale": (0,),
    "minElements": (0,),
    "maxElements": (2**31 - 1,),
    "prefilled": ("",),
}
_ESCAPES: Final = {
    '"': '\\"', "\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t",
    "\u2028": "\\u2028", "\u2029": "\\u2029",
}  # fmt: skip
_NORMALISED: Final = ("prefilled", "description", "values")


def canonical_schema(content: Document, expect: Any) -> Any:
    """Write the schema of a vector canonically: key order, defaults left out, exact numbers."""
    text = unicodedata.normalize("NFC", content["schemaText"])
    try:
        given = json.loads(text, parse_float=Decimal)
        return {"canonical": _type(given)}
    except (ValueError, KeyError, TypeError):
        return expect


def natural_range(type_: Document) -> tuple[Any, Any]:
    """Give the bounds that an int or a decimal has by itself (TYPE-3, TYPE-6)."""
    if type_["kind"] == "decimal":
        high = Decimal((0, (9,) * type_["precision"], -type_.get("scale", 0)))
        return -high, high
    bits = type_["bitSize"]
    return (0, 2**bits - 1) if type_.get("unsigned") else (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1)


def _type(type_: Document) -> str:
    kind = type_["kind"]
    if kind in ("int", "decimal"):
        low, high = natural_range(type_)
        if type_.get("minimum", low) > type_.get("maximum", high):
            raise ValueError(type_)
    members = [f'"kind":{_value(kind)}']
    for key in _KEYS.get(kind, ()):
        if key in type_ and type_[key] is not False and not _is_default(type_, key):
            members.append(f'"{key}":{_member(key, type_)}')
    return "{" + ",".join(members) + "}"


def _is_default(type_: Document, key: str) -> bool:
    if key in ("minimum", "maximum") and type_["kind"] in ("int", "decimal"):
        return bool(type_[key] == natural_range(type_)[key == "maximum"])
    return type_[key] in _DEFAULTS.get(key, ())


def _member(key: str, type_: Document) -> str:
    value = type_[key]
    match key:
        case "elementType":
            return _type(value)
        case "properties":
            return "[" + ",".join(map(_property, value)) + "]"
        case "minimum" | "maximum" if type_["kind"] == "float":
            # Their shortest digits depend on the bit size: no entry is about them.
            raise ValueError(value)
        case _:
            return _value(_normalised(key, value))


def _property(item: Document) -> str:
    item = {"description": "", **item}
    members = [
        f'"{key}":{_type(item[key]) if key == "type" else _value(_normalised(key, item[key]))}'
        for key in _PROPERTY_KEYS
        if key in item and item[key] is not False and item[key] not in _DEFAULTS.get(key, ())
    ]
    return "{" + ",".join(members) + "}"


def _normalised(key: str, value: Any) -> Any:
    if key not in _NORMALISED:
        return value
    if isinstance(value, list):
        return [unicodedata.normalize("NFC", text) for text in value]
    return unicodedata.normalize("NFC", value)


def _value(value: Any) -> str:
    match value:
        case bool():
            return "true" if value else "false"
        case str():
            return '"' + re.sub(r'["\\\x00-\x1f\u2028\u2029]', _escaped, value) + '"'
        case list():
            return "[" + ",".join(map(_value, value)) + "]"
        case _:
            return plain_decimal(Decimal(value))


def _escaped(match: re.Match[str]) -> str:
    return _ESCAPES.get(match[0], f"\\u{ord(match[0]):04x}")
