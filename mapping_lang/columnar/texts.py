"""What the bytes of a column of text prove about all of its values at once.

A look at every value costs tens of nanoseconds; to find out whether some byte occurs anywhere
costs a fraction of one.
"""

import functools
import re
from collections.abc import Iterable, Iterator
from typing import Any, Final, final

import pyarrow as pa
import pyarrow.compute as pc

from mapping_lang.types.arrow.layout import Array

_CODE_POINTS: Final = re.compile(r"\\x\{([0-9A-F]+)\}(?:-\\x\{([0-9A-F]+)\})?")
_UINT8: Final = pa.uint8()
_INT8: Final = pa.int8()
_INT32: Final = pa.int32()


def offsets_of(texts: Array) -> Array:
    """Give where the values begin in the buffer of bytes, and where the last one ends."""
    return pa.Array.from_buffers(
        _INT32, len(texts) + 1, [None, texts.buffers()[1]], offset=texts.offset
    )


def buffer_of(texts: Array) -> pa.Buffer:
    """Give the bytes of all values of a column that is not empty, without copying.

    Bytes below nulls are among them.
    """
    offsets = offsets_of(texts)
    start: int = offsets[0].as_py()
    data = texts.buffers()[2]
    return pa.py_buffer(b"") if data is None else data.slice(start, offsets[-1].as_py() - start)


def bytes_of(texts: Array) -> bytes:
    """Give the bytes of all values of a column that is not empty; see `buffer_of`."""
    data: bytes = buffer_of(texts).to_pybytes()
    return data


def as_bytes(data: bytes | pa.Buffer) -> Array:
    """Give bytes as a column of numbers, so that kernels can look at them."""
    buffer = data if isinstance(data, pa.Buffer) else pa.py_buffer(data)
    return pa.Array.from_buffers(_UINT8, buffer.size, [None, buffer])


def bytes_from(octets: Array) -> bytes:
    """Give a column of numbers without nulls as bytes."""
    size = len(octets)
    data: bytes = octets.buffers()[1].slice(octets.offset, size).to_pybytes()
    return data


def compact(texts: Array) -> Array:
    """Give a column whose values begin at the start of its buffers: itself, or else a copy."""
    if texts.offset or offsets_of(texts)[0].as_py():
        return pa.concat_arrays([texts])
    return texts


def with_bytes(texts: Array, data: bytes) -> Array:
    """Give a compact column other bytes: as many to every value as it had."""
    validity, offsets, _ = texts.buffers()
    return pa.Array.from_buffers(
        texts.type, len(texts), [validity, offsets, pa.py_buffer(data)], texts.null_count
    )


def extremes_of(values: Array) -> tuple[Any, Any]:
    """Give the least and the greatest value, None if there is none; NaN does not count."""
    found = pc.min_max(values)
    return found["min"].as_py(), found["max"].as_py()


@final
class Texts:
    """A column of texts of which none is null and none is empty; there is at least one."""

    __slots__ = ("_data", "_offsets", "array", "longest", "shortest")

    def __init__(self, array: Array, shortest: int, longest: int) -> None:
        self.array = array
        self.shortest = shortest
        """In bytes."""
        self.longest = longest
        self._data: bytes | None = None
        self._offsets: Array | None = None

    @property
    def data(self) -> bytes:
        """The bytes of all values, one after the other."""
        if self._data is None:
            self._data = bytes_of(self.array)
        return self._data

    def has(self, position: int, byte: bytes) -> bool:
        """Tell if all values have a byte at a position, which may be counted from the end.

        Values that are too short may seem to have it.
        """
        length = self.longest
        if self.shortest == length:
            return self.data[position % length :: length] == byte * len(self.array)
        return extremes_of(self.at(position)) == (byte[0], byte[0])

    def where(self, position: int, bytes_: bytes) -> Array:
        """Tell which values have one of some bytes at a position; see `has`."""
        at = self.at(position)
        first, *others = (pc.equal(at, pa.scalar(byte, _UINT8)) for byte in bytes_)
        return functools.reduce(pc.or_, others, first)

    def where_between(self, position: int, first: str, last: str) -> Array:
        """Tell which values have a character of a range of ASCII at a position; see `has`."""
        # Bytes below the first one wrap around and become large.
        distance = pc.subtract(self.at(position), pa.scalar(ord(first), _UINT8))
        return pc.less_equal(distance, pa.scalar(ord(last) - ord(first), _UINT8))

    def where_longer(self, length: int) -> Array:
        """Tell which values have at least so many bytes."""
        return pc.greater_equal(pc.binary_length(self.array), pa.scalar(length, _INT32))

    def at(self, position: int) -> Array:
        """Give the byte that every value has at a position, which may be counted from the end.

        Of a value that is too short, it is a byte of another value.
        """
        if self._offsets is None:
            self._offsets = offsets_of(self.array)
        octets = as_bytes(self.array.buffers()[2])
        if position < 0:
            places = pc.add(self._offsets[1:], pa.scalar(position, _INT32))
            if self.shortest < -position:
                places = pc.max_element_wise(places, pa.scalar(0, _INT32))
        else:
            places = self._offsets[:-1]
            if position:
                places = pc.add(places, pa.scalar(position, _INT32))
            if self.shortest <= position:
                places = pc.min_element_wise(places, pa.scalar(len(octets) - 1, _INT32))
        return octets.take(places)


@final
class Octets:
    """The bytes of all values of a column that is not empty, and what they have in common."""

    __slots__ = ("_least", "_most", "buffer", "data")

    def __init__(self, texts: Array) -> None:
        self.buffer = buffer_of(texts)
        self.data: bytes = self.buffer.to_pybytes()
        self._least = 0
        self._most = 0

    @property
    def is_ascii(self) -> bool:
        """Tell if all characters are ASCII."""
        return self.data.isascii()

    @property
    def least(self) -> int:
        """The least byte of all."""
        least: int = pc.min(as_bytes(self.buffer)).as_py()
        return least

    def has_pair(self, starts: dict[int, frozenset[int]]) -> bool:
        """Tell if both bytes of any pair occur; neither is ASCII."""
        if not self._most:
            octets = as_bytes(self.buffer)
            # As signed numbers, the bytes of ASCII come after all others.
            self._least = pc.min(octets.view(_INT8)).as_py() + 0x100
            self._most = pc.max(octets).as_py()
        least, most, data = self._least, self._most, self.data
        return any(
            start <= most and start in data and any(end >= least and end in data for end in ends)
            for start, ends in starts.items()
        )


@final
class Suspects:
    """Characters beyond ASCII that a column should not have, for a guard over the whole of it."""

    __slots__ = ("_ends_by_start", "pattern")

    def __init__(self, characters: Iterable[str]) -> None:
        ends: dict[int, set[int]] = {}
        listed: list[str] = []
        for char in characters:
            encoded = char.encode()
            ends.setdefault(encoded[0], set()).add(encoded[-1])
            listed.append(f"\\x{{{ord(char):X}}}")
        self._ends_by_start = {start: frozenset(found) for start, found in ends.items()}
        self.pattern = f"[{''.join(listed)}]"
        """A class of RE2, to find them in single values."""

    def may_be_in(self, octets: Octets) -> bool:
        """Tell if any of them may occur; False is certain."""
        return not octets.is_ascii and octets.has_pair(self._ends_by_start)


def characters_of(pattern: str) -> Iterator[str]:
    """List the characters of a class of RE2 that is written in code points only."""
    for first, last in _CODE_POINTS.findall(pattern):
        yield from map(chr, range(int(first, 16), int(last or first, 16) + 1))
