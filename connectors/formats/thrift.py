"""Thrift in its compact form: numbers are kept with the structures around them, and no more."""

import io
from collections.abc import Mapping
from typing import Final, TypeAlias, final

_MAX_DEPTH: Final = 16

_TRUE, _FALSE, _BYTE, _I16, _I32, _I64, _DOUBLE, _BINARY, _LIST, _SET, _MAP, _STRUCT = range(1, 13)
_LONG_LIST: Final = 15
"""Where a list says of itself that its length follows."""

Value: TypeAlias = "int | Struct | list[Struct]"
Struct: TypeAlias = Mapping[int, "Value"]
"""The members of a structure by their numbers."""


class ThriftError(Exception):
    """What is no Thrift."""


class ShortError(ThriftError):
    """Thrift of which not all is there."""


@final
class Reader:
    """Reads structures one after the other."""

    def __init__(self, data: bytes) -> None:
        self._data = io.BytesIO(data)
        self._size = len(data)

    @property
    def at(self) -> int:
        """How many bytes have been read."""
        return self._data.tell()

    def struct(self, depth: int = 0) -> Struct:
        """Read a structure; raises `ThriftError`."""
        if depth > _MAX_DEPTH:
            raise ThriftError("it is nested too deeply")
        found: dict[int, Value] = {}
        member = 0
        while kind := self._byte():
            step = kind >> 4
            member = member + step if step else self._zigzag()
            value = self._value(kind & 15, depth)
            if value is not None:
                found[member] = value
        return found

    def _value(self, kind: int, depth: int) -> "Value | None":
        if kind in (_TRUE, _FALSE):
            return None
        if kind in (_I16, _I32, _I64):
            return self._zigzag()
        if kind == _STRUCT:
            return self.struct(depth + 1)
        if kind in (_LIST, _SET):
            return self._list(depth)
        if kind == _BYTE:
            self._skip(1)
        elif kind == _DOUBLE:
            self._skip(8)
        elif kind == _BINARY:
            self._skip(self._varint())
        else:
            raise ThriftError(f"it has a member of the type {kind}")
        return None

    def _list(self, depth: int) -> "list[Struct] | None":
        """Read a list; only structures are kept of it."""
        if depth > _MAX_DEPTH:
            raise ThriftError("it is nested too deeply")
        head = self._byte()
        kind, length = head & 15, head >> 4
        if length == _LONG_LIST:
            length = self._varint()
        if length > self._size - self.at:
            raise ShortError("it ends in the middle")
        if kind == _STRUCT:
            return [self.struct(depth + 1) for _ in range(length)]
        for _ in range(length):
            if kind in (_TRUE, _FALSE):
                self._skip(1)
            else:
                self._value(kind, depth + 1)
        return None

    def _byte(self) -> int:
        found = self._data.read(1)
        if not found:
            raise ShortError("it ends in the middle")
        return found[0]

    def _skip(self, size: int) -> None:
        if size > self._size - self.at:
            raise ShortError("it ends in the middle")
        self._data.seek(size, io.SEEK_CUR)

    def _varint(self) -> int:
        value = shift = 0
        while True:
            byte = self._byte()
            value |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                return value
            if shift > 63:
                raise ThriftError("it has a number of more than 64 bits")

    def _zigzag(self) -> int:
        value = self._varint()
        return (value >> 1) ^ -(value & 1)


def count(found: Struct, member: int) -> int:
    """Give a number that cannot be negative; raises `ThriftError` if it is none."""
    value = found.get(member)
    if not isinstance(value, int) or value < 0:
        raise ThriftError(f"its member {member} is {value}")
    return value
