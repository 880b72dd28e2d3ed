"""What JSON text is made of: repeated members, and depth. Fast decoders tell neither.

They keep the last of repeated members and pass over unknown ones. Whoever counts the members that
came out of a text, and those that stand in it, knows whether there were any of either. Counting
exactly takes longer than decoding, so places that look like members are counted first.
"""

import json
from collections.abc import Iterator
from itertools import chain
from typing import Any, Final

import msgspec
import pyarrow as pa
import pyarrow.compute as pc

_ARROW_BYTES: Final = 8_192
"""Text as long as this is scanned by Arrow: from here on its kernels are faster, measured."""

_CHUNK_PAIRS: Final = 65_536
"""Pairs of bytes scanned at once: what kernels leave behind stays in the inner caches."""

_PAIR: Final = pa.uint16()
_FIRST_PAIR: Final = pa.scalar(ord(":") << 8, _PAIR)
_MOST_ABOVE: Final = pa.scalar(ord('"'), _PAIR)

# Numbers with a fraction are not converted: some are too large, and nobody asks for them.
_anything: Final = msgspec.json.Decoder(float_hook=len)


def has_repeated_members(text: bytes) -> bool:
    """Tell if an object in JSON text, which is checked strictly, has two members of one name.

    Raises what msgspec raises: `MsgspecError`, `ValueError`, `RecursionError`.
    """
    value = _anything.decode(text)
    if b"{" not in text:
        return False
    # Repeated members are missing in what is written again, and with each of them a colon at least.
    # Only escapes could make up for that: a colon can be spelled with one.
    if b"\\" not in text and text.count(b":") == msgspec.json.encode(value).count(b":"):
        return False
    return _count_members(text) != sum(map(len, chain.from_iterable(_objects_by_level(value))))


def has_members(text: bytes, expected: int, *, parts: bytes = b"", colons: int = 0) -> bool:
    """Tell if valid JSON text has as many members as were found in it, and no more.

    To the `expected` number belong those in `parts`, which are parts of the text, as they are.
    `colons` is how many there are in some strings outside of the parts, if that is known.
    """
    # Each way of counting counts every member, and some a place in a string too. What is in the
    # parts cancels out; of the rest, no fewer are counted than there are, nor are there fewer than
    # were found. So as soon as one count is equal, there are no more.
    if colons and b"\\" not in text and text.count(b":") == expected + colons + parts.count(b":"):
        # Where times have a type of their own, other strings seldom have colons.
        return True
    return any(count(text) == expected + count(parts) for count in _COUNTS)


def nests_deeper(text: str, levels: int) -> bool:
    """Tell if valid JSON text has arrays and objects nested in more levels."""
    if len(text) <= 2 * levels or text.count("[") + text.count("{") <= levels:
        return False
    return sum(1 for _ in _objects_by_level(_anything.decode(text))) > levels


def _objects_by_level(value: object) -> Iterator[list[dict[str, object]]]:
    """Give the objects of each level, the outermost first, as long as there are arrays or objects.

    Values are found by their class, since that is a third faster than by `isinstance`.
    """
    level: list[Any] = [value]
    while True:
        objects = [value for value in level if value.__class__ is dict]
        arrays = [value for value in level if value.__class__ is list]
        if not objects and not arrays:
            return
        yield objects
        level = [
            *chain.from_iterable(map(dict.values, objects)),
            *chain.from_iterable(arrays),
        ]


def _places(text: bytes) -> int:
    """Count the places where a colon follows a quote or white space, as in every member."""
    if len(text) < _ARROW_BYTES:
        found = text.count(b'":') + text.count(b" :")
        for space in (b"\n", b"\r", b"\t"):
            # Rare in text for machines, and found absent at no cost.
            if space in text:
                found += text.count(space + b":")
        return found
    # Two bytes at a time, from the first on and from the second on; the first of the two is the low
    # half of a number. A quote is 0x22, white space is less, and so is only one other: "!".
    found = 0
    for shifted in (text, text[1:]):
        buffer, pairs = pa.py_buffer(shifted), len(shifted) // 2
        for start in range(0, pairs, _CHUNK_PAIRS):
            size = min(_CHUNK_PAIRS, pairs - start)
            chunk = pa.Array.from_buffers(_PAIR, size, [None, buffer], offset=start)
            # Pairs that end otherwise wrap around, or are too large.
            found += pc.less_equal(pc.subtract(chunk, _FIRST_PAIR), _MOST_ABOVE).true_count
    return found


def _places_outside(text: bytes) -> int:
    """Count them without those after an escaped quote, which is inside a string."""
    found = _places(text)
    if b"\\" in text:
        # After an even number of backslashes the quote ends a name, and is put back; after an odd
        # number from three on it is counted once too often.
        found += text.count(b'\\\\":') - text.count(b'\\":')
    return found


def _count_members(text: bytes) -> int:
    """Count members one by one."""
    counter = _Counter()
    if text:
        json.loads(text, object_pairs_hook=counter.add, parse_int=len, parse_float=len)
    return counter.members


class _Counter:
    """Counts the members of every object and lets go of them."""

    __slots__ = ("members",)

    def __init__(self) -> None:
        self.members = 0

    def add(self, pairs: list[tuple[str, object]]) -> None:
        self.members += len(pairs)


_COUNTS: Final = (_places, _places_outside, _count_members)
"""From the fastest to the exact one: each counts all members, and fewer and fewer other places."""
