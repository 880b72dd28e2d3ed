"""Elements of a JSON array as records: the wanted members of each, as their exact text.

All elements of a text are decoded at once as long as nothing is in doubt. Otherwise each is looked
at alone, to tell what is wrong with the file from what is wrong with a record (DEC-54).
"""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from operator import attrgetter
from typing import Any, Final, final

import msgspec
import pyarrow as pa

from connectors.files import FileCode, FileError, ReadBatch
from mapping_lang.batch import Batch, Rejection, Step
from mapping_lang.diagnostics import Code, quote
from mapping_lang.types import json_text
from mapping_lang.types.errors import JsonSyntaxError, ValueRefusedError
from mapping_lang.types.json_shape import has_repeated_members, nests_deeper
from mapping_lang.types.kinds import Property, Schema

_GROUP: Final = 64
"""Elements that are decoded at once, where it is likely that nothing is wrong with most."""

_ABSENT: Final = msgspec.Raw()
_MEMBERS: Final = msgspec.json.Decoder(dict[str, msgspec.Raw])
_DOUBTS: Final = (msgspec.MsgspecError, ValueError, RecursionError)

_SURROGATE: Final = re.compile(rb"\\u[dD][89a-fA-F][0-9a-fA-F]{2}")
_REPLACED: Final = b"\\ufffd"

_Members = list[bytes | None]
"""The texts of the wanted members, in the order of the schema; None for one that is not there."""


@final
@dataclass(slots=True)
class Records:
    """Records in the order of the file."""

    schema: Schema
    columns: list[_Members]
    num_records: int = 0
    refused: dict[int, ValueRefusedError] = field(default_factory=dict)

    def add(self, members: _Members, error: ValueRefusedError | None) -> None:
        for column, member in zip(self.columns, members, strict=True):
            column.append(member)
        if error is not None:
            self.refused[self.num_records] = error
        self.num_records += 1

    def extend(self, others: "Records") -> None:
        """Add records of which none is refused."""
        for column, other in zip(self.columns, others.columns, strict=True):
            column += other
        self.num_records += others.num_records

    def batch(self, start: int, length: int, first: int) -> ReadBatch:
        """Make a batch of some of them."""
        missing: dict[int, ValueRefusedError] = {}
        arrays = []
        for item, column in zip(self.schema.properties, self.columns, strict=True):
            texts = column[start : start + length]
            array = pa.array(texts, pa.binary()).cast(pa.string())
            if array.null_count and not item.read_optional:
                for position, text in enumerate(texts):
                    if text is None:
                        missing.setdefault(position, _missing(item))
            arrays.append(array)
        rejections = []
        for position in range(length) if missing or self.refused else ():
            # What is wrong with a record explains why it lacks something.
            error = self.refused.get(start + position) or missing.get(position)
            if error is not None:
                rejections.append(Rejection.refused(position, Step.VALIDATE_INPUT, error))
        return ReadBatch(
            first=first,
            batch=Batch.trusted(self.schema, arrays, length),
            rejections=tuple(rejections),
        )


@final
class RecordDecoder:
    """Picks the members of a schema, all of whose properties are of the kind json."""

    def __init__(self, schema: Schema) -> None:
        self._schema = schema
        self._names = [item.name for item in schema.properties]
        fields: list[tuple[str, Any, Any]] = [
            (f"member_{index}", msgspec.Raw, _ABSENT) for index in range(len(self._names))
        ]
        self._attributes = [name for name, _, _ in fields]
        element = msgspec.defstruct(
            "Element", fields, rename=dict(zip(self._attributes, self._names, strict=True))
        )
        self._decode_all = msgspec.json.Decoder(list[element]).decode  # type: ignore[valid-type]

    def decode_all(self, text: bytes) -> Records | None:
        """Read elements with the commas between them; None if anything is in doubt."""
        array = b"[%b]" % text
        try:
            elements = self._decode_all(array)
            # Reads all of it, and strictly.
            if has_repeated_members(array):
                return None
        except _DOUBTS:
            return None
        columns: list[_Members] = [
            [bytes(raw) or None for raw in map(attrgetter(attribute), elements)]
            for attribute in self._attributes
        ]
        brackets = array.count(b"[") + array.count(b"{") - len(elements)
        if brackets > json_text.MAX_DEPTH and any(
            nests_deeper(value.decode(), json_text.MAX_DEPTH)
            for column in columns
            for value in column
            if value is not None
        ):
            return None
        return Records(self._schema, columns, len(elements))

    def decode_each(
        self, elements: Sequence[bytes], failure: FileError | None
    ) -> tuple[Records, FileError | None]:
        """Read elements up to the first that makes the file none; gives why there are no more."""
        records = Records(self._schema, [[] for _ in self._names])
        for start in range(0, len(elements), _GROUP):
            group = elements[start : start + _GROUP]
            together = self.decode_all(b",".join(group))
            if together is not None:
                records.extend(together)
                continue
            for element in group:
                try:
                    members, refused = self._element(element)
                except FileError as error:
                    return records, error
                records.add(members, refused)
        return records, failure

    def _element(self, element: bytes) -> tuple[_Members, ValueRefusedError | None]:
        try:
            node = json_text.read(json_text.decode_utf8(element), max_values=json_text.MAX_VALUES)
        except JsonSyntaxError as error:
            if not _is_json(element, error):
                raise _malformed(element, error.message) from None
            return self._salvaged(element, error), error
        if not isinstance(node, json_text.Object):
            kind = json_text.node_kind(node)
            raise _malformed(element, f"found {kind}, expected an object")
        text = element.decode()
        members: _Members = []
        for name in self._names:
            value = node.members.get(name)
            members.append(None if value is None else text[value.start : value.end].encode())
        return members, None

    def _salvaged(self, element: bytes, error: JsonSyntaxError) -> _Members:
        """Give the members that nothing is wrong with, so that it is known whose record it is."""
        try:
            # No decoder reads halves of surrogate pairs; values that have some are left out.
            found = _MEMBERS.decode(_SURROGATE.sub(lambda _: _REPLACED, element))
        except _DOUBTS:
            return [None] * len(self._names)
        members: _Members = []
        for name in self._names:
            raw = found.get(name)
            at_fault = raw is None or name in error.path[:1] or not _is_sound(bytes(raw))
            members.append(None if at_fault or raw is None else bytes(raw))
        return members


def _is_sound(text: bytes) -> bool:
    if _REPLACED in text:
        return False
    try:
        json_text.validate(json_text.decode_utf8(text))
    except ValueRefusedError:
        return False
    return True


def _is_json(element: bytes, error: JsonSyntaxError) -> bool:
    """Tell if an element that is refused is JSON all the same, as most readers understand it."""
    if error.code is Code.VALUE_LIMIT:
        return True
    try:
        return isinstance(json.loads(element, parse_constant=_refuse), dict)
    except (ValueError, RecursionError):
        return False


def _refuse(name: str) -> None:
    raise ValueError(name)


def _malformed(element: bytes, message: str) -> FileError:
    shown = quote(element[:60].decode(errors="replace"))
    return FileError(
        FileCode.FORMAT, f"The file cannot be read as JSON: in the record {shown}, {message}"
    )


def _missing(item: Property) -> ValueRefusedError:
    return ValueRefusedError(
        Code.VALUE_MISSING,
        f"the property {quote(item.name)} is missing",
        path=(item.name,),
    )
