"""From schema JSON to types, strictly (TYPE-27 to TYPE-33).

Every refusal is a `SchemaError` that says where, what was found and what was expected. Whatever
the text, it comes soon and takes little memory: the limits are below.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, final

from mapping_lang.diagnostics import Code, Diagnostic, Span, json_pointer, quote
from mapping_lang.types.errors import JsonSyntaxError, SchemaError, TypeDefinitionError
from mapping_lang.types.json_text import (
    Literal,
    Node,
    Object,
    RepeatedNameError,
    Text,
    decode_utf8,
    read,
)
from mapping_lang.types.kinds import (
    FLOAT_BIT_SIZES,
    INT_BIT_SIZES,
    KINDS,
    MAX_ELEMENTS,
    MAX_LENGTH,
    MAX_PRECISION,
    MAX_SCALE,
    NO_SCHEMA,
    ArrayType,
    BooleanType,
    DatetimeType,
    DateType,
    DecimalType,
    FloatType,
    IntType,
    IpType,
    JsonType,
    MapType,
    ObjectType,
    Property,
    Schema,
    StringType,
    TimeType,
    Type,
    UuidType,
    YearType,
    allows_unique,
    kind_name,
    normal_text,
)
from mapping_lang.types.schemas.hints import key_hint, kind_hint
from mapping_lang.types.schemas.place import (
    Place,
    read_decimal,
    read_flag,
    read_float,
    read_integer,
    read_text,
)

MAX_TEXT_LENGTH: Final = 4 * 2**20
"""Longest text of a schema: code points of a `str`, bytes of `bytes`."""

MAX_JSON_VALUES: Final = 200_000
"""Most JSON values in the text of a schema: each takes a hundred bytes or more."""

MAX_PROPERTIES: Final = 10_000
"""Most properties of a schema, at all levels together."""

MAX_NESTING: Final = 100
"""Deepest nesting of types; the reader of JSON stops objects in objects at 85."""

_PLAIN_TYPES: Final[Mapping[str, Type]] = MappingProxyType(
    {
        kind_name(type_): type_
        for type_ in (
            BooleanType(),
            DatetimeType(),
            DateType(),
            TimeType(),
            YearType(),
            UuidType(),
            JsonType(),
            IpType(),
        )
    }
)
_BOUNDS: Final = ("minimum", "maximum")
_KEYS: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "string": ("maxBytes", "maxLength", "pattern", "values"),
        "int": ("bitSize", "unsigned", *_BOUNDS),
        "float": ("bitSize", "real", *_BOUNDS),
        "decimal": (*_BOUNDS, "precision", "scale"),
        "array": ("minElements", "maxElements", "uniqueElements", "elementType"),
        "object": ("properties",),
        "map": ("elementType",),
    }
)
_TYPE_KEYS: Final = ("kind", *dict.fromkeys(key for keys in _KEYS.values() for key in keys))
_FLAGS: Final = ("createRequired", "updateRequired", "readOptional", "nullable")
_PROPERTY_KEYS: Final = ("name", "prefilled", "type", *_FLAGS, "description")


def decode_type(text: str | bytes) -> Type:
    """Read the JSON text of a type."""
    return type_of(_read(text))


def decode_schema(text: str | bytes) -> Schema:
    """Read the JSON text of a schema; null is no schema (TYPE-8)."""
    return schema_of(_read(text))


def type_of(node: Node, pointer: str = "") -> Type:
    """Read a type from a part of a document; `pointer` says which part."""
    return _Reader().type(Place("the type", node, pointer), 1)


def schema_of(node: Node, pointer: str = "") -> Schema:
    """Read a schema from a part of a document; null is no schema (TYPE-27)."""
    if isinstance(node, Literal) and node.value is None:
        return NO_SCHEMA
    place = Place("the schema", node, pointer)
    type_ = _Reader().type(place, 1)
    if not isinstance(type_, ObjectType):
        kind = place.required("kind", "object")
        raise kind.refuse(Code.SCHEMA_KIND, "object, because this is a schema")
    return type_


def _read(text: str | bytes) -> Node:
    if len(text) > MAX_TEXT_LENGTH:
        raise _refuse_text(
            Code.SCHEMA_LIMIT,
            f"the text of the schema is longer than {MAX_TEXT_LENGTH}",
            found=f"a text of length {len(text)}",
            expected=f"at most {MAX_TEXT_LENGTH}",
        )
    try:
        source = decode_utf8(text) if isinstance(text, bytes) else text
        return read(source, max_values=MAX_JSON_VALUES)
    except RepeatedNameError as error:
        raise _refuse_text(
            Code.SCHEMA_KEY_REPEATED,
            error.message,
            error=error,
            found="a key that stands twice",
            expected="each key once",
        ) from None
    except JsonSyntaxError as error:
        raise _refuse_text(
            Code.SCHEMA_LIMIT if error.code is Code.VALUE_LIMIT else Code.SCHEMA_SYNTAX,
            error.message,
            error=error,
            found="text that is not JSON",
            expected="one JSON value",
        ) from None


def _refuse_text(
    code: Code, message: str, *, found: str, expected: str, error: JsonSyntaxError | None = None
) -> SchemaError:
    return SchemaError(
        Diagnostic(
            code=code,
            message=message,
            span=None if error is None else Span(error.position, error.position + 1),
            pointer="" if error is None else json_pointer(error.path),
            expected=expected,
            found=found,
        )
    )


@final
class _Reader:
    """Reads one schema; counts the properties, which only all levels together may have so many."""

    __slots__ = ("_properties",)

    def __init__(self) -> None:
        self._properties = 0

    def type(self, place: Place, depth: int) -> Type:
        """Read a type that stands `depth` levels deep."""
        if depth > MAX_NESTING:
            raise place.refuse(
                Code.SCHEMA_LIMIT,
                f"at most {MAX_NESTING} levels",
                found=f"nested {depth} levels deep",
            )
        kind = _kind(place)
        try:
            return _PLAIN_TYPES.get(kind) or self._with_attributes(kind, place, depth)
        except TypeDefinitionError as error:
            raise place.locate(error) from None

    def _with_attributes(self, kind: str, place: Place, depth: int) -> Type:
        match kind:
            case "string":
                return _string(place)
            case "int":
                return _int(place)
            case "float":
                return _float(place)
            case "decimal":
                return _decimal(place)
            case "array":
                return _array(place, self._element(place, depth))
            case "map":
                return MapType(self._element(place, depth))
            case _:
                return self._object(place, depth)

    def _element(self, place: Place, depth: int) -> Type:
        return self.type(place.required("elementType", "a type"), depth + 1)

    def _object(self, place: Place, depth: int) -> Type:
        expected = "an array of at least one property"
        properties: list[Property] = []
        positions: dict[str, int] = {}
        for position, item in enumerate(place.required("properties", expected).items(expected)):
            read_ = self._property(item, depth)
            first = positions.setdefault(read_.name, position)
            if first != position:
                raise item.required("name", "a name").refuse(
                    Code.SCHEMA_NAME_REPEATED,
                    "a name that no other property of the object has",
                    found=f"{quote(read_.name)}, as in item {first}",
                )
            properties.append(read_)
        return ObjectType(tuple(properties))

    def _property(self, place: Place, depth: int) -> Property:
        self._properties += 1
        if self._properties > MAX_PROPERTIES:
            raise place.refuse(
                Code.SCHEMA_LIMIT,
                f"at most {MAX_PROPERTIES} properties in a schema",
                found=f"property {self._properties}",
            )
        _check_keys(place, "an object with `name` and `type`", _PROPERTY_KEYS)
        name = read_text(place.required("name", "a property name"), Code.SCHEMA_NAME)
        create, update, optional, nullable = (read_flag(place.member(key)) for key in _FLAGS)
        prefilled, description = (_text(place.member(key)) for key in ("prefilled", "description"))
        type_ = self.type(place.required("type", "a type"), depth + 1)
        try:
            return Property(
                name,
                type_,
                prefilled,
                create_required=create,
                update_required=update,
                read_optional=optional,
                nullable=nullable,
                description=description,
            )
        except TypeDefinitionError as error:
            raise place.locate(error) from None


def _kind(place: Place) -> str:
    _check_keys(place, "a type, which is an object with `kind`", _TYPE_KEYS)
    expected = "one of " + ", ".join(KINDS)
    member = place.required("kind", expected, Code.SCHEMA_KIND)
    kind = read_text(member, Code.SCHEMA_KIND)
    if kind not in KINDS:
        raise member.refuse(Code.SCHEMA_KIND, expected, hint=kind_hint(kind))
    admitted = _KEYS.get(kind, ())
    for key in _members(place):
        if key != "kind" and key not in admitted:
            owners = ", ".join(other for other, keys in _KEYS.items() if key in keys)
            raise place.misplaced(key, kind, owners)
    return kind


def _check_keys(place: Place, expected: str, known: tuple[str, ...]) -> None:
    if not isinstance(place.node, Object):
        word = place.node.value if isinstance(place.node, Text) else ""
        hint = f'write {{"kind":"{word}"}}' if word in KINDS else ""
        raise place.refuse(Code.SCHEMA_SYNTAX, expected, hint=hint)
    for key in _members(place):
        if key not in known:
            raise place.unknown(key, _key_hint(key, known))


def _key_hint(key: str, known: tuple[str, ...]) -> str:
    if known is _TYPE_KEYS and key in _PROPERTY_KEYS:
        return f"`{key}` belongs to a property, beside `type`"
    if known is _PROPERTY_KEYS and key in _TYPE_KEYS:
        return f"`{key}` belongs inside `type`"
    return key_hint(key, known)


def _members(place: Place) -> dict[str, Node]:
    return place.node.members if isinstance(place.node, Object) else {}


def _text(place: Place | None) -> str:
    if place is None:
        return ""
    try:
        return normal_text(place.name, read_text(place))
    except TypeDefinitionError as error:
        raise place.locate(error) from None


def _integer(place: Place, key: str, low: int, high: int, default: int) -> int:
    member = place.member(key)
    return default if member is None else read_integer(member, f"an integer from {low} to {high}")


def _string(place: Place) -> Type:
    pattern, values = place.member("pattern"), place.member("values")
    return StringType(
        max_bytes=_integer(place, "maxBytes", 1, MAX_LENGTH, MAX_LENGTH),
        max_length=_integer(place, "maxLength", 1, MAX_LENGTH, MAX_LENGTH),
        pattern=None if pattern is None else read_text(pattern),
        values=()
        if values is None
        else tuple(_text(item) for item in values.items("an array of at least one string")),
    )


def _bit_size(place: Place, allowed: tuple[int, ...]) -> int:
    expected = "one of " + ", ".join(map(str, allowed))
    return read_integer(place.required("bitSize", expected), expected)


def _int(place: Place) -> Type:
    natural = IntType(_bit_size(place, INT_BIT_SIZES), read_flag(place.member("unsigned")))
    expected = f"an integer from {natural.low} to {natural.high}"
    minimum, maximum = (
        None if member is None else read_integer(member, expected)
        for member in map(place.member, _BOUNDS)
    )
    return IntType(natural.bit_size, natural.unsigned, minimum, maximum)


def _float(place: Place) -> Type:
    natural = FloatType(_bit_size(place, FLOAT_BIT_SIZES), read_flag(place.member("real")))
    minimum, maximum = (
        None if member is None else read_float(member, natural.bit_size)
        for member in map(place.member, _BOUNDS)
    )
    return FloatType(natural.bit_size, natural.real, minimum, maximum)


def _decimal(place: Place) -> Type:
    expected = f"an integer from 1 to {MAX_PRECISION}"
    precision = read_integer(place.required("precision", expected), expected)
    scale = _integer(place, "scale", 0, MAX_SCALE, 0)
    minimum, maximum = (
        None if member is None else read_decimal(member) for member in map(place.member, _BOUNDS)
    )
    return DecimalType(precision, scale, minimum, maximum)


def _array(place: Place, element: Type) -> Type:
    unique = place.member("uniqueElements")
    if unique is not None and not allows_unique(element):
        # Not even `false` is admitted (TYPE-32 t).
        raise unique.refuse(
            Code.SCHEMA_KEY_MISPLACED,
            "no such key",
            found=f"used with elements of kind {kind_name(element)}",
        )
    return ArrayType(
        element,
        _integer(place, "minElements", 0, MAX_ELEMENTS, 0),
        _integer(place, "maxElements", 0, MAX_ELEMENTS, MAX_ELEMENTS),
        read_flag(unique),
    )
