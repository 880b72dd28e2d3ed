"""What tests of mappings share: schemas in short, records as JSON, and both paths at once."""

from collections.abc import Mapping

from mapping_lang.batch import Batch, Rejection
from mapping_lang.compiler import compile_mapping
from mapping_lang.diagnostics import Diagnostic
from mapping_lang.program import Program
from mapping_lang.types.codec.encode import encoder_for
from mapping_lang.types.codec.exact import decode_value
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
    StringType,
    TimeType,
    Type,
    UuidType,
    YearType,
)
from mapping_lang.types.schema import Purpose

SIMPLE: dict[str, Type] = {
    "string": StringType(),
    "boolean": BooleanType(),
    "int": IntType(32),
    "int8": IntType(8),
    "uint8": IntType(8, unsigned=True),
    "int64": IntType(64),
    "float": FloatType(64),
    "decimal": DecimalType(10, 2),
    "datetime": DatetimeType(),
    "date": DateType(),
    "time": TimeType(),
    "year": YearType(),
    "uuid": UuidType(),
    "json": JsonType(),
    "ip": IpType(),
}


def type_of(name: str) -> Type:
    """Read a type in short: `array(int)`, `map(json)`, `{a string, b int}`, `int64`."""
    if name.startswith("{"):
        return schema_of(name[1:-1])
    if name.startswith("array("):
        return ArrayType(type_of(name[6:-1]))
    if name.startswith("map("):
        return MapType(type_of(name[4:-1]))
    return SIMPLE[name]


def schema_of(text: str) -> ObjectType:
    """Read properties in short: `a string, o {b int}`; all may be null and absent."""
    properties: list[Property] = []
    depth, start = 0, 0
    for position, char in enumerate(f"{text},"):
        depth += (char in "{(") - (char in "})")
        if char == "," and not depth:
            name, _, kind = text[start:position].strip().partition(" ")
            properties.append(Property(name, type_of(kind), nullable=True, read_optional=True))
            start = position + 1
    return ObjectType(tuple(properties))


def one_output(wanted: Type, *, nullable: bool = True) -> ObjectType:
    """Give an output schema of one property, `out`."""
    return ObjectType((Property("out", wanted, nullable=nullable),))


def compiled(mapping: Mapping[str, str], in_schema: ObjectType, out_schema: ObjectType) -> Program:
    """Compile a mapping that has no mistakes."""
    program, mistakes = compile_mapping(mapping, in_schema, out_schema)
    assert mistakes == ()
    assert program is not None
    return program


def mistakes_of(
    mapping: Mapping[str, str], in_schema: ObjectType, out_schema: ObjectType
) -> tuple[Diagnostic, ...]:
    """Compile a mapping that has mistakes."""
    program, mistakes = compile_mapping(mapping, in_schema, out_schema)
    assert program is None
    return mistakes


def applied(program: Program, schema: ObjectType, record: str, purpose: Purpose) -> str | Rejection:
    """Apply a program to one record by both paths, which agree; give JSON or the rejection."""
    value = decode_value(schema, record.encode())
    assert isinstance(value, dict)
    by_record = program.apply_records([value], purpose)
    by_column = program.apply(Batch.from_records(schema, [value]), purpose)
    assert by_column.rejections == by_record.rejections
    encoder = encoder_for(program.out_schema)
    lines = [encoder.encode(item).decode() for item in by_record.records]
    assert [encoder.encode(item).decode() for item in by_column.batch.to_records()] == lines
    return by_record.rejections[0] if by_record.rejections else lines[0]
