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
