"""From Arrow columns to values; the columns must be laid out as their schema says."""

import functools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from itertools import islice
from typing import Any, Final, assert_never

import pyarrow as pa
import pyarrow.compute as pc

from mapping_lang.types.arrow.layout import Array, RecordBatch, StructArray, companion
from mapping_lang.types.kinds import (
    EXACT,
    ArrayType,
    BooleanType,
    DatetimeType,
    DateType,
    DecimalType,
    FloatType,
    IntType,
    IpType,
    JsonType,
    MapType,
    ObjectType,
    Property,
    Schema,
    StringType,
    TimeType,
    Type,
    UuidType,
    YearType,
)
from mapping_lang.types.schema import Path, get
from mapping_lang.types.values import ABSENT, Absent, Json, Record, Value

MAX_INT64_PRECISION: Final = 18
"""A decimal of so many digits is an integer of 64 bits and a scale."""

_EPOCH_ORDINAL: Final = date(1970, 1, 1).toordinal()


@dataclass(frozen=True, slots=True)
class Column:
    """The values of a property over a batch: null where it is null or absent, which `absent` says.

    Neither has values below a null of an object on the way: there the property is absent.
    """

    values: Array
    absent: Array


def property_column(parent: RecordBatch | StructArray, item: Property) -> Column:
    """Find the column of a property among those of a batch or the children of a struct."""
    values = _child(parent, item.name)
    if item.nullable:
        return Column(values, pc.fill_null(_child(parent, companion(item.name)), fill_value=True))
    return Column(values, values.is_null())


def column_and_absent(
    parent: RecordBatch | StructArray, item: Property
) -> tuple[Array, Array | None]:
    """Find the same, with None if the property is absent nowhere."""
    values = _child(parent, item.name)
    if not values.null_count:
        return values, None
    absent = property_column(parent, item).absent
    return values, absent if absent.true_count else None


def column_at(data: RecordBatch, schema: Schema, path: Path) -> Column:
    """Find the column at a path, through objects only; it must exist."""
    parent, inner = data, schema
    for name in path[:-1]:
        item = inner.by_name[name]
        parent = _child(parent, name)
        if isinstance(item.type, ObjectType):
            inner = item.type
    return property_column(parent, get(schema, path))


def to_property_values(column: Column, item: Property) -> list[Value | Absent | None]:
    """Give the values of one property, absent ones included."""
    values: list[Value | Absent | None] = [*to_values(column.values, item.type)]
    for position in _positions(column.absent):
        values[position] = ABSENT
    return values


def to_records(data: RecordBatch, schema: Schema) -> list[Record]:
    """Give the records of a batch, their members in the order of the schema."""
    if not schema.properties:
        return [{} for _ in range(data.num_rows)]
    return _rows(data.columns, schema)


def to_values(array: Array, type_: Type) -> list[Value | None]:
    """Give the values of one type, None for an Arrow null."""
    match type_:
        case (
            StringType()
            | UuidType()
            | IpType()
            | BooleanType()
            | IntType()
            | FloatType()
            | YearType()
        ):
            return _listed(array)
        case JsonType():
            return _each(Json, array)
        case DecimalType():
            return _decimals(array, type_)
        # Text and back is twice as fast as adding to an epoch, and five to ten times as fast as
        # `to_pylist`, which for instants also needs a database of time zones.
        case DatetimeType():
            naive = array.view(pa.timestamp("us")).cast(pa.string())
            return _each(datetime.fromisoformat, pc.binary_join_element_wise(naive, "+00:00", ""))
        case TimeType():
            return _each(time.fromisoformat, array.cast(pa.string()))
        case DateType():
            return _each(date.fromordinal, pc.add(array.view(pa.int32()), _EPOCH_ORDINAL))
        case ArrayType():
            elements = iter(to_values(array.flatten(), type_.element))
            return [
                None if length is None else list(islice(elements, length))
                for length in pc.list_value_length(array).to_pylist()
            ]
        case ObjectType():
            rows = _rows(array.flatten(), type_)
            return _without(rows, array)
        case MapType():
            return _maps(array, type_)
        case _:
            assert_never(type_)


def map_entries(array: Array) -> Array:
    """Give maps as lists of pairs: hardly a kernel takes maps, and some end the process on one."""
    return array.cast(pa.list_(pa.struct([array.type.key_field, array.type.item_field])))


def _rows(columns: Sequence[Array], schema: Schema) -> list[Record]:
    names = [item.name for item in schema.properties]
    values: list[list[Value | None]] = []
    absent: list[tuple[str, Iterator[int]]] = []
    remaining = iter(columns)
    for item in schema.properties:
        column = next(remaining)
        values.append(to_values(column, item.type))
        if item.nullable:
            absent.append((item.name, _positions(next(remaining))))
        elif column.null_count:
            absent.append((item.name, _positions(column.is_null())))
    rows = _builder(tuple(names))(values)
    for name, positions in absent:
        for position in positions:
            del rows[position][name]
    return rows


@functools.lru_cache(maxsize=1024)
def _builder(names: tuple[str, ...]) -> Callable[[list[list[Any]]], list[Record]]:
    """Make what builds records of columns; a dict of known names takes half the time of any other.

    The names of properties are quoted, and nothing else comes from outside.
    """
    places = [f"v{place}" for place in range(len(names))]
    members = ", ".join(f"{name!r}: {place}" for name, place in zip(names, places, strict=True))
    source = (
        f"lambda columns: [{{{members}}} for {', '.join(places)}, in zip(*columns, strict=True)]"
    )
    build: Callable[[list[list[Any]]], list[Record]] = eval(source)  # noqa: S307 - see above
    return build


def _maps(array: Array, type_: MapType) -> list[Value | None]:
    entries = map_entries(array)
    keys, items = entries.flatten().flatten()
    pairs = zip(keys.to_pylist(), to_values(items, type_.element), strict=True)
    return [
        None if length is None else dict(islice(pairs, length))
        for length in pc.list_value_length(entries).to_pylist()
    ]


def _decimals(array: Array, type_: DecimalType) -> list[Value | None]:
    if type_.precision > MAX_INT64_PRECISION:
        return _each(Decimal, array.cast(pa.string()))
    unit = Decimal((0, (1,), -type_.scale))
    whole = array.view(pa.decimal128(type_.precision, 0)).cast(pa.int64())
    return _each(lambda number: EXACT.multiply(number, unit), whole)


def _listed(array: Array) -> list[Value | None]:
    values: list[Value | None] = array.to_pylist()
    return values


def _each(make: Callable[[Any], Value], array: Array) -> list[Value | None]:
    if array.null_count:
        return [None if value is None else make(value) for value in array.to_pylist()]
    return list(map(make, array.to_pylist()))


def _without(rows: list[Record], parent: Array) -> list[Value | None]:
    values: list[Value | None] = [*rows]
    if parent.null_count:
        for position in _positions(parent.is_null()):
            values[position] = None
    return values


def _positions(flags: Array) -> Iterator[int]:
    """List where a column is true."""
    return iter(pc.indices_nonzero(flags).to_pylist())


def _child(parent: RecordBatch | StructArray, name: str) -> Array:
    if isinstance(parent, pa.RecordBatch):
        return parent.column(name)
    return pc.struct_field(parent, [parent.type.get_field_index(name)])
