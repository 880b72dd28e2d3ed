"""A column on its way through a plan, and what a kernel gives."""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import compress
from typing import Any, Final, TypeAlias, final

import pyarrow as pa
import pyarrow.compute as pc

from mapping_lang.types.arrow.layout import Array, arrow_type
from mapping_lang.types.arrow.read import to_values
from mapping_lang.types.arrow.write import to_array
from mapping_lang.types.kinds import Type
from mapping_lang.types.values import Value

Mask: TypeAlias = Array
"""A column of booleans without nulls."""

Values: TypeAlias = Any
"""An Arrow array, or an Arrow scalar where a value is the same in all records."""

_FALSE: Final = pa.scalar(value=False)
_TRUE: Final = pa.scalar(value=True)


@dataclass(frozen=True, slots=True)
class Computed:
    """What a kernel gives.

    In doubtful records stands null, or any value of the type. Without `doubt` none is doubtful.
    """

    values: Values
    doubt: Mask | None = None


@final
@dataclass(frozen=True, slots=True)
class One:
    """A value that is known when a plan is compiled, in every form that is asked for."""

    value: Value | None
    array: Array
    scalar: Any

    @classmethod
    def of(cls, value: Value | None, type_: Type) -> "One":
        """Lay a value out."""
        array = to_array([value], type_)
        return cls(value, array, array[0])

    def repeated(self, length: int) -> Array:
        """Give a column of it."""
        if pa.types.is_nested(self.array.type):
            # The kernel that repeats does not take all of them.
            return self.array.take(pa.repeat(pa.scalar(0), length))
        return pa.repeat(self.scalar, length)


@final
class Column:
    """Values of one type in all records: an Arrow array, a list, or one value.

    Kernels want arrays and scalar functions lists, so each form is made when it is asked for, and
    kept.
    """

    __slots__ = ("_array", "_listed", "length", "one", "type")

    def __init__(
        self,
        type_: Type,
        length: int,
        *,
        array: Array | None = None,
        listed: list[Any] | None = None,
        one: One | None = None,
    ) -> None:
        self.type = type_
        self.length = length
        self.one = one
        """The value, if it is the same in all records and known to be."""
        self._array = array
        self._listed = listed

    @property
    def is_listed(self) -> bool:
        """Tell if there is a list and no array yet."""
        return self._array is None and self._listed is not None

    @property
    def values(self) -> Values:
        """The scalar of a constant, else the array."""
        return self.array if self.one is None else self.one.scalar

    @property
    def array(self) -> Array:
        """The values laid out by their type, null where null or absent."""
        if self._array is None:
            if self.one is not None:
                self._array = self.one.repeated(self.length)
            else:
                self._array = to_array(self._listed or [], self.type)
        return self._array

    @property
    def listed(self) -> list[Any]:
        """The values as the scalar program has them."""
        if self._listed is None:
            if self.one is not None:
                self._listed = [self.one.value] * self.length
            else:
                self._listed = to_values(self._array, self.type)
        return self._listed

    def filter(self, mask: Mask) -> "Column":
        """Keep some records."""
        if self.one is not None:
            return Column(self.type, mask.true_count, one=self.one)
        if self._listed is not None:
            kept = list(compress(self._listed, mask.to_pylist()))
            return Column(self.type, len(kept), listed=kept)
        array = self.array.filter(mask)
        return Column(self.type, len(array), array=array)

    def spread(self, mask: Mask) -> "Column":
        """Put the records that a filter kept to their places again, and null elsewhere."""
        if self._array is None and self._listed is not None:
            remaining = iter(self._listed)
            listed = [next(remaining) if kept else None for kept in mask.to_pylist()]
            return Column(self.type, len(mask), listed=listed)
        return Column(self.type, len(mask), array=spread(self.array, mask))


def spread(array: Array, mask: Mask) -> Array:
    """Put what a filter by `mask` kept to its places again, and null elsewhere."""
    if pa.types.is_primitive(array.type) or pa.types.is_decimal(array.type):
        return pc.replace_with_mask(pa.nulls(len(mask), array.type), mask, array)
    return array.take(pc.if_else(mask, _ranks(mask), pa.scalar(None, pa.int32())))


def replaced(array: Array, mask: Mask, replacements: Array) -> Array:
    """Replace the masked values, in order."""
    if pa.types.is_primitive(array.type) or pa.types.is_decimal(array.type):
        return pc.replace_with_mask(array, mask, replacements)
    ranks = pc.add(_ranks(mask), pa.scalar(len(array), pa.int32()))
    own = pa.arange(0, len(array)).cast(pa.int32())
    return pa.concat_arrays([array, replacements]).take(pc.if_else(mask, ranks, own))


def _ranks(mask: Mask) -> Array:
    """Give to every true its number among all."""
    return pc.subtract(pc.cumulative_sum(mask.cast(pa.int32())), pa.scalar(1, pa.int32()))


def where(mask: Mask) -> list[int]:
    """List where a mask is true."""
    positions: list[int] = pc.indices_nonzero(mask).to_pylist()
    return positions


def marked(positions: Iterable[int], length: int) -> Mask:
    """Make the mask of positions."""
    flags = bytearray(length)
    for position in positions:
        flags[position] = 1
    octets = pa.Array.from_buffers(pa.uint8(), length, [None, pa.py_buffer(flags)])
    return octets.cast(pa.bool_())


def some(mask: Mask) -> Mask | None:
    """Give a mask only if it is true anywhere; its nulls count as false."""
    if mask.null_count:
        mask = pc.fill_null(mask, _FALSE)
    return mask if mask.true_count else None


def none_but(mask: Mask) -> Mask | None:
    """Give the inverse of a mask only if it is true anywhere; nulls count as true."""
    return some(pc.invert(mask))


def nowhere(length: int) -> Mask:
    """Make a mask that is false everywhere."""
    return pa.repeat(_FALSE, length)


def everywhere(length: int) -> Mask:
    """Make a mask that is true everywhere."""
    return pa.repeat(_TRUE, length)


def either(first: Mask | None, second: Mask | None) -> Mask | None:
    """Join two masks."""
    if first is None or second is None:
        return first if second is None else second
    return pc.or_(first, second)


def both(first: Mask | None, second: Mask | None) -> Mask | None:
    """Intersect two masks, where None is everywhere."""
    if first is None or second is None:
        return first if second is None else second
    return pc.and_(first, second)


def blank(length: int, type_: Type) -> Array:
    """Make a column of nulls."""
    return pa.nulls(length, arrow_type(type_))
