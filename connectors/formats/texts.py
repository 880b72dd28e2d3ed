"""Columns of text, as CSV and Excel have them: their names, and values that fit their types."""

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from connectors.files import Column, FileCode, FileError, ReadBatch
from connectors.formats.columns import ReadColumn, assemble, one_by_one
from mapping_lang.diagnostics import Code
from mapping_lang.types.arrow.layout import Array
from mapping_lang.types.errors import ValueRefusedError
from mapping_lang.types.kinds import MAX_LENGTH, Property, Schema, StringType
from mapping_lang.types.schemas.names import HeaderError, property_names

MAX_COLUMNS: Final = 10_000
"""Most properties of a schema, so of a file too."""

_LETTERS: Final = 26


def named_columns(headers: Sequence[str], *, described: bool = False) -> tuple[Column, ...]:
    """Name columns by their headers (FILE-21); `described` keeps a header that is no name."""
    check_width(len(headers))
    try:
        names = property_names(headers)
    except HeaderError as error:
        raise FileError(FileCode.COLUMN, f"The header of the file: {error}") from None
    columns = []
    for name, header in zip(names, headers, strict=True):
        item = Property(name, StringType())
        if described and header != name:
            item = replace(item, description=header)
        columns.append(Column(item, header))
    return tuple(columns)


def lettered_columns(width: int) -> tuple[Column, ...]:
    """Name columns that have no headers: `A`, `B`, ..., `Z`, `AA`, ... (FILE-22)."""
    check_width(width)
    names = map(column_letters, range(width))
    return tuple(Column(Property(name, StringType()), name) for name in names)


def column_letters(index: int) -> str:
    """Give the letters of a column that is counted from 0."""
    letters = ""
    index += 1
    while index:
        index, letter = divmod(index - 1, _LETTERS)
        letters = chr(ord("A") + letter) + letters
    return letters


def check_width(width: int) -> None:
    """Refuse a first record without values, and one with more than there can be properties."""
    if not width:
        raise FileError(FileCode.NO_COLUMNS, "The file has no columns: there is nothing in it")
    if width > MAX_COLUMNS:
        raise FileError(
            FileCode.LIMIT,
            f"The first record of the file has {width:,} values, expected at most {MAX_COLUMNS:,}",
        )


def wanted(columns: Sequence[Column], schema: Schema) -> list[int]:
    """Find the columns of the properties of a schema that is aligned with them."""
    by_name = {column.property.name: index for index, column in enumerate(columns)}
    return [by_name[item.name] for item in schema.properties]


def parts(num_records: int, most: int) -> Iterator[tuple[int, int]]:
    """Divide records into as few parts as can be, of one size."""
    count = -(-num_records // most)
    bounds = [num_records * index // count for index in range(count + 1)] if count else []
    return itertools.pairwise(bounds)


def read_texts(schema: Schema, columns: Sequence[Array], num_records: int, first: int) -> ReadBatch:
    """Make a batch of columns of bytes, one for each property."""
    read = [
        read_text_column(values, item)
        for item, values in zip(schema.properties, columns, strict=True)
    ]
    return assemble(schema, read, num_records, first)


def read_text_column(values: Array, item: Property) -> ReadColumn:
    """Give the texts of a column of bytes, as far as they are text and fit."""
    try:
        # Looks at every byte, and copies none.
        texts = values.cast(pa.string())
    except pa.ArrowInvalid:
        return one_by_one(map(_decode, values.to_pylist()), item)
    if isinstance(item.type, StringType) and _fit(texts, item.type):
        return ReadColumn(texts)
    return one_by_one(texts.to_pylist(), item)


def _fit(texts: Array, type_: StringType) -> bool:
    """Tell if it is certain that all texts are within the limits of their type."""
    if type_.values:
        listed = pc.is_in(texts.drop_null(), pa.array(type_.values, pa.string()))
        return pc.all(listed).as_py() is not False
    if type_.pattern is not None:
        # Arrow has a library for regular expressions of its own version; ours decides.
        return False
    least = min(type_.max_length, type_.max_bytes)
    # A text has at least as many bytes as characters.
    return least == MAX_LENGTH or (pc.max(pc.binary_length(texts)).as_py() or 0) <= least


def _decode(value: bytes | None) -> object:
    try:
        return None if value is None else value.decode()
    except UnicodeDecodeError as error:
        return ValueRefusedError(
            Code.VALUE_TEXT,
            f"the text is not UTF-8: its byte {error.start} is 0x{error.object[error.start]:02x}",
        )
