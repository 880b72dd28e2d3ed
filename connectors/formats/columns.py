"""From columns of single values to a batch and the rejections of what does not fit."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import final

import msgspec
import pyarrow as pa

from connectors.files import ReadBatch
from mapping_lang.batch import Batch, Rejection, Step
from mapping_lang.types.arrow.layout import Array
from mapping_lang.types.arrow.write import to_array
from mapping_lang.types.conform.conform import conformer
from mapping_lang.types.errors import ValueRefusedError
from mapping_lang.types.kinds import Property, Schema


@final
@dataclass(frozen=True, slots=True)
class ReadColumn:
    """The values of a property as they are laid out; null, too, where a value was refused."""

    values: Array
    refused: dict[int, ValueRefusedError] = field(default_factory=dict)
    """Why, by position."""
    texts: dict[int, str] = field(default_factory=dict)
    """The JSON of what was refused, where it was text."""


def one_by_one(values: Iterable[object], item: Property) -> ReadColumn:
    """Conform each value by itself; a value that is an error already stays one."""
    conform = conformer(item.type, nullable=item.nullable)
    refused: dict[int, ValueRefusedError] = {}
    texts: dict[int, str] = {}
    conformed: list[object] = []
    for position, value in enumerate(values):
        try:
            if isinstance(value, ValueRefusedError):
                raise value
            conformed.append(conform(value))
        except ValueRefusedError as error:
            refused[position] = error
            if isinstance(value, str):
                texts[position] = msgspec.json.encode(value).decode()
            conformed.append(None)
    return ReadColumn(to_array(conformed, item.type), refused, texts)


def assemble(
    schema: Schema, columns: Sequence[ReadColumn], num_records: int, first: int
) -> ReadBatch:
    """Make a batch; a record is rejected for the first of its properties that is at fault."""
    rejections: dict[int, Rejection] = {}
    refused: dict[int, dict[str, str]] = {}
    arrays: list[Array] = []
    for item, column in zip(schema.properties, columns, strict=True):
        arrays.append(column.values)
        if item.nullable:
            arrays.append(_absent(column, num_records))
        for position, error in column.refused.items():
            placed = Rejection.refused(position, Step.VALIDATE_INPUT, error.inside(item.name))
            rejections.setdefault(position, placed)
        for position, text in column.texts.items():
            refused.setdefault(position, {})[item.name] = text
    return ReadBatch(
        first=first,
        batch=Batch.trusted(schema, arrays, num_records),
        rejections=tuple(rejections[position] for position in sorted(rejections)),
        refused=refused,
    )


def _absent(column: ReadColumn, num_records: int) -> Array:
    absent = [False] * num_records
    for position in column.refused:
        absent[position] = True
    return pa.array(absent, pa.bool_())
