"""A change of the profile schema: what becomes of each column (section 9)."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import final
from uuid import UUID

from mapping_lang.types.kinds import ObjectType, Property, Schema, Type, display
from mapping_lang.types.schema import Path, find, format_path, leaves
from mapping_lang.types.schemas.columns import column_name
from warehouse.errors import WarehouseError
from warehouse.layout import Column, columns


class AlterationRefusedError(WarehouseError):
    """A change that cannot be made of one schema to get the other (WH-71)."""


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """What becomes of the columns; those that are not named stay as they are."""

    dropped: tuple[Column, ...]
    renamed: tuple[tuple[Column, Column], ...]
    added: tuple[Column, ...]
    moved: Mapping[Path, Path]
    """The new path of every property that stays, by its old one."""


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Alteration:
    """What is asked for."""

    operation: UUID
    """The same operation asked for again changes nothing."""
    old: Schema
    new: Schema
    changes: Changes

    @property
    def changes_columns(self) -> bool:
        """Whether there is anything to do in a warehouse."""
        return [c.name for c in columns(self.old)] != [c.name for c in columns(self.new)] or bool(
            self.changes.dropped or self.changes.renamed or self.changes.added
        )


def find_changes(old: Schema, new: Schema, re_paths: Mapping[Path, Path | None]) -> Changes:
    """Say what becomes of each column, or refuse the change.

    `re_paths` tells of a new path which old one it had; None says that it is a new property,
    whatever was there before.
    """
    for path in re_paths:
        if find(new, path) is None:
            raise _refused(path, "is not in the new schema, expected the path of a property of it")
    comparison = _Comparison(re_paths)
    comparison.compare(old, new, ())
    kept = comparison.kept
    return Changes(
        dropped=tuple(each for each in columns(old) if each.path not in kept),
        renamed=tuple(
            (each, replace(each, name=column_name(kept[each.path]), path=kept[each.path]))
            for each in columns(old)
            if each.path in kept and kept[each.path] != each.path
        ),
        added=tuple(each for each in columns(new) if each.path not in set(kept.values())),
        moved=comparison.moved,
    )


class _Comparison:
    """Two schemas, level by level; an object that is renamed keeps what it holds."""

    def __init__(self, re_paths: Mapping[Path, Path | None]) -> None:
        self._re_paths = re_paths
        self.kept: dict[Path, Path] = {}
        """The new path of every leaf that stays, by its old one."""
        self.moved: dict[Path, Path] = {}
        """The same of every property."""

    def compare(self, old: ObjectType, new: ObjectType, parent: Path) -> None:
        claimed: dict[str, Path] = {}
        for item in new.properties:
            path = (*parent, item.name)
            source = self._source(old, item, path, parent)
            if source is None:
                self._check_new(path, item.type)
                continue
            if source in claimed:
                raise _refused(
                    path,
                    f"and `{format_path(claimed[source])}` both come from"
                    f" `{format_path((*parent, source))}`, expected one of them",
                )
            claimed[source] = path
            self._compare_property(old.by_name[source], item, (*parent, source), path)

    def _source(self, old: ObjectType, item: Property, path: Path, parent: Path) -> str | None:
        """Give the name that a property had; None if it is new."""
        if path not in self._re_paths:
            return item.name if item.name in old.by_name else None
        origin = self._re_paths[path]
        if origin is None:
            return None
        if origin[:-1] != parent:
            raise _refused(
                path,
                f"comes from `{format_path(origin)}`, expected a property of the same object",
            )
        if origin[-1] not in old.by_name:
            raise _refused(
                path,
                f"comes from `{format_path(origin)}`, which is not in the present schema",
            )
        return origin[-1]

    def _compare_property(self, old: Property, new: Property, source: Path, path: Path) -> None:
        self.moved[source] = path
        before, after = old.type, new.type
        if isinstance(before, ObjectType) and isinstance(after, ObjectType):
            if source == path:
                self.compare(before, after, path)
                return
            self._rename(before, after, source, path)
            return
        if before != after:
            raise _refused(
                path, f"was {display(before)} and is {display(after)}, expected no change"
            )
        self.kept[source] = path

    def _rename(self, before: ObjectType, after: ObjectType, source: Path, path: Path) -> None:
        inside = dict(leaves(before))
        if {at: item.type for at, item in inside.items()} != {
            at: item.type for at, item in leaves(after)
        } or any(at[: len(path)] == path and at != path for at in self._re_paths):
            raise _refused(path, "is renamed and changed inside, expected one of both at a time")
        for at in inside:
            for length in range(1, len(at) + 1):
                self.moved[(*source, *at[:length])] = (*path, *at[:length])
            self.kept[(*source, *at)] = (*path, *at)

    def _check_new(self, path: Path, type_: Type) -> None:
        for at, origin in self._re_paths.items():
            if isinstance(type_, ObjectType) and at[: len(path)] == path != at and origin:
                raise _refused(at, "is in an object that is new, expected no former path")


def _refused(path: Path, message: str) -> AlterationRefusedError:
    return AlterationRefusedError(f"`{format_path(path)}` {message}")
