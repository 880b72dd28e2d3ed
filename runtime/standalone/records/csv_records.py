"""CSV: the header names properties, and texts become values as those of any connector do."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from mapping_lang.batch import Step
from mapping_lang.diagnostics import Code, did_you_mean, quote
from mapping_lang.types.codec.fast import ValueDecoder
from mapping_lang.types.conform.conform import record_conformer
from mapping_lang.types.errors import ValueRefusedError
from mapping_lang.types.kinds import ArrayType, MapType, ObjectType, Property, Schema
from mapping_lang.types.schema import Path, find, format_path, walk
from mapping_lang.types.schemas.names import HeaderError, property_name, property_names
from runtime.standalone.outcome import UnreadableError
from runtime.standalone.records.csv_rows import BrokenRow, rows
from runtime.standalone.records.interface import (
    PAUSE,
    Format,
    Item,
    Pause,
    ReadOptions,
    ReadRecord,
    refuse,
    too_long,
)
from runtime.standalone.records.lines import MAX_RECORD_BYTES, lines
from runtime.standalone.records.source import Source

SEPARATORS: Final = (",", ";", "\t", "|")
"""What is looked for in a header where no separator was named."""


@dataclass(frozen=True, slots=True)
class Column:
    """Where the texts of a column go."""

    index: int
    path: Path
    read: Callable[[str], object] | None
    """What makes of a text what it is to be conformed from; none: it is the text itself."""


def open_csv(source: Source, schema: Schema, options: ReadOptions) -> Iterator[Item | Pause]:
    """Read one record of each row under the header."""
    separator = options.separator or likely_separator(source.head(), schema)
    found = rows(lines(source.text_chunks(), pausing=source.is_live), separator)
    header = next((row for row in found if row is not PAUSE), None)
    if header is None:
        raise UnreadableError(source.place, "is empty, expected a header")
    if isinstance(header, BrokenRow):
        raise UnreadableError(source.place, f"line {header.line}, the header: {header.message}")
    try:
        columns = columns_of(header.values, schema, options)
    except (HeaderError, ValueRefusedError) as error:
        hint = "" if len(header.values) > 1 else "name the separator with --separator"
        raise UnreadableError(
            source.place, f"line {header.line}, the header: {error}", hint=hint
        ) from None
    conform = record_conformer(schema)
    width = len(header.values)
    number = 0
    for row in found:
        if row is PAUSE:
            yield PAUSE
            continue
        number += 1
        if isinstance(row, BrokenRow):
            if row.is_too_long:
                yield too_long(number, row.line, MAX_RECORD_BYTES)
            else:
                yield refuse(number, row.line, Step.RECEIVE, _malformed(row.message))
        elif len(row.values) != width:
            message = f"the row has {len(row.values)} values, and the header {width}"
            yield refuse(number, row.line, Step.RECEIVE, _malformed(message))
        else:
            try:
                record = conform(_members(row.values, columns))
            except ValueRefusedError as error:
                yield refuse(number, row.line, Step.VALIDATE_INPUT, error)
            else:
                yield ReadRecord(number, row.line, record, row.size)


def likely_separator(head: bytes, schema: Schema) -> str:
    """Find the separator that makes most properties of a header."""
    header = head.lstrip(b"\xef\xbb\xbf \t\r\n").split(b"\n")[0].decode(errors="replace")

    def known(separator: str) -> int:
        names = (name.strip().strip('"') for name in header.split(separator))
        return sum(_path_of(name, schema) is not None for name in names)

    return max(SEPARATORS, key=known)


def columns_of(headers: Sequence[str], schema: Schema, options: ReadOptions) -> list[Column]:
    """Say which column is which property; others are left out."""
    # A path of the schema is its own name; everything else becomes a name as connectors make them.
    dotted = {header for header in headers if "." in header and _path_of(header, schema)}
    names = iter(property_names(header for header in headers if header not in dotted))
    columns: list[Column] = []
    for index, header in enumerate(headers):
        path = tuple(header.split(".")) if header in dotted else (next(names),)
        item = find(schema, path)
        if item is None:
            options.ignored.add(header)
        else:
            columns.append(Column(index, path, _reading(item)))
    _check_complete(schema, (), {column.path for column in columns}, headers)
    return columns


def _path_of(header: str, schema: Schema) -> Path | None:
    if "." in header:
        path = tuple(header.split("."))
        return path if find(schema, path) is not None else None
    try:
        name = property_name(header)
    except HeaderError:
        return None
    return (name,) if name in schema.by_name else None


def _check_complete(schema: Schema, prefix: Path, found: set[Path], headers: Sequence[str]) -> None:
    """Refuse a header without a column that every record needs: no record could be valid."""
    for item in schema.properties:
        path = (*prefix, item.name)
        if path in found:
            continue
        if isinstance(item.type, ObjectType) and any(
            (*path, *below) in found for below, _ in walk(item.type, objects_only=True)
        ):
            _check_complete(item.type, path, found, headers)
        elif not item.read_optional:
            name = format_path(path)
            hint = did_you_mean(name, headers)
            raise ValueRefusedError(
                Code.VALUE_MISSING,
                f"there is no column {quote(name)}, and the property is not readOptional"
                + (f"; {hint}" if hint else ""),
            )


def _reading(item: Property) -> Callable[[str], object] | None:
    """Read what has parts from JSON: that is how connectors write it into a cell."""
    if not isinstance(item.type, ArrayType | MapType | ObjectType):
        return None
    decoder = ValueDecoder(item.type)
    nullable = item.nullable

    def read(text: str) -> object:
        return None if not text and nullable else decoder.decode(text.encode())

    return read


def _members(values: Sequence[str], columns: Sequence[Column]) -> dict[str, object]:
    record: dict[str, object] = {}
    for column in columns:
        value: object = values[column.index]
        if column.read is not None:
            try:
                value = column.read(values[column.index])
            except ValueRefusedError as error:
                for name in reversed(column.path):
                    error = error.inside(name)
                raise error from None
        inner = record
        for name in column.path[:-1]:
            inner = inner.setdefault(name, {})  # type: ignore[assignment]  # we put dicts there only
        inner[column.path[-1]] = value
    return record


def _malformed(message: str) -> ValueRefusedError:
    return ValueRefusedError(Code.VALUE_SYNTAX, message)


CSV = Format(name="csv", label="CSV", suffixes=(".csv", ".tsv", ".txt"), open=open_csv)
