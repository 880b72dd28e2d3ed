"""What the tests of the standalone runtime share: schemas, and sources of some bytes."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager

from mapping_lang.types.kinds import (
    ArrayType,
    DateType,
    DecimalType,
    IntType,
    JsonType,
    MapType,
    ObjectType,
    Property,
    Schema,
    StringType,
    Type,
)
from runtime.standalone.records.interface import (
    Format,
    Item,
    Pause,
    ReadOptions,
    ReadRecord,
    RefusedRecord,
)
from runtime.standalone.records.source import Source

INT = IntType(32)
TEXT = StringType()

SCHEMA: Schema = ObjectType(
    (
        Property("id", IntType(64)),
        Property("name", TEXT, nullable=True, read_optional=True),
        Property("spent", DecimalType(10, 2), nullable=True, read_optional=True),
        Property("tags", ArrayType(TEXT), read_optional=True),
        Property(
            "address",
            ObjectType((Property("city", TEXT), Property("zip", TEXT, read_optional=True))),
            read_optional=True,
        ),
        Property("extra", JsonType(), read_optional=True),
        Property("since", DateType(), nullable=True, read_optional=True),
        Property("scores", MapType(IntType(64)), read_optional=True),
    )
)


def object_of(**types: Type) -> Schema:
    return ObjectType(tuple(Property(name, type_) for name, type_ in types.items()))


@contextmanager
def source_of(content: bytes) -> Iterator[Source]:
    """A source that is a file."""
    with tempfile.TemporaryFile() as stream:
        stream.write(content)
        stream.seek(0)
        yield Source("records", stream)


def read_all(
    format_: Format, content: bytes, schema: Schema = SCHEMA, options: ReadOptions | None = None
) -> list[Item | Pause]:
    with source_of(content) as source:
        return list(format_.open(source, schema, options or ReadOptions()))


def outcomes(items: list[Item | Pause]) -> list[object]:
    """Number, line, and either the record or step, code, path and message of its rejection."""
    found: list[object] = []
    for item in items:
        match item:
            case ReadRecord(number, line, record):
                found.append((number, line, record))
            case RefusedRecord(number, line, rejection):
                assert rejection.position == number - 1
                reason = (rejection.step.value, rejection.code.value, rejection.path)
                found.append((number, line, *reason, rejection.message))
            case Pause():
                found.append("pause")
    return found
