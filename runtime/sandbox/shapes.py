"""What a Python guest is told of a schema, once: the kinds of values, and where each stands."""

import msgspec

from mapping_lang.types.kinds import (
    ArrayType,
    JsonType,
    MapType,
    ObjectType,
    Schema,
    StringType,
    Type,
    kind_name,
)


class Shape(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A type without its limits, which the host checks."""

    kind: str
    """As in schemas; preserved json is a string."""

    members: dict[str, "Shape"] = {}
    """The properties of an object, in their order."""

    element: "Shape | None" = None
    """Of an array or a map."""


def write_shape(schema: Schema, *, preserve_json: bool) -> str:
    """Write a schema for a guest; empty for one without properties, which holds nothing."""
    if not schema.properties:
        return ""
    return msgspec.json.encode(_shape_of(schema, preserve_json=preserve_json)).decode()


def _shape_of(type_: Type, *, preserve_json: bool) -> Shape:
    match type_:
        case ObjectType(properties=properties):
            members = {
                item.name: _shape_of(item.type, preserve_json=preserve_json) for item in properties
            }
            return Shape(kind_name(type_), members=members)
        case ArrayType(element=element) | MapType(element=element):
            return Shape(kind_name(type_), element=_shape_of(element, preserve_json=preserve_json))
        case JsonType() if preserve_json:
            return Shape(kind_name(StringType()))
        case _:
            return Shape(kind_name(type_))


def read_shape(text: str) -> Shape:
    """Read what `write_shape` wrote."""
    return msgspec.json.decode(text, type=Shape)
