"""The page that tells which kernels there are, and why the rest runs its scalar function."""

from collections.abc import Iterator, Mapping
from typing import Final

from mapping_lang.builtins.registry import BUILTINS
from mapping_lang.builtins.signature import Laziness
from mapping_lang.columnar.builtins import registry as builtins
from mapping_lang.columnar.conversions import registry as conversions
from mapping_lang.types.kinds import KIND_NAMES, Type

_HEAD: Final = """\
# Mappings by columns

Written by `bin/docs` from the registries in `mapping_lang/columnar`.

A kernel computes a whole column and marks the values on which it is not known to give what the
scalar function gives. The scalar function then decides those, one by one, where the expression is
evaluated at all; a record of which it refuses a value goes through the scalar program, which says
why the record is rejected. What has no kernel runs its scalar function over the column, or over its
distinct values where they are few. The results are the same.

Guards look for a proof about the whole column first: which bytes occur in its text at all, whether
all values are equally long, the least and the greatest value. Only where there is none do they look
at single values.
"""

_CONVERSIONS: Final = """
## Conversions

`K` is a kernel, `s` the scalar function, a blank is no conversion. Equal types need neither.
"""

_LAZY: Final = "kernel; what a branch that is not taken would refuse does not count"


def reference() -> str:
    """Give the whole page."""
    lines = [
        _HEAD + _CONVERSIONS,
        *_matrix(),
        "",
        "What kernels leave to the scalar function, besides the values that are refused:",
        "",
        "| from | to | left to the scalar function |",
        "|---|---|---|",
        *_pairs(conversions.DOUBTS),
        "",
        "Why the rest has no kernel:",
        "",
        "| from | to | reason |",
        "|---|---|---|",
        *_pairs(conversions.CONVERSION_FALLBACKS),
        f"| any | time layouts | {conversions.LAYOUT_FALLBACK} |",
        "",
        "## Functions",
        "",
        "| function | by columns | left to the scalar function |",
        "|---|---|---|",
        *_functions(),
        "| joining texts | kernel | |",
        "| members of objects and maps | kernel | |",
        "| members of JSON | one call for all values and members | all, if one is no object |",
        "",
    ]
    return "\n".join(lines)


def _matrix() -> Iterator[str]:
    yield f"| from \\ to | {' | '.join(KIND_NAMES.values())} |"
    yield "|---" * (len(KIND_NAMES) + 1) + "|"
    for source, name in KIND_NAMES.items():
        cells = [_cell(source, target) for target in KIND_NAMES]
        yield f"| {name} | {' | '.join(cells)} |"


def _cell(source: type[Type], target: type[Type]) -> str:
    if (source, target) in conversions.CONVERSION_KERNELS:
        return "K"
    return "s" if (source, target) in conversions.CONVERSION_FALLBACKS else ""


def _pairs(table: Mapping[tuple[type[Type], type[Type]], str]) -> Iterator[str]:
    for (source, target), text in table.items():
        yield f"| {KIND_NAMES[source]} | {KIND_NAMES[target]} | {text} |"


def _functions() -> Iterator[str]:
    for builtin in BUILTINS:
        name = builtin.name
        if isinstance(builtin.body, Laziness):
            how, rest = _LAZY, ""
        elif name in builtins.BUILTIN_KERNELS:
            how, rest = "kernel", builtins.DOUBTS.get(name, "")
        else:
            how, rest = "scalar function", builtins.BUILTIN_FALLBACKS[name]
        yield f"| `{name}` | {how} | {rest} |"
