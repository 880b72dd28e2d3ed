"""JSON lines: an object on each line; blank lines are none."""

from collections.abc import Iterator

from mapping_lang.batch import Step
from mapping_lang.types.errors import JsonSyntaxError, ValueRefusedError
from mapping_lang.types.kinds import Schema
from runtime.standalone.records.interface import (
    PAUSE,
    Format,
    Item,
    Pause,
    ReadOptions,
    ReadRecord,
    refuse,
    refuse_text,
    too_long,
)
from runtime.standalone.records.json_values import JsonReader
from runtime.standalone.records.lines import MAX_RECORD_BYTES, lines
from runtime.standalone.records.source import Source

_SPACES = b" \t\r"


def open_json_lines(source: Source, schema: Schema, options: ReadOptions) -> Iterator[Item | Pause]:
    """Read one record of each line."""
    reader = JsonReader(schema, options.ignored)
    number = 0
    for line in lines(source.text_chunks(), pausing=source.is_live):
        if line is PAUSE:
            yield PAUSE
            continue
        if line.content is not None and not line.content.strip(_SPACES):
            continue
        number += 1
        if line.content is None:
            yield too_long(number, line.number, MAX_RECORD_BYTES)
        else:
            yield read_json(reader, number, line.number, line.content)


def read_json(reader: JsonReader, number: int, line: int, text: bytes) -> Item:
    """Read a record from its text, or tell why it is none."""
    try:
        return ReadRecord(number, line, reader.read(text), len(text))
    except JsonSyntaxError as error:
        return refuse_text(number, line, error, text.decode(errors="replace"))
    except ValueRefusedError as error:
        return refuse(number, line, Step.VALIDATE_INPUT, error)


JSON_LINES = Format(
    name="jsonl",
    label="JSON lines",
    suffixes=(".jsonl", ".ndjson", ".jsonlines"),
    open=open_json_lines,
)
