"""The properties of a schema with the places where they stand in its JSON."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import final

from mapping_lang.diagnostics import Code, Diagnostic, quote
from mapping_lang.types.kinds import ArrayType, MapType, ObjectType, Property, Type
from mapping_lang.types.schema import Path, format_path


@final
@dataclass(frozen=True, slots=True)
class Slot:
    """A property, its path, and the JSON pointer to it."""

    path: Path
    item: Property
    pointer: str

    def mistake(self, code: Code, key: str, found: str, expected: str) -> Diagnostic:
        """Say what `key`, a way from the property through its JSON, is and should be."""
        attribute = key.rpartition("/")[2]
        owner = quote(format_path(self.path))
        return Diagnostic(
            code=code,
            message=f"`{attribute}` of {owner} is {found}, expected {expected}",
            pointer=f"{self.pointer}/{key}",
            expected=expected,
            found=found,
        )


def slots(type_: Type, pointer: str = "", *, objects_only: bool = False) -> Iterator[Slot]:
    """List every property, depth first and in order, as `walk` does."""
    return _slots(type_, (), pointer, objects_only=objects_only)


def _slots(type_: Type, path: Path, pointer: str, *, objects_only: bool) -> Iterator[Slot]:
    while isinstance(type_, ArrayType | MapType) and not objects_only:
        type_, pointer = type_.element, f"{pointer}/elementType"
    if isinstance(type_, ObjectType):
        for position, item in enumerate(type_.properties):
            slot = Slot((*path, item.name), item, f"{pointer}/properties/{position}")
            yield slot
            yield from _slots(
                item.type, slot.path, f"{slot.pointer}/type", objects_only=objects_only
            )
