"""What a kernel of a builtin is."""

from collections.abc import Callable, Sequence
from typing import TypeAlias

from mapping_lang.columnar.column import Computed, Values
from mapping_lang.plan import Apply

Kernel: TypeAlias = Callable[[Sequence[Values], int], Computed]
"""Computes a call from the values of its arguments and the number of records.

At least one argument of a strict builtin is an array, because the rest is computed when a mapping
is compiled. Nulls are never doubtful.
"""

MakeKernel: TypeAlias = Callable[[Apply], Kernel | None]
"""Makes the kernel of a call; None if the types or constants of its arguments have none."""
