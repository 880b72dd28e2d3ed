"""What a kernel of a conversion is, and what most of them share."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any, TypeAlias

import pyarrow as pa
import pyarrow.compute as pc

from mapping_lang.columnar.column import (
    Computed,
    Mask,
    blank,
    either,
    none_but,
    nowhere,
    some,
    spread,
)
from mapping_lang.columnar.texts import Texts, extremes_of
from mapping_lang.types.arrow.layout import Array
from mapping_lang.types.kinds import Type

ConversionKernel: TypeAlias = Callable[[Array], Computed]
"""Converts a column with null allowed. Null gives null, and is never doubtful."""

MakeConversion: TypeAlias = Callable[[Any, Any], ConversionKernel | None]
"""Makes the kernel for a source and a target; None if these have none."""

Read: TypeAlias = Callable[[Texts], Computed]
"""Reads texts of which none is null or empty."""


def reading(read: Read, target: Type, *, empty_is_null: bool = True) -> ConversionKernel:
    """Read the texts of a column; the empty ones are null (MAP-63), or else doubtful."""

    def kernel(array: Array) -> Computed:
        count = len(array)
        sizes = pc.binary_length(array)
        shortest, longest = extremes_of(sizes)
        if shortest and not array.null_count:
            return read(Texts(array, shortest, longest))
        filled = pc.greater(sizes, 0)
        empty = None if empty_is_null else none_but(filled)
        present = some(filled)
        if present is None:
            return Computed(blank(count, target), empty)
        shortest = shortest or pc.min(sizes.filter(present)).as_py()
        done = read(Texts(array.filter(present), shortest, longest))
        doubt = None if done.doubt is None else some(spread(done.doubt, present))
        return Computed(spread(done.values, present), either(doubt, empty))

    return kernel


Cast: TypeAlias = Callable[[Array], Array]


def cast_to(type_: pa.DataType) -> Cast:
    """Give the cast to a type."""
    return lambda array: array.cast(type_)


def attempt(cast: Cast, array: Array) -> Computed | None:
    """Cast a column; None if that fails, as it does for one bad value."""
    try:
        return Computed(cast(array))
    except pa.ArrowInvalid:
        return None


def cast_shaped(array: Array, shape: str, cast: Cast) -> Computed:
    """Cast the texts of a shape, for when a cast of the whole column fails or proves nothing.

    The shape has to promise that the cast succeeds; if it does not, all is doubtful.
    """
    shaped = pc.match_substring_regex(array, shape)
    done = attempt(cast, array.filter(shaped))
    if done is None:
        shaped = nowhere(len(array))
        done = Computed(cast(array[:0]))
    return Computed(spread(done.values, shaped), none_but(shaped))


def within(done: Computed, low: float | Decimal, high: float | Decimal) -> Computed:
    """Doubt what is out of bounds; the bounds are values of the column's type, and NaN is in it."""
    least, most = extremes_of(done.values)
    if least is None or (low <= least and most <= high):
        return done
    values = done.values
    above = pc.greater_equal(values, pa.scalar(low, values.type))
    inside = pc.and_(above, pc.less_equal(values, pa.scalar(high, values.type)))
    return only(done, inside)


def only(done: Computed, sure: Mask) -> Computed:
    """Doubt all but what is sure; null is never doubtful."""
    doubt = none_but(sure)
    if doubt is None:
        return done
    values = pc.if_else(doubt, pa.scalar(None, done.values.type), done.values)
    return Computed(values, either(done.doubt, doubt))


def chained(
    first: ConversionKernel | None, second: ConversionKernel | None
) -> ConversionKernel | None:
    """Give one kernel after the other; None if there are not both."""
    if first is None or second is None:
        return None

    def kernel(array: Array) -> Computed:
        done = first(array)
        last = second(done.values)
        return Computed(last.values, either(done.doubt, last.doubt))

    return kernel
