"""The page that tells which kernels there are, and why the rest runs its scalar function."""

from typing import Final

from mapping_lang.builtins.registry import BUILTINS
from mapping_lang.builtins.signature import Laziness
from mapping_lang.columnar.builtins.registry import BUILTIN_KERNELS
from mapping_lang.columnar.conversions.registry import CONVERSION_KERNELS
from mapping_lang.types.convert.table import can_convert
from mapping_lang.types.kinds import (
    BooleanType,
    DatetimeType,
    DateType,
    DecimalType,
    FloatType,
    IntType,
    IpType,
    JsonType,
    StringType,
    TimeType,
    Type,
    UuidType,
    YearType,
    kind_name,
)

_HEAD: Final = """\
# Mappings by columns

Written by `bin/docs` from the registries in `mapping_lang/columnar`.

A kernel computes a column at a time and marks the records on which it is not known to give what the
scalar function gives; those go through the scalar program. What has no kernel runs its scalar
function over the column, or over its distinct values where they are few. Results are the same.

## Conversions

`K` is a kernel, `s` the scalar function, a blank is no conversion. Equal types need neither.

A kernel may still give up on a type: decimals of more than 38 digits, strings with a pattern. From
and to containers of different types there is only the scalar function: their parts are converted
with null refused, by purpose and by property, and one bad part refuses the whole. So there is for
what time layouts write, and for floats to decimals, which round the exact binary value.
"""

_SCALARS: Final[tuple[Type, ...]] = (
    StringType(),
    BooleanType(),
    IntType(8),
    FloatType(64),
    DecimalType(10, 2),
    DatetimeType(),
    DateType(),
    TimeType(),
    YearType(),
    UuidType(),
    JsonType(),
    IpType(),
)

_NO_KERNEL: Final = {
    "json_parse": "Arrow does not read JSON text strictly: repeated members, exact numbers",
}
"""Builtins with arguments that have no kernel, and why."""


def reference() -> str:
    """Give the whole page."""
    return "\n".join([_HEAD, *_conversions(), "", "## Functions", "", *_builtins(), ""])


def _conversions() -> list[str]:
    names = [kind_name(type_) for type_ in _SCALARS]
    lines = [f"| from \\ to | {' | '.join(names)} |", "|---" * (len(names) + 1) + "|"]
    for source in _SCALARS:
        cells = [_cell(source, target) for target in _SCALARS]
        lines.append(f"| {kind_name(source)} | {' | '.join(cells)} |")
    return lines


def _cell(source: Type, target: Type) -> str:
    if not can_convert(source, target):
        return ""
    return "K" if (type(source), type(target)) in CONVERSION_KERNELS else "s"


def _builtins() -> list[str]:
    lines = ["| function | by columns |", "|---|---|"]
    for builtin in BUILTINS:
        if builtin.name in BUILTIN_KERNELS:
            how = "kernel"
        elif isinstance(builtin.body, Laziness):
            how = "kernel; what a branch that is not taken would refuse does not count"
        else:
            how = f"scalar function: {_NO_KERNEL[builtin.name]}"
        lines.append(f"| `{builtin.name}` | {how} |")
    lines.append("| joining texts | kernel |")
    lines.append("| members of JSON | scalar function, by distinct values where they are few |")
    return lines
