"""Records as columns, for a guest that builds them again: no name is written once per record.

A column of values is an array, one for each record. The column of an object is an array of the
columns of its properties. Where a value is absent, or an object null or absent, the column is
`Gaps` instead, which tells the positions: JSON has nothing that could stand there.
"""

from collections.abc import Callable, Mapping, Sequence
from operator import itemgetter
from typing import Any, Final, TypeAlias

import msgspec

from mapping_lang.types.codec.encode import Prepare, Scalars, prepare_of
from mapping_lang.types.kinds import ObjectType, Property, Schema, Type
from mapping_lang.types.values import ABSENT

Objects: TypeAlias = Sequence[Mapping[str, Any]]
Columns: TypeAlias = Callable[[Objects], list[Any]]
WriteColumn: TypeAlias = Callable[[list[Any], Sequence[int]], Any]
"""From the values of a property and the positions where it is absent, which hold None."""

_NO_MEMBERS: Final[Mapping[str, Any]] = {}


class Gaps(msgspec.Struct, frozen=True):
    """A column with gaps: what stands in `values` where it is absent or null means nothing."""

    values: Sequence[Any]
    absent: Sequence[int]
    null: list[int] = []
    """Of an object only: others have null among their values."""


def columns_of(schema: Schema, scalars: Scalars) -> Columns:
    """Give what turns records into the columns of their properties, in the order of the schema."""
    writers = [
        (item.name, itemgetter(item.name), _is_plain(item.type, scalars), _column(item, scalars))
        for item in schema.properties
    ]

    def columns(objects: Objects) -> list[Any]:
        found: list[Any] = []
        for name, get, is_plain, write in writers:
            try:
                values = list(map(get, objects))
            except KeyError:
                values = [each.get(name, ABSENT) for each in objects]
                absent = [place for place, value in enumerate(values) if value is ABSENT]
                for place in absent:
                    values[place] = None
                found.append(write(values, absent))
            else:
                found.append(values if is_plain else write(values, ()))
        return found

    return columns


def _is_plain(type_: Type, scalars: Scalars) -> bool:
    """Tell if values are written as they are, where none is absent."""
    return not isinstance(type_, ObjectType) and prepare_of(type_, scalars) is None


def _column(item: Property, scalars: Scalars) -> WriteColumn:
    if isinstance(item.type, ObjectType):
        return _object_column(item, item.type, scalars)
    return leaf_column(item, scalars)


def leaf_column(item: Property, scalars: Scalars) -> WriteColumn:
    """Give what writes the values of a property that is no object."""
    prepare = prepare_of(item.type, scalars)

    def write(values: list[Any], absent: Sequence[int]) -> object:
        prepared: Sequence[Any] = values
        if prepare is not None:
            gaps = item.nullable or bool(absent)
            prepared = _prepare_present(prepare, values) if gaps else prepare(values)
        return Gaps(prepared, absent) if absent else prepared

    return write


def _object_column(item: Property, type_: ObjectType, scalars: Scalars) -> WriteColumn:
    columns = columns_of(type_, scalars)

    def write(values: list[Any], absent: Sequence[int]) -> object:
        if not absent and not (item.nullable and None in values):
            return columns(values)
        gone = set(absent)
        null = [place for place, value in enumerate(values) if value is None and place not in gone]
        present = [_NO_MEMBERS if value is None else value for value in values]
        return Gaps(columns(present), absent, null)

    return write


def _prepare_present(prepare: Prepare, values: list[Any]) -> Sequence[Any]:
    present = [value for value in values if value is not None]
    if len(present) == len(values):
        return prepare(values)
    rest = iter(prepare(present))
    return [None if value is None else next(rest) for value in values]
