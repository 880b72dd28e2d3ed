"""What a kernel of a conversion is, and what most of them share."""

from collections.abc import Callable
from dataclasses import dataclass
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
        doubt = either(_spread_mask(done.doubt, present), empty)
        return Computed(spread(done.values, present), doubt)

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


@dataclass(frozen=True, slots=True)
class Shape:
    """Texts that a cast takes, and which are read as we read them.

    A cast fails as a whole for one bad value, so what is bad has to be found before. `likely` finds
    it by a few bytes of every value: among the values that it marks, the cast takes none that it
    should not, but may fail. `sure` is a regular expression, several times as slow; what matches is
    always taken.
    """

    cast: Cast
    likely: Callable[[Texts], Mask]
    sure: str

    def read(self, texts: Texts, *, proven: bool) -> Computed:
        """Cast all if it is proven that the cast takes nothing wrong; else what it may take."""
        if proven and (done := attempt(self.cast, texts.array)) is not None:
            return done
        likely = self.likely(texts)
        candidates = texts.array.filter(likely)
        done = attempt(self.cast, candidates) or self._surely(candidates)
        doubt = either(none_but(likely), _spread_mask(done.doubt, likely))
        return Computed(spread(done.values, likely), doubt)

    def _surely(self, candidates: Array) -> Computed:
        sure = pc.match_substring_regex(candidates, self.sure)
        done = attempt(self.cast, candidates.filter(sure))
        if done is None:
            sure = nowhere(len(candidates))
            done = Computed(self.cast(candidates[:0]))
        return Computed(spread(done.values, sure), none_but(sure))


def _spread_mask(mask: Mask | None, over: Mask) -> Mask | None:
    return None if mask is None else some(spread(mask, over))


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
