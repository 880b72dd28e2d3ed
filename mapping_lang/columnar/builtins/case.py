"""`lower`, `upper` and `initcap` by column (MAP-43, MAP-44, MAP-56)."""

from collections.abc import Sequence
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from mapping_lang.columnar.builtins.kernel import Kernel
from mapping_lang.columnar.column import Computed, Mask, Values, some
from mapping_lang.columnar.texts import (
    Suspects,
    as_bytes,
    buffer_of,
    bytes_from,
    bytes_of,
    class_of,
    compact,
    offsets_of,
    with_bytes,
)
from mapping_lang.plan import Apply
from mapping_lang.types.arrow.layout import Array
from mapping_lang.types.text.case import ARROW_LOWER_DIFFERS, ARROW_UPPER_DIFFERS, WHITE_SPACE

_LOWER_SUSPECTS: Final = Suspects(ARROW_LOWER_DIFFERS)
_UPPER_SUSPECTS: Final = Suspects(ARROW_UPPER_DIFFERS)


def lower(_: Apply) -> Kernel:
    return _lower


def _lower(arguments: Sequence[Values], _: int) -> Computed:
    (texts,) = arguments
    data = bytes_of(texts)
    if data.isascii():
        return Computed(pc.ascii_lower(texts))
    return Computed(pc.utf8_lower(texts), _suspicious(texts, data, _LOWER_SUSPECTS))


def upper(_: Apply) -> Kernel:
    return _upper


def _upper(arguments: Sequence[Values], _: int) -> Computed:
    (texts,) = arguments
    data = bytes_of(texts)
    if data.isascii():
        return Computed(pc.ascii_upper(texts))
    return Computed(pc.utf8_upper(texts), _suspicious(texts, data, _UPPER_SUSPECTS))


def _suspicious(texts: Array, data: bytes, suspects: Suspects) -> Array | None:
    if not suspects.may_be_in(data):
        return None
    return some(pc.match_substring_regex(texts, suspects.pattern))


# `initcap` changes single bytes: a letter of ASCII that begins a word. A byte begins a word if it
# is the first of a value or follows a separator of ASCII. Words that begin with another letter, and
# values with white space beyond ASCII, are left to the scalar function.

_SEPARATORS: Final = bytes(
    byte < 0x80 and not (chr(byte).isalnum() or byte == ord("_")) for byte in range(256)
)
_SPACES: Final = Suspects(class_of(char for char in WHITE_SPACE if not char.isascii()))
_OTHER_STARTS: Final = rf"(?:^|[\x00-/:-@\[-^`{{-\x7f])[^\x00-\x7f]|{_SPACES.pattern}"
_BEYOND_ASCII: Final = pa.scalar(0x80, pa.uint8())


def initcap(_: Apply) -> Kernel:
    return _initcap


def _initcap(arguments: Sequence[Values], _: int) -> Computed:
    texts = compact(arguments[0])
    buffer = buffer_of(texts)
    if not buffer.size:
        return Computed(texts)
    data: bytes = buffer.to_pybytes()
    octets = as_bytes(buffer)
    capitals = data.upper()
    # All bytes but the first, which begins a word.
    starts = _word_starts(texts, data, octets)
    changed = pc.if_else(starts, as_bytes(capitals)[1:], octets[1:])
    values = with_bytes(texts, capitals[:1] + bytes_from(changed))
    if data.isascii():
        return Computed(values)
    others = pc.and_(starts, pc.greater_equal(octets[1:], _BEYOND_ASCII))
    if data[0] < 0x80 and not others.true_count and not _SPACES.may_be_in(data):
        return Computed(values)
    return Computed(values, some(pc.match_substring_regex(texts, _OTHER_STARTS)))


def _word_starts(texts: Array, data: bytes, octets: Array) -> Mask:
    parents = pc.list_parent_indices(pa.ListArray.from_arrays(offsets_of(texts), octets))
    first_of_value = pc.not_equal(parents[1:], parents[:-1])
    separators = as_bytes(data.translate(_SEPARATORS)).cast(pa.bool_())
    return pc.or_(first_of_value, separators[:-1])
