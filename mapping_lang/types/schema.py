"""Paths into schemas: look-up, walking, filtering, pruning and adjustment to a role."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from enum import StrEnum
from typing import Final, TypeAlias

from mapping_lang.diagnostics import did_you_mean, quote
from mapping_lang.types.errors import PathError
from mapping_lang.types.kinds import (
    NAME,
    NO_SCHEMA,
    ArrayType,
    MapType,
    ObjectType,
    Property,
    Schema,
    Type,
)

Path: TypeAlias = tuple[str, ...]
"""The names on the way to a property; written with dots (TYPE-15)."""

MAX_PATH_CHARS: Final = 10_000


class Role(StrEnum):
    """Which side of a pipeline a schema describes."""

    SOURCE = "source"
    DESTINATION = "destination"


class Purpose(StrEnum):
    """What a record is made for; it decides which properties are required (MAP-115)."""

    IMPORT = "import"
    CREATE = "create"
    UPDATE = "update"


def required(item: Property, purpose: Purpose) -> bool:
    """Tell if a property has to have a value for a purpose."""
    if purpose is Purpose.CREATE:
        return item.create_required
    return purpose is Purpose.UPDATE and item.update_required


def parse_path(text: str) -> Path:
    """Read a dotted path."""
    if len(text) > MAX_PATH_CHARS:
        raise PathError(text, f"a path has at most {MAX_PATH_CHARS} characters, not {len(text)}")
    names = tuple(text.split("."))
    for name in names:
        if not NAME.fullmatch(name):
            found = quote(name) if name else "nothing"
            raise PathError(
                text, f"{quote(text)} is not a path: expected a name between dots, found {found}"
            )
    return names


def format_path(path: Path) -> str:
    """Write a path with dots."""
    return ".".join(path)


def get(schema: Schema, path: Path) -> Property:
    """Find a property by path, through objects only (TYPE-25)."""
    current: Type = schema
    found: Property | None = None
    for count, name in enumerate(path, 1):
        found = current.by_name.get(name) if isinstance(current, ObjectType) else None
        if found is None:
            failing = format_path(path[:count])
            hint = did_you_mean(name, current.by_name) if isinstance(current, ObjectType) else ""
            raise PathError(failing, f"{quote(failing)} does not exist in the schema", hint)
        current = found.type
    if found is None:
        raise PathError("", "a path has at least one name")
    return found


def find(schema: Schema, path: Path) -> Property | None:
    """Find a property by path, through objects only; None if there is none."""
    try:
        return get(schema, path)
    except PathError:
        return None


def contains(schema: Schema, path: Path) -> bool:
    """Tell if a path exists, looking through the elements of arrays and maps too (TYPE-25)."""
    current: Type = schema
    for name in path:
        current = innermost(current)
        if not isinstance(current, ObjectType) or name not in current.by_name:
            return False
        current = current.by_name[name].type
    return bool(path)


def innermost(type_: Type) -> Type:
    """Give what arrays and maps finally contain; any other type is its own."""
    while isinstance(type_, ArrayType | MapType):
        type_ = type_.element
    return type_


def walk(type_: Type, *, objects_only: bool = False) -> Iterator[tuple[Path, Property]]:
    """List every property, depth first and in order.

    The properties of objects inside arrays and maps have the path `x.y`, unless `objects_only`
    leaves them out.
    """
    return _walk(type_, (), objects_only=objects_only)


def _walk(type_: Type, prefix: Path, *, objects_only: bool) -> Iterator[tuple[Path, Property]]:
    inner = type_ if objects_only else innermost(type_)
    if isinstance(inner, ObjectType):
        for item in inner.properties:
            path = (*prefix, item.name)
            yield path, item
            yield from _walk(item.type, path, objects_only=objects_only)


def leaves(schema: Schema) -> Iterator[tuple[Path, Property]]:
    """List the properties whose type is not an object, through objects only."""
    for path, item in walk(schema, objects_only=True):
        if not isinstance(item.type, ObjectType):
            yield path, item


def filter_properties(schema: Schema, keep: Callable[[Property], bool]) -> Schema:
    """Keep the top-level properties that `keep` accepts (TYPE-25)."""
    return _object(item for item in schema.properties if keep(item))


def prune(schema: Schema, keep: Callable[[Path, Property], bool]) -> Schema:
    """Keep the leaves that `keep` accepts; an object goes with its last leaf (TYPE-25)."""
    return _prune(schema, (), keep)


def _prune(schema: Schema, prefix: Path, keep: Callable[[Path, Property], bool]) -> Schema:
    kept: list[Property] = []
    for item in schema.properties:
        path = (*prefix, item.name)
        if isinstance(item.type, ObjectType):
            inner = _prune(item.type, path, keep)
            if inner.properties:
                kept.append(item if inner == item.type else replace(item, type=inner))
        elif keep(path, item):
            kept.append(item)
    return _object(kept)


def prune_to_paths(schema: Schema, paths: Iterable[Path]) -> Schema:
    """Keep the properties at `paths`, all that is under them, and their ancestors.

    Every path must exist.
    """
    wanted = set(paths)
    for path in wanted:
        get(schema, path)
    return prune(schema, lambda path, _: any(path[:n] in wanted for n in range(1, len(path) + 1)))


def prune_at_path(schema: Schema, path: Path) -> Schema:
    """Keep one path and its ancestors (TYPE-25)."""
    return prune_to_paths(schema, (path,))


def adjust_to_role(schema: Schema, role: Role) -> Schema:
    """Clear the flags that mean nothing in a role, through objects only (TYPE-24)."""
    adjusted: list[Property] = []
    for item in schema.properties:
        inner = item.type
        if isinstance(inner, ObjectType):
            inner = adjust_to_role(inner, role)
        if role is Role.SOURCE:
            item = replace(item, type=inner, create_required=False, update_required=False)
        else:
            item = replace(item, type=inner, read_optional=False)
        adjusted.append(item)
    return _object(adjusted)


def _object(properties: Iterable[Property]) -> Schema:
    kept = tuple(properties)
    return ObjectType(kept) if kept else NO_SCHEMA
