"""Batches as the columns that `columns` makes of their records, which are never made."""

from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

import pyarrow.compute as pc

from mapping_lang.types.arrow.layout import Array
from mapping_lang.types.arrow.read import to_values
from mapping_lang.types.codec.encode import Scalars
from mapping_lang.types.kinds import ObjectType, Property, Schema
from runtime.presentation.columns import Gaps, leaf_column

Columns: TypeAlias = Callable[[Sequence[Array]], list[Any]]


def batch_columns_of(schema: Schema, scalars: Scalars) -> Columns:
    """Give what turns the columns of a batch, or the children of its objects, into a guest's."""
    writers = [(item, _column(item, scalars)) for item in schema.properties]

    def columns(arrays: Sequence[Array]) -> list[Any]:
        remaining = iter(arrays)
        found: list[Any] = []
        for item, write in writers:
            array = next(remaining)
            absent = _where(next(remaining)) if item.nullable else _nulls(array)
            found.append(write(array, absent))
        return found

    return columns


def _column(item: Property, scalars: Scalars) -> Callable[[Array, list[int]], Any]:
    if isinstance(item.type, ObjectType):
        return _object_column(item.type, scalars)
    type_, write = item.type, leaf_column(item, scalars)
    return lambda array, absent: write(to_values(array, type_), absent)


def _object_column(type_: ObjectType, scalars: Scalars) -> Callable[[Array, list[int]], Any]:
    columns = batch_columns_of(type_, scalars)

    def write(array: Array, absent: list[int]) -> object:
        # Flattened, what is inside of a null is null too, and so absent.
        inner = columns(array.flatten())
        gone = set(absent)
        null = [place for place in _nulls(array) if place not in gone]
        return Gaps(inner, absent, null) if absent or null else inner

    return write


def _nulls(array: Array) -> list[int]:
    return _where(array.is_null()) if array.null_count else []


def _where(flags: Array) -> list[int]:
    """List where a column is true, or says nothing because what it belongs to is null."""
    if flags.null_count:
        flags = pc.fill_null(flags, fill_value=True)
    elif not flags.true_count:
        return []
    positions: list[int] = pc.indices_nonzero(flags).to_pylist()
    return positions
