"""How many members JSON text has, and how deep it nests: what fast decoders do not tell.

They keep the last of repeated members and pass over unknown ones. Whoever counts the members that
came out of a text, and those that stand in it, knows whether there were any of either.
"""

import json
from itertools import chain
from typing import Final

import msgspec
import pyarrow as pa
import pyarrow.compute as pc

_ARROW_BYTES: Final = 8_192
"""Text as long as this is scanned by Arrow: from here on its kernels are faster, measured."""

_BYTE: Final = pa.uint8()
_QUOTE: Final = pa.scalar(ord('"'), _BYTE)
_COLON: Final = pa.scalar(ord(":"), _BYTE)

# Numbers with a fraction are not converted: some are too large, and nobody asks for them.
_anything: Final = msgspec.json.Decoder(float_hook=len)


def distinct_members(text: bytes) -> tuple[int, int]:
    """Count the members of strict JSON text, repeated ones once, and the levels of nesting.

    Raises what msgspec raises: `MsgspecError`, `ValueError`, `RecursionError`.
    """
    members = depth = 0
    level = [_anything.decode(text)]
    while level:
        objects = [value for value in level if value.__class__ is dict]
        arrays = [value for value in level if value.__class__ is list]
        members += sum(map(len, objects))
        depth += bool(objects or arrays)
        level = [
            *chain.from_iterable(map(dict.values, objects)),
            *chain.from_iterable(arrays),
        ]
    return members, depth


def has_members(text: bytes, expected: int) -> bool:
    """Tell if valid JSON text has exactly as many members as were found in it, and no more.

    `expected` can never be more than there are. So where a cheap upper bound equals it, that is the
    answer, and nearly all text is done with there.
    """
    bound = _most_members(text)
    if bound == expected:
        return True
    if b"\\" in text:
        # Of `":` after one backslash, the quote is inside a string. After an even number of them it
        # ends a name, so what was taken off is put back; after three it then counts once too often.
        bound += text.count(b'\\\\":') - text.count(b'\\":')
    return bound == expected or _count_members(text) == expected


def _most_members(text: bytes) -> int:
    """Count the places where a colon follows a quote or white space.

    Every member has one. Strings may have some too, as those that begin with a colon do.
    """
    if len(text) < _ARROW_BYTES:
        found = text.count(b'":') + text.count(b" :")
        for space in (b"\n", b"\r", b"\t"):
            # Rare in text for machines, and found absent at no cost.
            if space in text:
                found += text.count(space + b":")
        return found
    # A quote is 0x22, white space is less, and so is only one other character: "!".
    pairs, buffer = len(text) - 1, pa.py_buffer(text)
    before = pa.Array.from_buffers(_BYTE, pairs, [None, buffer])
    after = pa.Array.from_buffers(_BYTE, pairs, [None, buffer], offset=1)
    both = pc.and_(pc.less_equal(before, _QUOTE), pc.equal(after, _COLON))
    count: int = both.true_count
    return count


def _count_members(text: bytes) -> int:
    counter = _Counter()
    json.loads(text, object_pairs_hook=counter.add, parse_int=len, parse_float=len)
    return counter.members


class _Counter:
    """Counts the members of every object and lets go of them."""

    __slots__ = ("members",)

    def __init__(self) -> None:
        self.members = 0

    def add(self, pairs: list[tuple[str, object]]) -> None:
        self.members += len(pairs)
