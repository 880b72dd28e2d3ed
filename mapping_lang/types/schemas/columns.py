"""The columns that the properties of a profile are flattened to (TYPE-22)."""

from collections.abc import Iterator

from mapping_lang.diagnostics import Code, Diagnostic, quote
from mapping_lang.types.kinds import ObjectType, Schema
from mapping_lang.types.schema import Path, format_path
from mapping_lang.types.schemas.slots import slots


def column_name(path: Path) -> str:
    """Give the column of a property that is not an object: `address.city` is `address_city`."""
    return "_".join(path)


def column_conflicts(schema: Schema, pointer: str = "") -> Iterator[Diagnostic]:
    """List the properties whose column another property has, in whatever case of letters."""
    owners: dict[str, Path] = {}
    for slot in slots(schema, pointer, objects_only=True):
        if isinstance(slot.item.type, ObjectType):
            continue
        column = column_name(slot.path)
        owner = owners.setdefault(column.lower(), slot.path)
        if owner is not slot.path:
            first, second = quote(format_path(owner)), quote(format_path(slot.path))
            yield Diagnostic(
                code=Code.SCHEMA_COLUMN_CONFLICT,
                message=f"{first} and {second} would both be the column {quote(column)}",
                pointer=f"{slot.pointer}/name",
                expected="a column of its own, whatever the case of letters",
                found=f"the column of {first}",
            )
