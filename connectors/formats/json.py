"""JSON: an array of objects, alone or as the only member of an object."""

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Final, final

from connectors.files import BatchSizes, Column, FormatInput, FormatReading, ReadBatch
from connectors.formats.json_elements import Document
from connectors.formats.json_records import RecordDecoder
from connectors.interface import Connector, ConnectorType, Role, RoleSpec, Target
from connectors.members import format_settings
from forms.members import Choice, ListOf, Text, flag, optional, required
from mapping_lang.types.kinds import MAX_NAME_CHARS, NAME, JsonType, Property, Schema

MAX_PROPERTIES: Final = 10_000
"""Most properties of a schema, so of a record too."""

_NAME: Final = Text(
    max_length=MAX_NAME_CHARS,
    pattern=re.compile(NAME.pattern, re.ASCII),
    expected="the name of a property: a letter or `_`, then letters, digits and `_`",
)
_PROPERTIES: Final = ListOf(
    members=(required("key", _NAME), required("value", Choice(("t", "f")))),
    min_items=1,
    max_items=MAX_PROPERTIES,
    distinct="key",
)
"""The members of each object that become columns; `t` if it has to be there, `f` if not."""

_DESTINATION: Final = (flag("indent"), flag("generateASCII"), flag("allowSpecialFloats"))
_USERS: Final = frozenset({Target.USER})


@final
class JsonReader:
    """Reads the elements of an array that has been found."""

    def __init__(self, columns: Sequence[Column], document: Document) -> None:
        self.columns: Sequence[Column] = columns
        self.issues: Sequence[str] = ()
        self._document = document

    def batches(self, schema: Schema, sizes: BatchSizes) -> Iterator[ReadBatch]:
        """Read the rest of the document."""
        decoder = RecordDecoder(schema)
        document = self._document
        guesses, first, wanted, consumed = True, 0, sizes.bytes, 1
        while True:
            document.fill(wanted, sizes.seconds, more=not consumed)
            guess = document.guess(wanted) if guesses else None
            records = None if guess is None else decoder.decode_all(guess.text)
            failure = None
            if guess is not None and records is not None:
                consumed, is_closing = guess.consumed, guess.is_closing
            else:
                guesses = guesses and guess is None
                scan = document.scan(wanted)
                records, failure = decoder.decode_each(scan.elements, scan.failure)
                consumed, is_closing = scan.consumed, scan.is_closing
            for start in range(0, records.num_records, sizes.records):
                length = min(sizes.records, records.num_records - start)
                yield records.batch(start, length, first + start)
            first += records.num_records
            if failure is not None:
                raise failure
            document.consume(consumed)
            if is_closing:
                document.end()
                return
            # An element that does not end in what is there needs more of the file.
            wanted = sizes.bytes if consumed else min(2 * wanted, document.most_bytes)


@contextmanager
def open_json(given: FormatInput) -> Iterator[JsonReader]:
    """Find the array; its columns are those that the settings name."""
    document = Document(given.stream, element_bytes=given.limits.record_bytes)
    document.begin()
    yield JsonReader(_columns(given.settings), document)


def _columns(settings: Mapping[str, object]) -> tuple[Column, ...]:
    columns: list[Column] = []
    listed = settings["properties"]
    for each in listed if isinstance(listed, list) else ():
        item = Property(each["key"], JsonType(), read_optional=each["value"] == "f")
        columns.append(Column(item, item.name))
    return tuple(columns)


JSON: Final = Connector(
    code="json",
    label="JSON",
    type=ConnectorType.FILE,
    roles={
        Role.SOURCE: RoleSpec(
            targets=_USERS,
            settings=format_settings(required("properties", _PROPERTIES), reset=_DESTINATION),
        ),
        Role.DESTINATION: RoleSpec(
            targets=_USERS,
            settings=format_settings(*_DESTINATION, reset=[optional("properties", _PROPERTIES)]),
        ),
    },
    extension="json",
    reading=FormatReading(open=open_json),
)
