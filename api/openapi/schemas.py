"""How schemas travel, as JSON Schema: `mapping_lang.types.schemas` reads them just so (API-24)."""

from typing import Any, Final

from mapping_lang.types.kinds import (
    FLOAT_BIT_SIZES,
    INT_BIT_SIZES,
    MAX_ELEMENTS,
    MAX_LENGTH,
    MAX_NAME_CHARS,
    MAX_PRECISION,
    MAX_SCALE,
)

Json = dict[str, Any]

TYPE: Final = "Type"
SCHEMA: Final = "Schema"
PROPERTY: Final = "Property"

_TYPE_REFERENCE: Final[Json] = {"$ref": f"#/components/schemas/{TYPE}"}
_PROPERTIES: Final[Json] = {
    "type": "array",
    "items": {"$ref": f"#/components/schemas/{PROPERTY}"},
    "minItems": 1,
}
_NUMBER: Final[Json] = {"type": "number"}
_COUNT: Final[Json] = {"type": "integer", "minimum": 0, "maximum": MAX_ELEMENTS}
_LENGTH: Final[Json] = {"type": "integer", "minimum": 1, "maximum": MAX_LENGTH}
_FLAG: Final[Json] = {"type": "boolean", "default": False}
_TEXT: Final[Json] = {"type": "string"}

_PLAIN_KINDS: Final = ("boolean", "datetime", "date", "time", "year", "uuid", "json", "ip")


def _type(kind: str, required: tuple[str, ...] = (), **attributes: Json) -> Json:
    return {
        "type": "object",
        "title": kind,
        "properties": {"kind": {"const": kind}, **attributes},
        "required": ["kind", *required],
        "additionalProperties": False,
    }


def schema_components() -> dict[str, Json]:
    """Give the components that every member with a schema refers to."""
    kinds = [
        _type(
            "string",
            maxLength=_LENGTH,
            maxBytes=_LENGTH,
            pattern=_TEXT,
            values={"type": "array", "items": _TEXT, "minItems": 1},
        ),
        _type(
            "int",
            ("bitSize",),
            bitSize={"enum": list(INT_BIT_SIZES)},
            unsigned=_FLAG,
            minimum=_NUMBER,
            maximum=_NUMBER,
        ),
        _type(
            "float",
            ("bitSize",),
            bitSize={"enum": list(FLOAT_BIT_SIZES)},
            real=_FLAG,
            minimum=_NUMBER,
            maximum=_NUMBER,
        ),
        _type(
            "decimal",
            ("precision",),
            precision={"type": "integer", "minimum": 1, "maximum": MAX_PRECISION},
            scale={"type": "integer", "minimum": 0, "maximum": MAX_SCALE, "default": 0},
            minimum=_NUMBER,
            maximum=_NUMBER,
        ),
        *(_type(kind) for kind in _PLAIN_KINDS),
        _type(
            "array",
            ("elementType",),
            elementType=_TYPE_REFERENCE,
            minElements=_COUNT,
            maxElements=_COUNT,
            uniqueElements=_FLAG,
        ),
        _type("map", ("elementType",), elementType=_TYPE_REFERENCE),
        _type("object", ("properties",), properties=_PROPERTIES),
    ]
    return {
        SCHEMA: {
            **_type("object", ("properties",), properties=_PROPERTIES),
            "title": SCHEMA,
            "description": "The properties of a record, in order. Unknown members are refused.",
        },
        PROPERTY: {
            "title": PROPERTY,
            "type": "object",
            "description": "A named, typed slot of a record.",
            "properties": {
                "name": {"type": "string", "minLength": 1, "maxLength": MAX_NAME_CHARS},
                "type": _TYPE_REFERENCE,
                "prefilled": _TEXT,
                "createRequired": _FLAG,
                "updateRequired": _FLAG,
                "readOptional": _FLAG,
                "nullable": _FLAG,
                "description": _TEXT,
            },
            "required": ["name", "type"],
            "additionalProperties": False,
        },
        TYPE: {"title": TYPE, "oneOf": kinds},
    }
