"""One record from its JSON text, by schema: as the API reads records (TYPE-64), and a little more.

What people have at hand was seldom written for a schema: members that are no property are left
out, integers of 64 bits may be numbers and decimals may be strings. The other way around, what the
runtime writes is always read.
"""

import re
from collections.abc import Callable, Iterator
from typing import Final, cast

import msgspec

from mapping_lang.types.codec.exact import check_size
from mapping_lang.types.codec.fast import ValueDecoder
from mapping_lang.types.json_shape import has_repeated_members
from mapping_lang.types.json_text import Array, Node, Number, Object, Text, decode_utf8, read
from mapping_lang.types.kinds import (
    ArrayType,
    DecimalType,
    IntType,
    MapType,
    ObjectType,
    Schema,
    Type,
)
from mapping_lang.types.values import Record, Value
from runtime.standalone.records.interface import Names

MAX_JSON_VALUES: Final = 500_000
"""Most JSON values of one record: each takes two hundred bytes while it is read."""

_MEMBERS: Final = msgspec.json.Decoder(dict[str, msgspec.Raw])
_INTEGER: Final = re.compile(r"-?[0-9]+")
_NUMBER: Final = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?")


class JsonReader:
    """Reads records of a schema, one text at a time."""

    def __init__(self, schema: Schema, ignored: Names) -> None:
        self._schema = schema
        self._decoder = ValueDecoder(schema)
        self._ignored = ignored
        self._respellings = {item.name: _respelling(item.type) for item in schema.properties}

    def read(self, text: bytes) -> Record:
        """Read one object, or raise a `ValueRefusedError`."""
        record = self._decoder.decode_usual(text)
        if record is None:
            record = self._read_respelled(text)
        if record is None:
            record = self._decoder.decode(self._adapted(text))
        return cast(Record, record)

    def _read_respelled(self, text: bytes) -> Value | None:
        """Read what is only unusual at its first level, ten times as fast as what is inside."""
        try:
            members = _MEMBERS.decode(text)
            if has_repeated_members(text):
                return None
        except (msgspec.MsgspecError, ValueError, RecursionError):
            return None
        ignored: list[str] = []
        parts: list[bytes] = []
        for name, raw in members.items():
            if name not in self._respellings:
                ignored.append(name)
                continue
            respell = self._respellings[name]
            parts.append(b'"%b":%b' % (name.encode(), raw if respell is None else respell(raw)))
        record = self._decoder.decode_usual(b"{%b}" % b",".join(parts))
        if record is not None:
            for name in ignored:
                self._ignored.add(name)
        return record

    def _adapted(self, text: bytes) -> bytes:
        check_size(text)
        decoded = decode_utf8(text)
        node = read(decoded, max_values=MAX_JSON_VALUES)
        return "".join(self._written(decoded, node, self._schema)).encode()

    def _written(self, text: str, node: Node, type_: Type, prefix: str = "") -> Iterator[str]:
        match type_, node:
            case ObjectType(), Object(members=members):
                separator = "{"
                for name, member in members.items():
                    known = type_.by_name.get(name)
                    if known is None:
                        self._ignored.add(prefix + name)
                        continue
                    yield f'{separator}"{name}":'
                    yield from self._written(text, member, known.type, f"{prefix}{name}.")
                    separator = ","
                yield "{}" if separator == "{" else "}"
            case MapType(element=element), Object(members=members):
                # A key is as long as what it is in; its spelling ends where its value begins.
                start = node.start
                for member in members.values():
                    yield text[start : member.start]
                    yield from self._written(text, member, element, prefix)
                    start = member.end
                yield text[start : node.end]
            case ArrayType(element=element), Array(items=items):
                start = node.start
                for item in items:
                    yield text[start : item.start]
                    yield from self._written(text, item, element, prefix)
                    start = item.end
                yield text[start : node.end]
            case IntType(bit_size=64), Number(spelling=spelling) if _INTEGER.fullmatch(spelling):
                yield f'"{spelling}"'
            case DecimalType(), Text(value=value) if _NUMBER.fullmatch(value):
                yield value
            case _:
                yield text[node.start : node.end]


def _respelling(type_: Type) -> Callable[[msgspec.Raw], bytes] | None:
    """Say how the text of a value becomes the one that the API reads, if some do not need to."""
    match type_:
        case IntType(bit_size=64):
            return lambda raw: (
                b'"%b"' % raw if _INTEGER.fullmatch(bytes(raw).decode()) else bytes(raw)
            )
        case DecimalType():
            return _unquoted
        case _:
            return None


def _unquoted(raw: msgspec.Raw) -> bytes:
    text = bytes(raw)
    is_number = text[:1] == b'"' and _NUMBER.fullmatch(text[1:-1].decode(errors="replace"))
    return text[1:-1] if is_number else text
