"""Predicates over schemas, JSON documents and filters."""

import json
import re
from collections.abc import Iterator
from decimal import Decimal
from typing import Any, Final

from tests.conformance.content import members
from tests.conformance.rewrites.schemas import natural_range
from tests.conformance.vector import Document

_LIMITS: Final = ("scale", "minElements", "maxElements")
_MAX_INT32: Final = 2**31 - 1
_MAX_UINT32: Final = 2**32 - 1
_MAX_UINT64: Final = 2**64 - 1
_DIGITS = re.compile(r"[0-9]{1,1000}", re.ASCII)
_TEXTS: Final = ("values", "prefilled", "description")
_ORDERS: Final = ("is before", "is after", "is on or before", "is on or after")

Pairs = list[tuple[str, Any]]


def _objects(text: str) -> Iterator[Pairs]:
    """List the JSON objects of a text as pairs, so that repeated keys are seen."""
    found: list[Pairs] = []

    def collect(pairs: Pairs) -> dict[str, Any]:
        found.append(pairs)
        return dict(pairs)

    try:
        json.loads(text, object_pairs_hook=collect, parse_float=Decimal)
    except ValueError:
        return
    yield from found


def _types(text: str) -> Iterator[Document]:
    for pairs in _objects(text):
        type_ = dict(pairs)
        if "kind" in type_:
            yield type_


def natural_bound(content: Document) -> bool:
    """An integer has a bound that it would have without it (TYPE-D1)."""
    for type_ in _types(content["schemaText"]):
        if type_["kind"] == "int" and isinstance(type_.get("bitSize"), int):
            low, high = natural_range(type_)
            if type_.get("minimum") == low or type_.get("maximum") == high:
                return True
    return False


def large_bound(content: Document) -> bool:
    """A bound is beyond a signed integer of 32 bits and within an unsigned one (TYPE-D2)."""
    # What is equal to the largest is no bound; only a minimum can be it and say something.
    keys = {"int": ("minimum", "maximum"), "string": ("maxBytes", "maxLength")}
    return any(
        isinstance(type_.get(key), int)
        and _MAX_INT32 < type_[key] < _MAX_UINT32 + (key == "minimum")
        for type_ in _types(content["schemaText"])
        if type_["kind"] == "string" or (type_.get("unsigned") and type_.get("bitSize") == 32)
        for key in keys.get(type_["kind"], ())
    )


def fractional_limit(content: Document) -> bool:
    """A limit is a number but no integer literal (TYPE-D5)."""
    return any(
        name in _LIMITS and isinstance(value, Decimal)
        for pairs in _objects(content["schemaText"])
        for name, value in pairs
    )


def misplaced_max_elements(content: Document) -> bool:
    """The largest `maxElements` stands in a type that is no array (TYPE-D5)."""
    return any(
        type_["kind"] != "array" and type_.get("maxElements") == _MAX_INT32
        for type_ in _types(content["schemaText"])
    )


def repeated_element_type(content: Document) -> bool:
    """One type has two element types (TYPE-D5)."""
    return any(
        [name for name, _ in pairs].count("elementType") > 1
        for pairs in _objects(content["schemaText"])
    )


def nested_values(content: Document) -> bool:
    """The values of a text contain lists (TYPE-D5)."""
    return any(
        any(isinstance(value, list) for value in type_["values"])
        for type_ in _types(content["schemaText"])
        if isinstance(type_.get("values"), list)
    )


def nul_in_text(content: Document) -> bool:
    """A text of a schema has a NUL (TYPE-D7)."""
    return any(
        name in _TEXTS
        and "\0" in ("".join(map(str, value)) if isinstance(value, list) else str(value))
        for pairs in _objects(content["schemaText"])
        for name, value in pairs
    )


def _decoded(value: Any, type_: Document) -> Iterator[tuple[Any, Document]]:
    """List the values of a document with their types, as far as they correspond."""
    yield value, type_
    match value, type_["kind"]:
        case list(), "array":
            for item in value:
                yield from _decoded(item, type_["elementType"])
        case dict(), "map":
            for item in value.values():
                yield from _decoded(item, type_["elementType"])
        case dict(), "object":
            types = members(type_)
            for name, item in value.items():
                if name in types:
                    yield from _decoded(item, types[name]["type"])
        case _:
            pass


def _values(content: Document) -> list[tuple[Any, Document]]:
    try:
        value = json.loads(content["text"], parse_float=Decimal)
    except ValueError:
        return []
    return list(_decoded(value, content["schema"]))


def too_many_bytes(content: Document) -> bool:
    """A text has more bytes than its type allows, and fewer characters (TYPE-D13)."""
    return any(
        isinstance(value, str) and len(value) <= type_["maxBytes"] < len(value.encode())
        for value, type_ in _values(content)
        if "maxBytes" in type_
    )


def too_many_elements(content: Document) -> bool:
    """An array has more elements than its type allows (TYPE-D14)."""
    return any(
        isinstance(value, list) and len(value) > type_["maxElements"]
        for value, type_ in _values(content)
        if "maxElements" in type_
    )


def repeated_elements(content: Document) -> bool:
    """Two elements are equal in an array that wants them unique (TYPE-D15)."""
    return any(
        isinstance(value, list) and any(value.index(item) < n for n, item in enumerate(value))
        for value, type_ in _values(content)
        if type_.get("uniqueElements")
    )


def infinite_name(content: Document) -> bool:
    """The document is one float that is no number, and may be that (TYPE-D12)."""
    values = _values(content)
    if len(values) != 2:  # the object and its only member
        return False
    value, type_ = values[1]
    if type_["kind"] != "float" or type_.get("real") or not isinstance(value, str):
        return False
    beyond = {"Infinity": "maximum", "-Infinity": "minimum"}
    return value == "NaN" or (value in beyond and beyond[value] not in type_)


def order_of_json(content: Document) -> bool:
    """A condition asks whether JSON is before or after something (DEC-21)."""
    return any(
        condition.get("operator") in _ORDERS
        and _type_at(condition.get("property"), content["schema"])["kind"] == "json"
        for condition in _conditions(content["filter"])
    )


def wide_unsigned(content: Document) -> bool:
    """A value for an unsigned integer is beyond 64 bits (FILT-D4)."""
    return any(
        isinstance(value, str) and _DIGITS.fullmatch(value) and int(value) > _MAX_UINT64
        for condition in _conditions(content["filter"])
        if _type_at(condition.get("property"), content["schema"]).get("unsigned")
        for value in condition.get("values") or ()
    )


def _conditions(form: Any) -> Iterator[Document]:
    conditions = form.get("conditions") if isinstance(form, dict) else None
    for condition in conditions if isinstance(conditions, list) else ():
        if isinstance(condition, dict):
            yield condition


def _type_at(path: Any, schema: Document) -> Document:
    type_ = schema
    for name in str(path).split("."):
        if type_["kind"] != "object" or name not in members(type_):
            break
        type_ = members(type_)[name]["type"]
    return type_
