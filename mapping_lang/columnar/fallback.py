"""Scalar functions over columns: for nodes without a kernel, and for what a kernel doubts."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice, repeat
from typing import Any, Final, TypeAlias

import pyarrow as pa

from mapping_lang.builtins.signature import ApplyError
from mapping_lang.columnar.column import Column
from mapping_lang.types.arrow.layout import Array
from mapping_lang.types.errors import ValueRefusedError
from mapping_lang.types.kinds import Type

Function: TypeAlias = Callable[..., Any]

_MIN_RECORDS_FOR_DISTINCT: Final = 200
_SAMPLE: Final = 100
"""Records looked at before the distinct values of a column are collected."""
_MAX_DISTINCT_SHARE: Final = 4
"""Of so many records at least, one more may be distinct."""


@dataclass(frozen=True, slots=True)
class Applied:
    """What a function gives, null where it refuses its arguments, and the positions of these."""

    column: Column
    refused: list[int]


def apply_function(
    function: Function, columns: Sequence[Column], type_: Type, length: int, *, strict: bool
) -> Applied:
    """Run a function of several columns; `strict` gives null where any of them is null."""
    if strict and len(columns) == 1:
        return _apply_to_one(function, columns[0], type_)
    # A column of one value has no end of its own.
    rows: Iterator[Sequence[Any]] = islice(
        zip(*(_items(column) for column in columns), strict=False) if columns else repeat(()),
        length,
    )
    results: list[Any] = []
    refused: list[int] = []
    add = results.append
    while len(results) < length:
        try:
            # After a refusal it goes on with the next row.
            for row in rows:
                add(None if strict and None in row else function(*row))
        except (ValueRefusedError, ApplyError):
            refused.append(len(results))
            add(None)
    return Applied(Column(type_, length, listed=results), refused)


def _items(column: Column) -> Iterable[Any]:
    return column.listed if column.one is None else repeat(column.one.value)


def _apply_to_one(function: Function, column: Column, type_: Type) -> Applied:
    encoded = None if column.is_listed else _distinct(column.array)
    if encoded is None:
        results, refused = _apply_to_values(function, column.listed)
        return Applied(Column(type_, len(results), listed=results), refused)
    distinct = Column(column.type, len(encoded.dictionary), array=encoded.dictionary)
    results, refused = _apply_to_values(function, distinct.listed)
    done = Column(type_, len(results), listed=results).array.take(encoded.indices)
    bad = set(refused)
    again = [n for n, key in enumerate(encoded.indices.to_pylist()) if key in bad] if bad else []
    return Applied(Column(type_, len(done), array=done), again)


def _apply_to_values(function: Function, values: list[Any]) -> tuple[list[Any], list[int]]:
    results: list[Any] = []
    refused: list[int] = []
    add = results.append
    remaining = iter(values)
    while len(results) < len(values):
        try:
            for value in remaining:
                add(None if value is None else function(value))
        except (ValueRefusedError, ApplyError):
            refused.append(len(results))
            add(None)
    return results, refused


def _distinct(array: Array) -> pa.DictionaryArray | None:
    """Encode a column by its distinct values if they are few."""
    if not is_repetitive(array):
        return None
    encoded = array.dictionary_encode()
    few = len(encoded.dictionary) * _MAX_DISTINCT_SHARE <= len(array)
    return encoded if few else None


def is_repetitive(array: Array) -> bool:
    """Tell if a column of text seems to have few distinct values."""
    if len(array) < _MIN_RECORDS_FOR_DISTINCT or not pa.types.is_string(array.type):
        return False
    return len(array[:_SAMPLE].unique()) * _MAX_DISTINCT_SHARE <= _SAMPLE
