"""Arrays, objects and maps from each other and from JSON (MAP-105 to MAP-111)."""

from collections.abc import Callable, Mapping
from typing import Any, Protocol, TypeAlias

from mapping_lang.types.convert.refusals import missing, not_convertible, null_refused
from mapping_lang.types.convert.scalars import Core
from mapping_lang.types.errors import ValueRefusedError
from mapping_lang.types.json_value import JsonKind, elements, kind_of, members
from mapping_lang.types.kinds import ArrayType, JsonType, MapType, ObjectType, Property, Type
from mapping_lang.types.schema import Purpose, required
from mapping_lang.types.values import Json, Value, check_elements

_Convert: TypeAlias = Callable[[Any], Value | None]


class Nested(Protocol):
    """Makes the converter of what a container contains."""

    def __call__(self, source: Type, target: Type, *, nullable: bool) -> _Convert: ...


def to_array(source: Type, target: ArrayType, nested: Nested) -> Core | None:
    """Convert an array element by element, or JSON (MAP-105, MAP-106)."""
    element: _Convert | None
    match source:
        case ArrayType():
            element = nested(source.element, target.element, nullable=False)
            if source.element == target.element:
                # The elements pass as they are; only the limits can differ.
                element = None
            judged = target.unique and not (element is None and source.unique)
            return _array(element, target, unique=judged)
        case JsonType():
            element = nested(source, target.element, nullable=False)
            convert = _array(element, target, unique=target.unique)
            return lambda value: convert(_elements(value, target))
        case _:
            return None


def _array(
    convert: _Convert | None, target: ArrayType, *, unique: bool
) -> Callable[[list[Any]], list[Value | None]]:
    low, high = target.min_elements, target.max_elements

    def to_array(values: list[Any]) -> list[Value | None]:
        if not low <= len(values) <= high:
            check_elements(values, target)
        result: list[Value | None] = values
        if convert is not None:
            result = []
            try:
                for value in values:
                    result.append(convert(value))
            except ValueRefusedError as error:
                raise error.inside(len(result)) from None
        if unique:
            check_elements(result, target)
        return result

    return to_array


def _elements(value: Json, target: ArrayType) -> list[Json]:
    match kind_of(value):
        case JsonKind.ARRAY:
            return elements(value)
        case JsonKind.OBJECT | JsonKind.NULL:
            raise not_convertible(value, target)
        case _:
            # A scalar is the array of itself.
            return [value]


def to_object(source: Type, target: ObjectType, nested: Nested, purpose: Purpose) -> Core | None:
    """Convert the members that both sides have, then ask for the required ones (MAP-107, 110)."""
    wanted = tuple(item.name for item in target.properties if required(item, purpose))

    def complete(values: dict[str, Value | None]) -> dict[str, Value | None]:
        for name in wanted:
            if name not in values:
                raise missing(name, purpose.value)
        return values

    match source:
        case ObjectType():
            convert = _by_name(
                {
                    item.name: _member(source.by_name[item.name].type, item, nested)
                    for item in target.properties
                    if item.name in source.by_name
                }
            )
        case MapType():
            convert = _by_name(_each_property(source.element, target, nested))
        case JsonType():
            convert_members = _by_name(_each_property(source, target, nested))
            return lambda value: complete(convert_members(_members(value, target)))
        case _:
            return None
    return lambda values: complete(convert(values))


def _each_property(source: Type, target: ObjectType, nested: Nested) -> dict[str, _Convert]:
    return {item.name: _member(source, item, nested) for item in target.properties}


def _member(source: Type, target: Property, nested: Nested) -> _Convert:
    convert = nested(source, target.type, nullable=target.nullable)
    if target.nullable or not isinstance(target.type, JsonType):
        return convert

    def without_null(value: Value | None) -> Value | None:
        # Null becomes the JSON null in arrays and maps, but not in objects (MAP-104, MAP-107).
        if value is None:
            raise null_refused(target.type)
        return convert(value)

    return without_null


def _by_name(
    converters: Mapping[str, _Convert],
) -> Callable[[Mapping[str, Any]], dict[str, Value | None]]:
    steps = tuple(converters.items())

    def convert(values: Mapping[str, Any]) -> dict[str, Value | None]:
        result: dict[str, Value | None] = {}
        name = ""
        try:
            for name, step in steps:
                if name in values:
                    result[name] = step(values[name])
        except ValueRefusedError as error:
            raise error.inside(name) from None
        return result

    return convert


def _members(value: Json, target: Type) -> dict[str, Json]:
    if kind_of(value) is not JsonKind.OBJECT:
        raise not_convertible(value, target)
    return members(value)


def to_map(source: Type, target: MapType, nested: Nested) -> Core | None:
    """Convert every value; only those of an object may be or become null (MAP-111)."""
    match source:
        case MapType():
            return _every_value(nested(source.element, target.element, nullable=False))
        case ObjectType():
            return _by_name(
                {
                    item.name: nested(item.type, target.element, nullable=True)
                    for item in source.properties
                }
            )
        case JsonType():
            convert = _every_value(nested(source, target.element, nullable=False))
            return lambda value: convert(_members(value, target))
        case _:
            return None


def _every_value(step: _Convert) -> Callable[[Mapping[str, Any]], dict[str, Value | None]]:
    def convert(values: Mapping[str, Any]) -> dict[str, Value | None]:
        result: dict[str, Value | None] = {}
        name = ""
        try:
            for name, value in values.items():
                result[name] = step(value)
        except ValueRefusedError as error:
            raise error.inside(name) from None
        return result

    return convert
