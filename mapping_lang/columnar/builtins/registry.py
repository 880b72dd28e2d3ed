"""Which builtins have kernels, and why the others do not."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

import pyarrow.compute as pc

from mapping_lang.columnar.builtins import case, containers, equality, length, pieces
from mapping_lang.columnar.builtins.kernel import Kernel, MakeKernel
from mapping_lang.columnar.column import Computed
from mapping_lang.plan import Apply


def _not(_: Apply) -> Kernel:
    return lambda arguments, _: Computed(pc.invert(arguments[0]))


BUILTIN_KERNELS: Final[Mapping[str, MakeKernel]] = MappingProxyType(
    {
        "array": containers.array,
        "eq": equality.eq,
        "initcap": case.initcap,
        "len": length.length,
        "lower": case.lower,
        "ltrim": pieces.ltrim,
        "map": containers.map_,
        "ne": equality.ne,
        "not": _not,
        "rtrim": pieces.rtrim,
        "substring": pieces.substring,
        "trim": pieces.trim,
        "upper": case.upper,
    }
)

DOUBTS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "lower": "the characters that Arrow maps by a newer Unicode, or to another one",
        "upper": "the characters that Arrow maps by a newer Unicode, or to another one",
        "initcap": "words that begin with a letter beyond ASCII, white space beyond ASCII",
        "eq": "what the conversion of the first argument leaves; arrays, maps and objects",
        "ne": "what the conversion of the first argument leaves; arrays, maps and objects",
        "len": "numbers whose text the kernel leaves; JSON values and objects",
        "substring": "a start or a length that is not constant, a negative length",
    }
)
"""What kernels leave to the scalar function."""

BUILTIN_FALLBACKS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "json_parse": "Arrow does not read JSON strictly: repeated members, exact numbers, depth",
    }
)
"""Why builtins have no kernel."""
