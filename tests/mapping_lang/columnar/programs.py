"""Random schemas and mappings that compile, for the comparison of both paths."""

from collections.abc import Iterator
from dataclasses import dataclass
from random import Random
from typing import Final

from mapping_lang.compiler import compile_expression, compile_mapping
from mapping_lang.program import Program
from mapping_lang.types.convert.table import can_convert
from mapping_lang.types.kinds import (
    INT_BIT_SIZES,
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
    allows_unique,
)
from mapping_lang.types.text.layouts import Layouts

_STRING: Final = StringType()
_BOOLEAN: Final = BooleanType()
_INT32: Final = IntType(32)
_JSON: Final = JsonType()

_PLAIN: Final[tuple[Type, ...]] = (
    _BOOLEAN, _BOOLEAN, DatetimeType(), DateType(), TimeType(), YearType(), UuidType(), _JSON, _JSON,
    IpType(),
)  # fmt: skip
_STRINGS: Final[tuple[Type, ...]] = (
    *(_STRING,) * 16, StringType(max_length=4), StringType(max_bytes=9),
    StringType(max_length=254, max_bytes=300), StringType(pattern="^[a-z]*$"),
    StringType(pattern="(?i)K|é"), StringType(values=("US", "IT", "a", "true", "5")),
    StringType(values=("", "a")),
)  # fmt: skip
_CONSTANTS: Final = (
    "null", "true", "false", "0", "1", "5", "-3", "300", "2.5", "1e3", "''", "' '", "'a'", "'é'",
    "'US'", "'5'", "'2024-02-29'", "'2024-02-29T10:00:00Z'", "'10:00:00'", "'true'", "'{}'",
    "'550e8400-e29b-41d4-a716-446655440000'", "'1.2.3.4'", "'-'", "2024",
)  # fmt: skip
_LAYOUTS: Final = (
    None, None, None, None, Layouts(), Layouts(), Layouts(datetime="unix", date="02/01/2006", time="15:04"),
    Layouts(datetime="unixmilli"), Layouts(datetime="unixmicro"), Layouts(datetime="unixnano"),
    Layouts(datetime="Jan _2 2006 15:04:05.000 MST"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Made:
    """A random program and what it was made from."""

    program: Program
    mapping: dict[str, str]
    in_schema: Schema
    layouts: Layouts | None
    meant: dict[str, Type]
    """What properties of the record are mostly converted to."""


def random_type(chance: Random, depth: int) -> Type:
    """Make a type, nested up to a depth."""
    toss = chance.random()
    if depth and toss < 0.2:
        inner = random_type(chance, depth - 1)
        kind = chance.randrange(3)
        if kind == 0:
            unique = allows_unique(inner) and chance.random() < 0.2
            return ArrayType(inner, 0, chance.choice((2, 2**31 - 1)), unique)
        return MapType(inner) if kind == 1 else random_schema(chance, depth - 1, "xyz")
    if toss < 0.55:
        return chance.choice(_STRINGS)
    if toss < 0.68:
        unsigned = chance.random() < 0.3
        bounds = chance.choice(((None, None), (None, None), (0, 100), (3, 90)))
        return IntType(chance.choice(INT_BIT_SIZES), unsigned, *bounds)
    if toss < 0.76:
        low, high = chance.choice(((None, None), (None, None), (-1.5, 100.25)))
        return FloatType(chance.choice((32, 64)), chance.random() < 0.3, low, high)
    if toss < 0.85:
        precision = chance.choice((1, 5, 12, 12, 18, 19, 38, 39, 76))
        return DecimalType(precision, chance.choice((0, 0, 2, 7, 37)) % (precision + 1))
    return chance.choice(_PLAIN)


def random_schema(chance: Random, depth: int, names: str) -> ObjectType:
    """Make an object type."""
    return ObjectType(
        tuple(
            Property(
                name,
                random_type(chance, depth),
                create_required=chance.random() < 0.15,
                update_required=chance.random() < 0.15,
                read_optional=chance.random() < 0.4,
                nullable=chance.random() < 0.4,
            )
            for name in names[: chance.randint(1, len(names))]
        )
    )


def random_program(chance: Random) -> Made:
    """Make a program of a few expressions."""
    in_schema = random_schema(chance, 2, "pqrstu")
    out_schema = random_schema(chance, 2, "abc")
    writer = _Writer(chance, in_schema)
    layouts = chance.choice(_LAYOUTS)
    while True:
        mapping = {
            path: source
            for path, type_ in _targets(chance, out_schema, "")
            if (source := writer.compiling(type_)) is not None
        }
        program, _ = compile_mapping(mapping, in_schema, out_schema, layouts=layouts)
        if program is not None:
            return Made(program, mapping, in_schema, layouts, writer.meant)


def _targets(chance: Random, schema: Schema, prefix: str) -> Iterator[tuple[str, Type]]:
    """Pick output paths: leaves, and whole objects."""
    for item in schema.properties:
        path = f"{prefix}{item.name}"
        if isinstance(item.type, ObjectType) and chance.random() < 0.7:
            yield from _targets(chance, item.type, f"{path}.")
        elif chance.random() < 0.9:
            yield path, item.type


class _Writer:
    """Writes expressions over a schema."""

    def __init__(self, chance: Random, schema: Schema) -> None:
        self._chance = chance
        self._schema = schema
        self._paths = list(_paths(schema, ""))
        self.meant: dict[str, Type] = {}

    def compiling(self, wanted: Type) -> str | None:
        """Write an expression that compiles; None if that does not succeed soon."""
        for _ in range(6):
            source = self._expression(wanted, self._chance.randint(0, 3))
            _, mistakes = compile_expression(source, self._schema, wanted)
            if not mistakes:
                return source
        return None

    def _expression(self, wanted: Type | None, depth: int) -> str:
        toss = self._chance.random()
        if not depth or toss < 0.25:
            return self._path(wanted) if toss < 0.85 else self._chance.choice(_CONSTANTS)
        if toss < 0.35 and (wanted is None or can_convert(_STRING, wanted)):
            parts = [self._part(depth - 1) for _ in range(self._chance.randint(2, 4))]
            return " ".join(parts)
        return self._call(wanted, depth - 1)

    def _part(self, depth: int) -> str:
        toss = self._chance.random()
        if toss < 0.3:
            return self._chance.choice(("' '", "'-'", "', '", "5", "true", "''", "null"))
        return self._path(_STRING) if toss < 0.7 else self._call(_STRING, depth)

    def _path(self, wanted: Type | None) -> str:
        fitting = [
            path for path, type_ in self._paths if wanted is None or can_convert(type_, wanted)
        ]
        if not fitting:
            return self._chance.choice(_CONSTANTS)
        path = self._chance.choice(fitting)
        if wanted is not None and wanted != _STRING and "." not in path:
            self.meant.setdefault(path, wanted)
        return path

    def _call(self, wanted: Type | None, depth: int) -> str:
        names = ["if", "if", "coalesce", "coalesce"]
        if wanted is None or isinstance(wanted, StringType) or self._chance.random() < 0.1:
            names += _TEXT_FUNCTIONS
        for static, fixed in _FIXED_RESULT:
            if wanted is None or can_convert(static, wanted):
                likely = not isinstance(static, JsonType) or self._chance.random() < 0.2
                names += fixed if likely else ()
        name = self._chance.choice(names)
        return f"{name}({', '.join(self._arguments(name, wanted, depth))})"

    def _arguments(self, name: str, wanted: Type | None, depth: int) -> list[str]:
        chance, write = self._chance, self._expression
        match name:
            case "and" | "or":
                return [write(_BOOLEAN, depth) for _ in range(chance.randint(2, 3))]
            case "not":
                return [write(_BOOLEAN, depth)]
            case "if":
                branches = [write(wanted, depth) for _ in range(chance.randint(1, 2))]
                return [write(_BOOLEAN, depth), *branches]
            case "coalesce":
                return [write(wanted, depth) for _ in range(chance.randint(1, 3))]
            case "eq" | "ne":
                path, type_ = chance.choice(self._paths)
                other = write(type_ if chance.random() < 0.6 else None, depth)
                return chance.sample((path, other), k=2)
            case "len":
                return [write(None, depth)]
            case "array":
                element = wanted.element if isinstance(wanted, ArrayType) else _JSON
                return [write(element, depth) for _ in range(chance.randint(0, 3))]
            case "map":
                keys = chance.sample(("'a'", "'b'", "'x y'"), k=chance.randint(0, 3))
                return [item for key in keys for item in (key, write(_JSON, depth))]
            case "substring":
                start = chance.choice(("1", "0", "-2", "3", "300", write(_INT32, depth)))
                length = chance.choice(("", "0", "2", "10", "400", "-1", write(_INT32, depth)))
                return [write(_STRING, depth), start, *([length] if length else [])]
            case "json_parse":
                return [self._path(_JSON) if chance.random() < 0.5 else write(_STRING, depth)]
            case _:
                return [write(_STRING, depth)]


_TEXT_FUNCTIONS: Final = ("lower", "upper", "initcap", "substring", "trim", "ltrim", "rtrim")
_FIXED_RESULT: Final[tuple[tuple[Type, tuple[str, ...]], ...]] = (
    (_BOOLEAN, ("and", "or", "eq", "eq", "ne", "not")),
    (_INT32, ("len",)),
    (_JSON, ("json_parse",)),
    (ArrayType(_JSON), ("array", "array")),
    (MapType(_JSON), ("map", "map")),
)


def _paths(type_: Type, prefix: str) -> Iterator[tuple[str, Type]]:
    """List paths into a type, through objects, maps and JSON."""
    match type_:
        case ObjectType():
            for item in type_.properties:
                path = f"{prefix}.{item.name}" if prefix else item.name
                yield path, item.type
                yield from _paths(item.type, path)
        case MapType():
            yield f"{prefix}.a", type_.element
            yield from _paths(type_.element, f"{prefix}.k")
        case JsonType():
            yield f"{prefix}.a", _JSON
            yield f"{prefix}.b?", _JSON
            yield f'{prefix}["k"].a?', _JSON
        case _:
            return
