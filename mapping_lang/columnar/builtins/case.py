"""`lower`, `upper` and `initcap` by column (MAP-43, MAP-44, MAP-56)."""

import functools
from collections.abc import Callable, Sequence
from typing import Any, Final, TypeAlias

import pyarrow as pa
import pyarrow.compute as pc

from mapping_lang.columnar.builtins.kernel import Kernel
from mapping_lang.columnar.column import Computed, Mask, Values, some
from mapping_lang.columnar.texts import (
    Octets,
    Suspects,
    as_bytes,
    bytes_from,
    characters_of,
    compact,
    offsets_of,
    with_bytes,
)
from mapping_lang.plan import Apply
from mapping_lang.types.arrow.layout import Array
from mapping_lang.types.text.case import (
    ARROW_LOWER_DIFFERS,
    ARROW_UPPER_DIFFERS,
    CHANGED_BY_LOWER,
    CHANGED_BY_UPPER,
    WHITE_SPACE,
)

_Map: TypeAlias = Callable[[Array], Any]


def lower(_: Apply) -> Kernel:
    return _mapping(CHANGED_BY_LOWER, pc.ascii_lower, pc.utf8_lower, ARROW_LOWER_DIFFERS)


def upper(_: Apply) -> Kernel:
    return _mapping(CHANGED_BY_UPPER, pc.ascii_upper, pc.utf8_upper, ARROW_UPPER_DIFFERS)


@functools.lru_cache(maxsize=2)
def _mapping(changed: str, of_ascii: _Map, of_all: _Map, arrow_differs: str) -> Kernel:
    changing = Suspects(changed)
    differing = Suspects(characters_of(arrow_differs))

    def kernel(arguments: Sequence[Values], _: int) -> Computed:
        (texts,) = arguments
        octets = Octets(texts)
        if not changing.may_be_in(octets):
            # Many times as fast, and right: it leaves the other characters alone.
            return Computed(of_ascii(texts))
        if not differing.may_be_in(octets):
            return Computed(of_all(texts))
        doubt = some(pc.match_substring_regex(texts, differing.pattern))
        return Computed(of_all(texts), doubt)

    return kernel


# `initcap` changes single bytes: a letter of ASCII that begins a word. A byte begins a word if it
# is the first of a value or follows a separator of ASCII. Words that begin with another letter, and
# values with white space beyond ASCII, are left to the scalar function.

_SEPARATORS: Final = bytes(
    byte < 0x80 and not (chr(byte).isalnum() or byte == ord("_")) for byte in range(256)
)
_SPACES: Final = Suspects(char for char in WHITE_SPACE if not char.isascii())
_OTHER_STARTS: Final = rf"(?:^|[\x00-/:-@\[-^`{{-\x7f])[^\x00-\x7f]|{_SPACES.pattern}"
_BEYOND_ASCII: Final = pa.scalar(0x80, pa.uint8())


def initcap(_: Apply) -> Kernel:
    return _initcap


def _initcap(arguments: Sequence[Values], _: int) -> Computed:
    texts = compact(arguments[0])
    octets = Octets(texts)
    data, numbers = octets.data, as_bytes(octets.buffer)
    if not data:
        return Computed(texts)
    capitals = data.upper()
    # All bytes but the first, which begins a word.
    starts = _word_starts(texts, data, numbers)
    changed = pc.if_else(starts, as_bytes(capitals)[1:], numbers[1:])
    values = with_bytes(texts, capitals[:1] + bytes_from(changed))
    if octets.is_ascii:
        return Computed(values)
    others = pc.and_(starts, pc.greater_equal(numbers[1:], _BEYOND_ASCII))
    if data[0] < 0x80 and not others.true_count and not _SPACES.may_be_in(octets):
        return Computed(values)
    return Computed(values, some(pc.match_substring_regex(texts, _OTHER_STARTS)))


def _word_starts(texts: Array, data: bytes, numbers: Array) -> Mask:
    parents = pc.list_parent_indices(pa.ListArray.from_arrays(offsets_of(texts), numbers))
    first_of_value = pc.not_equal(parents[1:], parents[:-1])
    separators = data.translate(_SEPARATORS)
    if b"\1" not in separators:
        return first_of_value
    return pc.or_(first_of_value, as_bytes(separators).cast(pa.bool_())[:-1])
