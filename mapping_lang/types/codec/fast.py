"""Reading records from JSON fast: the usual with msgspec, the rest with the exact decoder.

A decoder never gives anything but what `codec.exact` gives. msgspec reads a text with the types of
a schema, as far as it reads them as we do; then the members that came out are counted against those
in the text, since it keeps the last of repeated members and drops unknown ones. Any error and any
doubt on this way only means that the exact decoder reads the text instead.
"""

import functools
from collections.abc import Callable
from typing import Any, Final, cast

import msgspec

from mapping_lang.diagnostics import Code
from mapping_lang.types.codec.divide import divide_array
from mapping_lang.types.codec.exact import check_size, decode_value
from mapping_lang.types.codec.readers import reader_of
from mapping_lang.types.codec.reading import DoubtError, NegativeZeroError, Reader, Reading
from mapping_lang.types.errors import JsonSyntaxError, ValueRefusedError
from mapping_lang.types.kinds import ArrayType, Schema, Type
from mapping_lang.types.values import Record, Value

MAX_RECORDS: Final = 100_000
"""Longest array whose records may be refused one by one: an error takes a kilobyte."""

_MAX_CACHED: Final = 256
"""Schemas whose decoder is kept: to make one takes a millisecond."""

DOUBTS: Final = (
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

    __slots__ = ("_careful", "_type", "_usual")

    def __init__(self, type_: Type) -> None:
        self._type = type_
        self._usual = _Way(reader_of(type_))
        self._careful: _Way | None = None

    def decode(self, text: bytes) -> Value:
        """Read a text; a `ValueRefusedError` tells what is wrong with it, and where."""
        value = self.decode_usual(text)
        return decode_value(self._type, text) if value is None else value

    def decode_usual(self, text: bytes) -> Value | None:
        """Read a text in which nothing is in doubt; give None for another."""
        try:
            check_size(text)
            try:
                return self._usual.read(text)
            except NegativeZeroError:
                # Few texts need it, and few schemas have such texts.
                if self._careful is None:
                    self._careful = _Way(reader_of(self._type, careful=True))
                return self._careful.read(text)
        except DOUBTS:
            return None


class _Way:
    """One way to read the texts of a type."""

    __slots__ = ("_decoder", "_finish")

    def __init__(self, reader: Reader) -> None:
        self._decoder: msgspec.json.Decoder[Any] = msgspec.json.Decoder(reader.native)
        self._finish = reader.finish

    def read(self, text: bytes) -> Value:
        values, reading = [self._decoder.decode(text)], Reading(text)
        if self._finish is not None:
            values = self._finish(values, reading)
        if not reading.is_complete():
            raise DoubtError
        value: Value = values[0]
        return value


class RecordDecoder:
    """Reads records of a schema from JSON objects."""

    __slots__ = ("_array", "_record")

    def __init__(self, schema: Schema) -> None:
        self._record = ValueDecoder(schema)
        self._array = ValueDecoder(ArrayType(schema))

    def decode(self, text: bytes) -> Record:
        """Read one object."""
        return cast(Record, self._record.decode(text))

    def decode_array(self, text: bytes) -> list[Record]:
        """Read an array of objects; the path of an error begins with the position."""
        return cast(list[Record], self._array.decode(text))

    def decode_each(
        self, text: bytes, check_count: Callable[[int], None] | None = None
    ) -> list[Record | ValueRefusedError]:
        """Read an array of objects of which some may be wrong: each has its record or its error.

        Raises only what is wrong with the array as a whole, and what `check_count` says of the
        number of its records before any of them is read alone.
        """

        def check(records: int) -> None:
            if check_count is not None:
                check_count(records)
            _check_count(records)

        records = cast(list[Record] | None, self._array.decode_usual(text))
        if records is not None:
            check(len(records))
            return list(records)
        check_size(text)
        parts = divide_array(text)
        if parts is None:
            # The exact decoder tells what is wrong with it.
            return list(self.decode_array(text))
        check(len(parts))
        return [self._outcome(part, position) for position, part in enumerate(parts)]

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
