"""`trim`, `ltrim`, `rtrim` and `substring` by column (MAP-45, MAP-57)."""

from collections.abc import Callable, Sequence
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from mapping_lang.columnar.builtins.kernel import Kernel
from mapping_lang.columnar.column import Computed, Values
from mapping_lang.columnar.texts import Octets, Suspects, bytes_of
from mapping_lang.plan import Apply, Constant
from mapping_lang.types.text.case import WHITE_SPACE

_ASCII_SPACE: Final = "".join(char for char in WHITE_SPACE if char.isascii())
_WIDE_SPACES: Final = Suspects(char for char in WHITE_SPACE if not char.isascii())
_MAX_BINARY_SLICE: Final = 256
"""Arrow reserves this much for every value; without a limit it even overflows."""

_Trim = Callable[..., Any]


def trim(_: Apply) -> Kernel:
    return _trimming(pc.ascii_trim, pc.utf8_trim)


def ltrim(_: Apply) -> Kernel:
    return _trimming(pc.ascii_ltrim, pc.utf8_ltrim)


def rtrim(_: Apply) -> Kernel:
    return _trimming(pc.ascii_rtrim, pc.utf8_rtrim)


def _trimming(ascii_trim: _Trim, utf8_trim: _Trim) -> Kernel:
    def kernel(arguments: Sequence[Values], _: int) -> Computed:
        (texts,) = arguments
        # Always with our own set of characters: Arrow's also has U+001C to U+001F.
        if _WIDE_SPACES.may_be_in(Octets(texts)):
            return Computed(utf8_trim(texts, characters=WHITE_SPACE))
        return Computed(ascii_trim(texts, characters=_ASCII_SPACE))

    return kernel


def substring(call: Apply) -> Kernel | None:
    _, *rest = call.arguments
    numbers = [item.value for item in rest if isinstance(item, Constant)]
    if len(numbers) < len(rest) or not all(isinstance(number, int) for number in numbers):
        return None
    start, *length = [number for number in numbers if isinstance(number, int)]
    begin = max(start, 1) - 1
    if not length:
        return lambda arguments, _: Computed(pc.utf8_slice_codeunits(arguments[0], start=begin))
    if length[0] < 0:
        return None
    stop = begin + length[0]

    def kernel(arguments: Sequence[Values], _: int) -> Computed:
        texts = arguments[0]
        if stop <= _MAX_BINARY_SLICE and bytes_of(texts).isascii():
            # Every character is one byte.
            sliced = pc.binary_slice(texts.view(pa.binary()), start=begin, stop=stop)
            return Computed(sliced.view(pa.string()))
        return Computed(pc.utf8_slice_codeunits(texts, start=begin, stop=stop))

    return kernel
