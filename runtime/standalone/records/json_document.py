"""JSON documents: an array of objects, or objects one after the other, read as they come.

An array may also be the only member of an object, whatever that is called, as exports have it. The
text is divided by its brackets alone, so that what is wrong inside one record leaves the others.
"""

import re
from collections.abc import Iterator
from typing import Final

import msgspec

from mapping_lang.diagnostics import quote
from mapping_lang.types.kinds import Schema
from runtime.standalone.outcome import UnreadableError
from runtime.standalone.records.interface import (
    PAUSE,
    Format,
    Item,
    Pause,
    ReadOptions,
    too_long,
)
from runtime.standalone.records.json_lines import read_json
from runtime.standalone.records.json_values import JsonReader
from runtime.standalone.records.lines import MAX_RECORD_BYTES
from runtime.standalone.records.source import HEAD_BYTES, Source

# A quote that is alone belongs to a string whose end has not come yet.
_TOKEN: Final = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"|["\[\]{},]', re.DOTALL)
_SPACES: Final = re.compile(rb"[ \t\r\n]*")
_WRAPPER: Final = re.compile(rb'\{[ \t\r\n]*("(?:[^"\\]|\\.)*")[ \t\r\n]*:[ \t\r\n]*\[', re.DOTALL)
_MAYBE_WRAPPER: Final = re.compile(
    rb'\{[ \t\r\n]*(?:"(?:[^"\\]|\\.)*(?:\\|"[ \t\r\n]*(?::[ \t\r\n]*)?)?)?', re.DOTALL
)
_CLOSING: Final = {b"[": b"]", b"{": b"}"}


def open_json(
    source: Source, schema: Schema, options: ReadOptions, max_bytes: int = MAX_RECORD_BYTES
) -> Iterator[Item | Pause]:
    """Read the records of a document, each of at most so many bytes."""
    reader = JsonReader(schema, options.ignored)
    document = _Document(source, max_bytes)
    number = 0
    for value in document.values(schema):
        if value is PAUSE:
            yield PAUSE
            continue
        number += 1
        line, text = value
        if text is None:
            yield too_long(number, line, max_bytes)
        else:
            yield read_json(reader, number, line, text)


_Value = tuple[int, bytes | None]
"""The line that a value begins on, and its text; none if that is too long to be read."""


class _Document:
    """A text that is divided into values while it comes."""

    def __init__(self, source: Source, max_bytes: int) -> None:
        self._max_bytes = max_bytes
        self._place = source.place
        self._is_live = source.is_live
        self._chunks = source.text_chunks()
        self._data = b""
        self._at = 0
        """Where in the data we are; what is before it has been given or dropped."""

        self._line = 1
        self._counted = 0
        """The line of the byte of the data that lines are counted up to."""

    def values(self, schema: Schema) -> Iterator[_Value | Pause]:
        """Give the texts of the records."""
        first = self._next()
        if first == b"[":
            self._at += 1
            yield from self._elements()
            self._end()
        elif first == b"{":
            if self._enters_wrapper(schema):
                yield from self._elements()
                if self._next() != b"}":
                    raise self._unexpected("`}`: the array has to be the only member")
                self._at += 1
                self._end()
            else:
                yield from self._objects()
        elif first:
            raise self._unexpected("`[` or `{`")
        else:
            raise UnreadableError(self._place, "is empty, expected an array or an object")

    def _objects(self) -> Iterator[_Value | Pause]:
        while first := self._next():
            if first != b"{":
                raise self._unexpected("another object, or the end")
            yield from self._value(is_element=False)
            yield from self._pause()

    def _elements(self) -> Iterator[_Value | Pause]:
        if self._next() == b"]":
            self._at += 1
            return
        while True:
            yield from self._value(is_element=True)
            # The value ended because one of these is here.
            separator = self._data[self._at : self._at + 1]
            self._at += 1
            if separator == b"]":
                return
            yield from self._pause()
            self._next()

    def _value(self, *, is_element: bool) -> Iterator[_Value | Pause]:
        """Give one value: up to its last bracket, or to what ends an element of an array."""
        line = self._line_here()
        expected: list[bytes] = []
        looked = self._at
        oversized = False
        while True:
            for token in _TOKEN.finditer(self._data, looked):
                kind = self._data[token.start() : token.start() + 1]
                stop = -1
                if kind == b'"':
                    if len(token[0]) == 1:
                        break
                elif kind in _CLOSING:
                    expected.append(_CLOSING[kind])
                elif not expected:
                    stop = token.start()  # a comma, or the end of the array
                elif kind != b",":
                    if kind != expected.pop():
                        self._at = token.start()
                        raise self._unexpected("the bracket that closes the last one")
                    stop = token.end() if not expected and not is_element else -1
                looked = token.end()
                if stop >= 0:
                    too_long = oversized or stop - self._at > self._max_bytes
                    yield line, None if too_long else self._data[self._at : stop]
                    self._at = stop
                    return
            if len(self._data) - self._at > self._max_bytes:
                oversized = True
                looked = self._shorten(looked)
            if self._is_live:
                yield PAUSE
            moved = self._at
            if not self._more():
                raise UnreadableError(
                    self._place, f"ends in the middle of the record that begins on line {line}"
                )
            looked -= moved - self._at

    def _pause(self) -> Iterator[Pause]:
        """Tell that what follows a value may be far, before it is waited for."""
        if self._is_live and not self._data[self._at :].strip():
            yield PAUSE

    def _shorten(self, looked: int) -> int:
        """Drop what is known of a value that is too long, but for the string that we are in."""
        rest = _TOKEN.search(self._data, looked)
        kept = b""
        if rest is not None:
            backslashes = len(self._data) - len(self._data.rstrip(b"\\"))
            kept = b'"' + b"\\" * (backslashes % 2)
        self._line += self._data.count(b"\n", self._counted)
        self._data, self._at, self._counted = kept, 0, 0
        return 0

    def _enters_wrapper(self, schema: Schema) -> bool:
        while (
            _MAYBE_WRAPPER.fullmatch(self._data, self._at)
            and len(self._data) - self._at < HEAD_BYTES
            and self._more()
        ):
            pass
        found = _WRAPPER.match(self._data, self._at)
        if found is None:
            return False
        try:
            name = msgspec.json.decode(found[1], type=str)
        except (msgspec.MsgspecError, UnicodeDecodeError):
            return False
        if name in schema.by_name:
            return False
        self._at = found.end()
        return True

    def _next(self) -> bytes:
        """Go to the next character that is no white space, and look at it; empty at the end."""
        while True:
            found = _SPACES.match(self._data, self._at)
            self._at = len(self._data) if found is None else found.end()
            if self._at < len(self._data):
                return self._data[self._at : self._at + 1]
            if not self._more():
                return b""

    def _more(self) -> bool:
        chunk = next(self._chunks, b"")
        self._line_here()
        self._data = self._data[self._at :] + chunk
        self._at = self._counted = 0
        return bool(chunk)

    def _end(self) -> None:
        if self._next():
            raise self._unexpected("nothing more after the array")

    def _line_here(self) -> int:
        self._line += self._data.count(b"\n", self._counted, self._at)
        self._counted = self._at
        return self._line

    def _unexpected(self, expected: str) -> UnreadableError:
        rest = self._data[self._at : self._at + 20].decode(errors="replace")
        found = quote(rest.split("\n")[0]) if rest else "the end"
        return UnreadableError(
            self._place, f"line {self._line_here()}: found {found}, expected {expected}"
        )


JSON_DOCUMENT = Format(
    name="json",
    label="JSON",
    suffixes=(".json",),
    open=open_json,
)
