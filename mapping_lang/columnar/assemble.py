"""Puts the columns of output properties together to the columns of a batch (MAP-64, MAP-112)."""

from collections.abc import Mapping

import pyarrow as pa
import pyarrow.compute as pc

from mapping_lang.columnar.column import Mask, nowhere, some
from mapping_lang.plan import Output
from mapping_lang.types.arrow.layout import Array, arrow_fields
from mapping_lang.types.kinds import ObjectType, Property, Schema
from mapping_lang.types.schema import Path, Purpose, required


def missing(output: Output, values: Array, purpose: Purpose) -> Mask | None:
    """Find the records that have no value for a property that needs one (MAP-64)."""
    item = output.property
    if item.nullable or not required(item, purpose) or not values.null_count:
        return None
    return some(values.is_null())


def assemble(schema: Schema, values: Mapping[Path, Array], length: int) -> list[Array]:
    """Lay out a schema whose leaves, or whole objects, have been computed."""
    return _columns(schema, (), values, length)[0]


def _columns(
    schema: Schema, prefix: Path, values: Mapping[Path, Array], length: int
) -> tuple[list[Array], Mask | None]:
    """Give the columns, and where any of them has something; None if that is everywhere."""
    columns: list[Array] = []
    present: Mask | None = nowhere(length)
    for item in schema.properties:
        path = (*prefix, item.name)
        computed = values.get(path)
        if computed is not None:
            columns.append(computed)
            if item.nullable:
                # Null is something: a nullable property is never absent once it is mapped.
                columns.append(nowhere(length))
            stored = None if item.nullable or not computed.null_count else computed.is_valid()
        else:
            struct, stored = _struct(item, path, values, length)
            columns.append(struct)
            if item.nullable:
                columns.append(_absent(stored, length))
        present = None if present is None or stored is None else pc.or_(present, stored)
    return columns, present


def _struct(
    item: Property, path: Path, values: Mapping[Path, Array], length: int
) -> tuple[Array, Mask | None]:
    """Make an object of computed properties; it is there where any of them is."""
    if not isinstance(item.type, ObjectType):
        raise TypeError(f"{path} is neither mapped nor an object")
    columns, present = _columns(item.type, path, values, length)
    mask = None if present is None else pc.invert(present)
    struct = pa.StructArray.from_arrays(columns, fields=arrow_fields(item.type), mask=mask)
    return struct, present


def _absent(present: Mask | None, length: int) -> Array:
    return nowhere(length) if present is None else pc.invert(present)
