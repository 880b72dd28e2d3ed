"""Members of JSON objects, read from a whole column at once (MAP-22).

To decode the values one by one takes a call for each value and each member. Here one call decodes
all members that a plan wants of all values. It does so only where every value is an object, or null
in the column: what is no object is a matter of the selector (MAP-23).
"""

import functools
from collections.abc import Callable
from operator import attrgetter
from typing import Any, Final, TypeAlias

import msgspec
import pyarrow as pa
import pyarrow.compute as pc

from mapping_lang.types.arrow.layout import Array

ReadMembers: TypeAlias = Callable[[Array], "dict[str, Array] | None"]
"""Gives the columns of members by name; None if any value is no object."""

_MAX_READERS: Final = 256
_NO_MEMBER: Final = msgspec.Raw()
_EMPTY: Final = pa.scalar("{}")
_STRING: Final = pa.string()


@functools.lru_cache(maxsize=_MAX_READERS)
def members_reader(names: tuple[str, ...]) -> ReadMembers | None:
    """Compile the reading of members; None if a name is one that JSON has to escape."""
    fields = {f"member{number}": name for number, name in enumerate(names)}
    try:
        struct = msgspec.defstruct(
            "Members", [(field, msgspec.Raw, _NO_MEMBER) for field in fields], rename=fields
        )
    except ValueError:
        return None
    decode: Callable[[bytes], Any] = msgspec.json.Decoder(list[struct]).decode  # type: ignore[valid-type]  # made above

    def read(texts: Array) -> dict[str, Array] | None:
        try:
            rows = decode(b"[%b]" % _joined(texts))
        except (msgspec.DecodeError, RecursionError):
            return None
        return {
            name: pa.array(
                [str(raw, "utf-8") if raw else None for raw in map(attrgetter(field), rows)],
                _STRING,
            )
            for field, name in fields.items()
        }

    return read


def _joined(texts: Array) -> bytes:
    if texts.null_count:
        texts = pc.fill_null(texts, _EMPTY)
    everything = pa.ListArray.from_arrays(pa.array([0, len(texts)], pa.int32()), texts)
    joined: bytes = pc.binary_join(everything, ",")[0].as_buffer().to_pybytes()
    return joined
