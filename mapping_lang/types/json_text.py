"""JSON text, read strictly: exact numbers, exact slices, repeated names refused.

This reader is the definition of what JSON text is here. It is made for exactness, locations and
hostile text, not for speed: the fast decoders fall back on it to explain what they refuse.
"""

import re
from dataclasses import dataclass
from typing import Final, TypeAlias, final

import msgspec

from mapping_lang.diagnostics import Code, quote
from mapping_lang.types.errors import JsonSyntaxError
from mapping_lang.types.json_shape import has_repeated_members, nests_deeper

MAX_DEPTH: Final = 256
"""Deepest nesting of arrays and objects that is read."""

MAX_VALUES: Final = 4_000_000
"""Most JSON values of a long text from outside: each takes 200 bytes while it is read."""

_SPACE: Final = re.compile(r"[ \t\n\r]*")
_NUMBER: Final = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?")
_PLAIN: Final = re.compile(r'[^"\\\x00-\x1f\ud800-\udfff]*')
_ESCAPES: Final = {
    '"': '"', "\\": "\\", "/": "/", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t",
}  # fmt: skip
_HEX4: Final = re.compile(r"[0-9a-fA-F]{4}")
_LITERALS: Final = {"t": "true", "f": "false", "n": "null"}


@final
@dataclass(frozen=True, slots=True)
class Text:
    """A JSON string; `value` is what it says."""

    start: int
    end: int
    value: str


@final
@dataclass(frozen=True, slots=True)
class Number:
    """A JSON number, spelled as `spelling`."""

    start: int
    end: int
    spelling: str


@final
@dataclass(frozen=True, slots=True)
class Literal:
    """One of true, false and null."""

    start: int
    end: int
    value: bool | None


@final
@dataclass(frozen=True, slots=True)
class Array:
    """A JSON array."""

    start: int
    end: int
    items: tuple["Node", ...]


@final
@dataclass(frozen=True, slots=True)
class Object:
    """A JSON object; every name stands once."""

    start: int
    end: int
    members: dict[str, "Node"]


Node: TypeAlias = Text | Number | Literal | Array | Object
"""A JSON value with its place in the text: `text[start:end]` is its exact spelling."""


class RepeatedNameError(JsonSyntaxError):
    """An object with two members of one name; `path` leads to the second."""


def node_kind(node: Node) -> str:
    """Name the JSON kind of a value, for messages."""
    match node:
        case Text():
            return "string"
        case Number():
            return "number"
        case Array():
            return "array"
        case Object():
            return "object"
        case Literal(value=None):
            return "null"
        case Literal(value=True):
            return "true"
        case Literal():
            return "false"


def read(text: str, *, max_values: int | None = None) -> Node:
    """Read text that is exactly one JSON value, white space around it allowed.

    A node takes up to a hundred times the memory of its text: whoever reads long text from
    outside sets `max_values`, the number of JSON values that it may have in all.
    """
    reader = _Reader(text, max_values)
    start = reader.skip_space(0)
    if start == len(text):
        raise JsonSyntaxError("the text is empty, expected a JSON value", start)
    node = reader.value(start, MAX_DEPTH)
    end = reader.skip_space(node.end)
    if end != len(text):
        raise JsonSyntaxError(f"found {quote(text[end])} after the end of the value", end)
    return node


def validate(text: str) -> None:
    """Refuse text that `read` refuses; what it accepts is accepted without building nodes."""
    if not _is_valid(text):
        read(text, max_values=MAX_VALUES)


def _is_valid(text: str) -> bool:
    """Tell if text is surely valid."""
    try:
        return not has_repeated_members(text.encode()) and not nests_deeper(text, MAX_DEPTH)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return False


def decode_utf8(text: bytes) -> str:
    """Decode bytes that have to be UTF-8."""
    try:
        return text.decode()
    except UnicodeDecodeError as error:
        raise JsonSyntaxError(
            f"byte {error.start} is not UTF-8", len(text[: error.start].decode(errors="replace"))
        ) from None


class _Reader:
    __slots__ = ("_max_values", "_text", "_values")

    def __init__(self, text: str, max_values: int | None) -> None:
        self._text = text
        self._max_values = max_values
        self._values = 0

    def skip_space(self, position: int) -> int:
        match = _SPACE.match(self._text, position)
        return match.end() if match else position

    def value(self, position: int, depth: int) -> Node:
        text = self._text
        self._values += 1
        if self._max_values is not None and self._values > self._max_values:
            raise JsonSyntaxError(
                f"more than {self._max_values} values", position, code=Code.VALUE_LIMIT
            )
        char = text[position : position + 1]
        if char == '"':
            value, end = self.string(position)
            return Text(position, end, value)
        if char in "{[" and char:
            if not depth:
                raise JsonSyntaxError(
                    f"nested deeper than {MAX_DEPTH} levels", position, code=Code.VALUE_LIMIT
                )
            if char == "{":
                return self._object(position, depth - 1)
            return self._array(position, depth - 1)
        if number := _NUMBER.match(text, position):
            end = number.end()
            if text[end : end + 1] and text[end] in "0123456789.eE+-_":
                raise JsonSyntaxError(f"found {quote(text[end])} inside a number", end)
            return Number(position, end, number[0])
        literal = _LITERALS.get(char)
        if literal is not None and text.startswith(literal, position):
            value_of = {"true": True, "false": False, "null": None}[literal]
            return Literal(position, position + len(literal), value_of)
        if not char:
            raise JsonSyntaxError("the text ends where a JSON value was expected", position)
        raise JsonSyntaxError(f"found {quote(char)}, expected a JSON value", position)

    def _array(self, start: int, depth: int) -> Array:
        items: list[Node] = []
        position = self.skip_space(start + 1)
        if self._text[position : position + 1] == "]":
            return Array(start, position + 1, ())
        while True:
            try:
                node = self.value(position, depth)
            except JsonSyntaxError as error:
                raise error.inside(len(items)) from None
            items.append(node)
            position = self.skip_space(node.end)
            char = self._text[position : position + 1]
            if char == "]":
                return Array(start, position + 1, tuple(items))
            if char != ",":
                raise self._unexpected(position, "`,` or `]`")
            position = self.skip_space(position + 1)

    def _object(self, start: int, depth: int) -> Object:
        members: dict[str, Node] = {}
        position = self.skip_space(start + 1)
        if self._text[position : position + 1] == "}":
            return Object(start, position + 1, members)
        while True:
            if self._text[position : position + 1] != '"':
                raise self._unexpected(position, "a member name in double quotes")
            name, end = self.string(position)
            if name in members:
                message = f"the member {quote(name)} is repeated"
                raise RepeatedNameError(message, position, path=(name,))
            position = self.skip_space(end)
            if self._text[position : position + 1] != ":":
                raise self._unexpected(position, "`:`")
            try:
                node = self.value(self.skip_space(position + 1), depth)
            except JsonSyntaxError as error:
                raise error.inside(name) from None
            members[name] = node
            position = self.skip_space(node.end)
            char = self._text[position : position + 1]
            if char == "}":
                return Object(start, position + 1, members)
            if char != ",":
                raise self._unexpected(position, "`,` or `}`")
            position = self.skip_space(position + 1)

    def string(self, start: int) -> tuple[str, int]:
        text = self._text
        parts: list[str] = []
        position = start + 1
        while True:
            if plain := _PLAIN.match(text, position):
                parts.append(plain[0])
                position = plain.end()
            char = text[position : position + 1]
            if char == '"':
                return "".join(parts), position + 1
            if char != "\\":
                raise self._unexpected(position, "the closing quote of a string")
            part, position = self._escape(position)
            parts.append(part)

    def _escape(self, start: int) -> tuple[str, int]:
        char = self._text[start + 1 : start + 2]
        if char in _ESCAPES:
            return _ESCAPES[char], start + 2
        if char != "u":
            raise self._unexpected(start + 1, "an escape")
        unit = self._unit(start + 2)
        end = start + 6
        if 0xD800 <= unit < 0xDC00 and self._text.startswith("\\u", end):
            low = self._unit(end + 2)
            if 0xDC00 <= low < 0xE000:
                return chr(0x10000 + ((unit - 0xD800) << 10) + (low - 0xDC00)), end + 6
        if 0xD800 <= unit < 0xE000:
            raise JsonSyntaxError("half of a surrogate pair is no character", start)
        return chr(unit), end

    def _unit(self, position: int) -> int:
        match = _HEX4.match(self._text, position)
        if match is None:
            raise self._unexpected(position, "four hexadecimal digits")
        return int(match[0], 16)

    def _unexpected(self, position: int, expected: str) -> JsonSyntaxError:
        found = self._text[position : position + 1]
        what = f"found {quote(found)}" if found else "the text ends"
        return JsonSyntaxError(f"{what}, expected {expected}", position)
