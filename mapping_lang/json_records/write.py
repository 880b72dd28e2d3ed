"""A batch to a JSON array of its records: what the codec writes of them, without making them."""

import functools
from collections.abc import Iterator, Sequence
from typing import Any, Final, final

import msgspec
import pyarrow as pa
import pyarrow.compute as pc

from mapping_lang.batch import Batch
from mapping_lang.columnar.texts import bytes_of
from mapping_lang.json_records.texts import (
    Texts,
    Write,
    array_writer,
    scalar_writer,
    with_nulls_of,
)
from mapping_lang.types.arrow.layout import Array, RecordBatch
from mapping_lang.types.arrow.read import column_and_absent
from mapping_lang.types.kinds import ArrayType, ObjectType, Property, Schema, Type
from mapping_lang.types.schema import walk

_MAX_CACHED: Final = 256
"""Schemas whose writer is kept."""

PART_BYTES: Final = 1024 * 1024
"""How much is written at a time, about."""

_NO_TEXT: Final = pa.scalar(None, pa.string())


@final
class _ObjectWriter:
    """Writes objects of a schema, each followed by an `end` of its own."""

    __slots__ = ("_members", "names_bytes")

    def __init__(self, schema: Schema) -> None:
        self.names_bytes = sum(len(item.name) + len('"":,') for _, item in walk(schema))
        """What the names of an object take, those in objects inside included."""
        self._members = [
            (item, msgspec.json.encode(item.name).decode() + ":", _writer_of(item.type))
            for item in schema.properties
        ]

    def write(self, parent: RecordBatch | pa.StructArray, end: str) -> Array:
        """Write the objects that are there."""
        found = [(name, *_member(parent, item, write)) for item, name, write in self._members]
        if any(absent is not None for _, _, absent in found):
            return _with_absent(found, end)
        parts: list[Any] = []
        literal = "{"
        for name, texts, _ in found:
            parts += [literal + name + texts.before, texts.values]
            literal = texts.after + ","
        return pc.binary_join_element_wise(*parts, literal[:-1] + end, "")


def _member(
    parent: RecordBatch | pa.StructArray, item: Property, write: Write
) -> tuple[Texts, Array | None]:
    """Write a property, and tell where it is absent if it is anywhere."""
    values, absent = column_and_absent(parent, item)
    texts = write(values)
    if not values.null_count:
        return texts, absent
    return Texts(pc.fill_null(texts.complete(), "null")), absent


def _with_absent(found: Sequence[tuple[str, Texts, Array | None]], end: str) -> Array:
    members: list[Array] = []
    for name, texts, absent in found:
        member = pc.binary_join_element_wise(name + texts.before, texts.values, texts.after, "")
        members.append(member if absent is None else pc.if_else(absent, _NO_TEXT, member))
    # Arrow leaves rows out of which it skips everything, so the brace is joined too, and the comma
    # behind it taken away again; of a brace alone, there is nothing to take.
    joined = pc.binary_join_element_wise("{", *members, ",", null_handling="skip")
    return pc.binary_join_element_wise(pc.binary_replace_slice(joined, 0, 2, "{"), end, "")


def _writer_of(type_: Type) -> Write:
    match type_:
        case ObjectType():
            write = _ObjectWriter(type_).write
            return lambda array: Texts(with_nulls_of(array, write(array, "}")))
        case ArrayType():
            return array_writer(_writer_of(type_.element))
        case _:
            return scalar_writer(type_)


@functools.lru_cache(maxsize=_MAX_CACHED)
def _writer_for(schema: Schema) -> _ObjectWriter:
    return _ObjectWriter(schema)


def write_records(batch: Batch) -> Iterator[bytes]:
    """Write the records of a batch whose schema has properties, as arrays of some of them each.

    There is at least one. They are as many as keeps each small, whatever the records become.
    """
    writer, total = _writer_for(batch.schema), batch.num_records
    if not total:
        yield b"[]"
        return
    per_record = writer.names_bytes + batch.data.nbytes // total
    length = max(1, PART_BYTES // per_record)
    for start in range(0, total, length):
        part = batch.data.slice(start, length)
        # One after the other, the texts are the array already.
        text = memoryview(bytes_of(writer.write(part, "},")))
        yield b"".join((b"[", text[:-1], b"]"))
