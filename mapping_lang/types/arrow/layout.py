"""Which Arrow type each kind has, and which columns each property has."""

import functools
from collections.abc import Sequence
from typing import Final, TypeAlias, assert_never

import pyarrow as pa

from mapping_lang.diagnostics import Code, quote
from mapping_lang.types.errors import LayoutError
from mapping_lang.types.kinds import (
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

# Arrow has no types of its own (see ARCHITECTURE.md); these names say what is meant.
Array: TypeAlias = pa.Array
StructArray: TypeAlias = pa.StructArray
RecordBatch: TypeAlias = pa.RecordBatch

TIMESTAMP: Final = pa.timestamp("us", tz="UTC")
TIME: Final = pa.time64("us")

MAX_DECIMAL128_PRECISION: Final = 38

_INTS: Final = {
    (8, False): pa.int8(),
    (16, False): pa.int16(),
    (24, False): pa.int32(),
    (32, False): pa.int32(),
    (64, False): pa.int64(),
    (8, True): pa.uint8(),
    (16, True): pa.uint16(),
    (24, True): pa.uint32(),
    (32, True): pa.uint32(),
    (64, True): pa.uint64(),
}
_FLOATS: Final = {32: pa.float32(), 64: pa.float64()}


def companion(name: str) -> str:
    """Name the column that says where a nullable property is absent."""
    return f"{name}?"


@functools.lru_cache(maxsize=4096)
def arrow_type(type_: Type) -> pa.DataType:
    """Give the physical type of a kind."""
    match type_:
        case StringType() | UuidType() | IpType() | JsonType():
            return pa.string()
        case BooleanType():
            return pa.bool_()
        case IntType():
            return _INTS[type_.bit_size, type_.unsigned]
        case FloatType():
            return _FLOATS[type_.bit_size]
        case DecimalType():
            small = type_.precision <= MAX_DECIMAL128_PRECISION
            return (pa.decimal128 if small else pa.decimal256)(type_.precision, type_.scale)
        case DatetimeType():
            return TIMESTAMP
        case DateType():
            return pa.date32()
        case TimeType():
            return TIME
        case YearType():
            return pa.int16()
        case ArrayType():
            return pa.list_(arrow_type(type_.element))
        case ObjectType():
            return pa.struct(arrow_fields(type_))
        case MapType():
            return pa.map_(pa.string(), arrow_type(type_.element))
        case _:
            assert_never(type_)


@functools.lru_cache(maxsize=1024)
def arrow_schema(schema: Schema) -> pa.Schema:
    """Give the columns of a batch."""
    return pa.schema(arrow_fields(schema))


def arrow_fields(schema: Schema) -> list[pa.Field]:
    """Give the columns of a batch, or the children of a struct, in their order."""
    return [field for item in schema.properties for field in property_fields(item)]


def property_fields(item: Property) -> list[pa.Field]:
    """Give the one or two columns of a property."""
    field = pa.field(item.name, arrow_type(item.type))
    return [field, pa.field(companion(item.name), pa.bool_())] if item.nullable else [field]


def check_columns(found: pa.Schema, schema: Schema) -> None:
    """Refuse columns that are not exactly those of a schema; their metadata is not looked at."""
    expected = arrow_schema(schema)
    if found.equals(expected):
        return
    for position, field in enumerate(expected):
        if position >= len(found) or not found.field(position).equals(field):
            other = _shown(found.field(position)) if position < len(found) else "missing"
            raise LayoutError(
                Code.VALUE_TYPE,
                f"column {position} is {other}, expected {_shown(field)}",
                (field.name,),
            )
    if len(found) > len(expected):
        other = _shown(found.field(len(expected)))
        raise LayoutError(
            Code.VALUE_TYPE, f"column {len(expected)} is {other}, expected no more columns"
        )
    raise LayoutError(Code.VALUE_TYPE, "the columns have their bytes in another order")


def _shown(field: pa.Field) -> str:
    try:
        return quote(f"{field.name}: {field.type}{'' if field.nullable else ' not null'}")
    except UnicodeDecodeError:
        # Arrow does not look at the names that it is given.
        return "one with a name that is not UTF-8"


def empty_batch(num_records: int) -> RecordBatch:
    """Give the batch of a number of records that have no properties."""
    # `from_arrays` takes the length from the first column, and there is none.
    rows = pa.Array.from_buffers(pa.struct([]), num_records, [None])
    return pa.RecordBatch.from_struct_array(rows)


def project(data: RecordBatch, schema: Schema, target: Schema) -> RecordBatch:
    """Keep the columns of a pruned schema, which may be in another order; no value is copied."""
    if not target.properties:
        return empty_batch(data.num_rows)
    return pa.RecordBatch.from_arrays(
        _projected(data.columns, schema, target), schema=arrow_schema(target)
    )


def _projected(columns: Sequence[Array], schema: Schema, target: Schema) -> list[Array]:
    remaining = iter(columns)
    by_name = {
        item.name: [next(remaining) for _ in property_fields(item)] for item in schema.properties
    }
    kept: list[Array] = []
    for item in target.properties:
        found = schema.by_name.get(item.name)
        if found is None or found.nullable != item.nullable:
            raise _not_pruned(item)
        values, *absent = by_name[item.name]
        if isinstance(item.type, ObjectType) and isinstance(found.type, ObjectType):
            if item.type != found.type:
                children = [values.field(i) for i in range(values.type.num_fields)]
                values = pa.StructArray.from_arrays(
                    _projected(children, found.type, item.type),
                    fields=arrow_fields(item.type),
                    mask=values.is_null() if values.null_count else None,
                )
        elif item.type != found.type:
            raise _not_pruned(item)
        kept += [values, *absent]
    return kept


def _not_pruned(item: Property) -> LayoutError:
    return LayoutError(
        Code.VALUE_TYPE, "the property is not as in the schema of the batch", (item.name,)
    )
