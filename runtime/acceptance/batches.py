"""Accepted rows as the columns of a batch, without making their records first."""

from collections.abc import Sequence
from typing import Any, Final

import pyarrow as pa

from mapping_lang.batch import Batch
from mapping_lang.program import Purposes
from mapping_lang.types.arrow.layout import Array, arrow_fields
from mapping_lang.types.arrow.write import to_array, to_columns
from mapping_lang.types.kinds import ObjectType, Property, Schema
from mapping_lang.types.schema import Purpose
from mapping_lang.types.values import ABSENT
from runtime.acceptance.contract import Contract
from runtime.acceptance.layout import Branch
from runtime.acceptance.rows import Columns, row_acceptance_for
from runtime.sandbox.interface import Language

_FALSE: Final = pa.scalar(value=False)


def accept_batch(
    lines: bytes,
    count: int,
    purposes: Purposes,
    schema: Schema,
    language: Language,
    *,
    preserve_json: bool,
) -> Batch | None:
    """Give the records of rows; None if any is in doubt, or if they are for several purposes."""
    distinct = {purposes} if isinstance(purposes, Purpose) else set(purposes)
    if len(distinct) != 1 or not count:
        return None
    contract = Contract(schema, language, preserve_json, distinct.pop())
    acceptance = row_acceptance_for(contract)
    columns = acceptance.columns(lines, count)
    if columns is None:
        return None
    return Batch.trusted(schema, _arrays(acceptance.layout, columns, count), count)


def _arrays(branch: Branch, columns: Columns, count: int) -> list[Array]:
    """Lay out the properties of an object that is there in every record."""
    absent = {leaf.place: positions for leaf, positions in columns.absent}
    arrays: list[Array] = []
    for child in branch.children:
        if isinstance(child, Branch):
            inner = _arrays(child, columns, count)
            arrays += _present(child.item, _struct(child.item, inner), count)
        elif child.place in absent:
            arrays += to_columns(
                _gaps(columns.values[child.place], absent[child.place]), child.item
            )
        else:
            array = to_array(columns.values[child.place], child.item.type)
            arrays += _present(child.item, array, count)
    return arrays


def _struct(item: Property | None, columns: list[Array]) -> Array:
    if item is None or not isinstance(item.type, ObjectType):
        raise TypeError("only objects hold properties")
    return pa.StructArray.from_arrays(columns, fields=arrow_fields(item.type))


def _present(item: Property | None, array: Array, count: int) -> list[Array]:
    """Give a column, and its companion if it has one, which says that nothing is absent."""
    if item is None or not item.nullable:
        return [array]
    return [array, pa.repeat(_FALSE, count)]


def _gaps(values: Sequence[Any], positions: set[int]) -> list[Any]:
    return [ABSENT if place in positions else value for place, value in enumerate(values)]
