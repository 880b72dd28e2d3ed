"""Which user ids are new for certain, because they come after all that a pipeline has."""

from typing import Final, TypeAlias, final

import pyarrow as pa
import pyarrow.compute as pc

from mapping_lang.types.arrow.layout import Array

_Place: TypeAlias = tuple[int, bytes]
"""Short ids come first: so numbers are in their order, and whatever has one length is in its."""

_BEGINNING: Final[_Place] = (-1, b"")


@final
class Frontier:
    """The last user id of a pipeline that was empty when its load began.

    A source that is read in the order of its ids, as databases give them, has nothing but new ones
    in its first import, and none of them has to be looked up.
    """

    def __init__(self, *, empty: bool) -> None:
        self._last = _BEGINNING if empty else None

    def is_before(self, user_ids: Array) -> bool:
        """Tell if every one of them is new, given that they differ from each other."""
        if self._last is None:
            return False
        first = _extreme(user_ids, "min")
        return first is None or self._last < first

    def advance(self, user_ids: Array) -> None:
        """Note ids that are durable."""
        last = _extreme(user_ids, "max")
        if self._last is not None and last is not None:
            self._last = max(self._last, last)


def _extreme(user_ids: Array, which: str) -> _Place | None:
    if not len(user_ids):
        return None
    lengths = pc.binary_length(user_ids)
    length = pc.min_max(lengths)[which].as_py()
    chosen = user_ids.filter(pc.equal(lengths, length)).cast(pa.binary())
    return length, pc.min_max(chosen)[which].as_py()
