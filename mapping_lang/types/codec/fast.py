"""Reading records from JSON fast: the usual with msgspec, the rest with the exact decoder.

A decoder never gives anything but what `codec.exact` gives. msgspec reads a text with the types of
a schema, as far as it reads them as we do; then the members that came out are counted against those
in the text, since it keeps the last of repeated members and drops unknown ones. Any error and any
doubt on this way only means that the exact decoder reads the text instead.
"""

import functools
from typing import Any, Final, cast

import msgspec

from mapping_lang.diagnostics import Code
from mapping_lang.types.codec.exact import MAX_DOCUMENT_BYTES, decode_value
from mapping_lang.types.codec.readers import DoubtError, Reading, reader_of
from mapping_lang.types.errors import JsonSyntaxError, ValueRefusedError
from mapping_lang.types.json_text import MAX_VALUES
from mapping_lang.types.kinds import ArrayType, Schema, Type
from mapping_lang.types.values import Record, Value

MAX_RECORDS: Final = 100_000
"""Longest array whose records may be refused one by one: an error takes a kilobyte."""

_MAX_CACHED: Final = 256
"""Schemas whose decoder is kept: to make one takes a millisecond."""

_DOUBTS: Final = (
    DoubtError,
    msgspec.MsgspecError,
    ValueRefusedError,
    ArithmeticError,  # Decimal of text that is no number
    KeyError,  # a property is missing
    RecursionError,
    ValueError,  # not UTF-8; an integer of thousands of digits
)


class ValueDecoder:
    """Reads JSON texts that are one value of a type."""

    __slots__ = ("_decoder", "_finish", "_type")

    def __init__(self, type_: Type) -> None:
        reader = reader_of(type_)
        self._type = type_
        self._finish = reader.finish
        self._decoder: msgspec.json.Decoder[Any] = msgspec.json.Decoder(reader.native)

    def decode(self, text: bytes) -> Value:
        """Read a text; a `ValueRefusedError` tells what is wrong with it, and where."""
        try:
            return self._decode(text)
        except _DOUBTS:
            return decode_value(self._type, text)

    def _decode(self, text: bytes) -> Value:
        if _may_be_too_much(text):
            raise DoubtError
        values, reading = [self._decoder.decode(text)], Reading(text)
        if self._finish is not None:
            values = self._finish(values, reading)
        if not reading.is_complete():
            raise DoubtError
        value: Value = values[0]
        return value


def _may_be_too_much(text: bytes) -> bool:
    # Every value but the first takes two characters at least, itself and what stands before it.
    if len(text) < 2 * MAX_VALUES:
        return False
    if len(text) > MAX_DOCUMENT_BYTES:
        return True
    return text.count(b",") + text.count(b"[") + text.count(b"{") >= MAX_VALUES


class RecordDecoder:
    """Reads records of a schema from JSON objects."""

    __slots__ = ("_array", "_each", "_record")

    def __init__(self, schema: Schema) -> None:
        self._record = ValueDecoder(schema)
        self._array = ValueDecoder(ArrayType(schema))
        self._each = msgspec.json.Decoder(list[msgspec.Raw])

    def decode(self, text: bytes) -> Record:
        """Read one object."""
        return cast(Record, self._record.decode(text))

    def decode_array(self, text: bytes) -> list[Record]:
        """Read an array of objects; the path of an error begins with the position."""
        return cast(list[Record], self._array.decode(text))

    def decode_each(self, text: bytes) -> list[Record | ValueRefusedError]:
        """Read an array of objects of which some may be wrong: each has its record or its error.

        Raises only what is wrong with the array as a whole.
        """
        try:
            records = self.decode_array(text)
        except ValueRefusedError:
            parts = self._parts(text)
            if parts is None:
                raise
        else:
            _check_count(len(records))
            return list(records)
        _check_count(len(parts))
        return [self._outcome(bytes(part), position) for position, part in enumerate(parts)]

    def _parts(self, text: bytes) -> list[msgspec.Raw] | None:
        """Divide an array that holds something wrong; None if it is no array, or too long."""
        if _may_be_too_much(text):
            return None
        try:
            return self._each.decode(text)
        except (msgspec.MsgspecError, RecursionError):
            return None

    def _outcome(self, text: bytes, position: int) -> Record | ValueRefusedError:
        try:
            return self.decode(text)
        except ValueRefusedError as error:
            return error.inside(position)


def _check_count(records: int) -> None:
    if records > MAX_RECORDS:
        raise JsonSyntaxError(
            f"there are {records} records, at most {MAX_RECORDS} are read one by one",
            code=Code.VALUE_LIMIT,
        )


@functools.lru_cache(maxsize=_MAX_CACHED)
def decoder_for(schema: Schema) -> RecordDecoder:
    """Give the decoder of a schema that has properties."""
    return RecordDecoder(schema)
