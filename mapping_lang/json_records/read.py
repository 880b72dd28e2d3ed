"""A JSON array of records to a batch: what the codec reads, without making the records."""

from collections.abc import Iterator
from typing import Final

from mapping_lang.batch import Batch
from mapping_lang.types.codec.columns import column_reader_for
from mapping_lang.types.errors import LayoutError
from mapping_lang.types.kinds import Schema

PART_BYTES: Final = 256 * 1024
"""How much is read at a time, about: what comes of more leaves the processor's caches."""

_BETWEEN: Final = b"},{"


def read_records(schema: Schema, text: bytes, *, max_records: int) -> Batch | None:
    """Read the records of a schema that has properties; None if anything about them is in doubt.

    What is in doubt, too many records too, is left to the codec, which says what is wrong.
    """
    reader = column_reader_for(schema)
    batches: list[Batch] = []
    count = 0
    for part in _parts(text):
        columns = reader.read(part)
        if columns is None:
            return None
        try:
            batches.append(Batch.from_columns(schema, columns))
        except LayoutError:
            return None
        count += batches[-1].num_records
        if count > max_records:
            return None
    return batches[0] if len(batches) == 1 else Batch.concat(schema, batches)


def _parts(text: bytes) -> Iterator[bytes]:
    """Divide an array of objects into arrays that have its elements, if all of them are arrays.

    An array that is cut where no element of it ends leaves a part that is none: a string, an object
    or an array is open at its end.
    """
    start, whole = 0, memoryview(text)
    while len(text) - start > 2 * PART_BYTES:
        cut = text.find(_BETWEEN, start + PART_BYTES)
        if cut < 0:
            break
        yield b"".join((b"[" if start else b"", whole[start : cut + 1], b"]"))
        start = cut + 2
    yield b"".join((b"[", whole[start:])) if start else text
