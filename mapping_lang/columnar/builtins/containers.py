"""`array` and `map` by column: values that are JSON already, put together (MAP-47, MAP-59)."""

from collections.abc import Sequence
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from mapping_lang.columnar.builtins.kernel import Kernel
from mapping_lang.columnar.column import Computed, Values
from mapping_lang.plan import JSON, Apply
from mapping_lang.types.arrow.layout import Array, arrow_type
from mapping_lang.types.kinds import ArrayType, MapType

_JSON_NULL: Final = pa.scalar("null")
_ARRAY: Final = arrow_type(ArrayType(JSON))
_MAP: Final = arrow_type(MapType(JSON))


def array(call: Apply) -> Kernel | None:
    if not call.arguments:
        return None

    def kernel(arguments: Sequence[Values], length: int) -> Computed:
        columns = [_json(argument, length) for argument in arguments]
        flat, _ = _interleaved(columns, length)
        return Computed(
            pa.ListArray.from_arrays(_regular_offsets(len(columns), length), flat, type=_ARRAY)
        )

    return kernel


def map_(call: Apply) -> Kernel | None:
    if not call.arguments:
        return None
    names, removable = pa.array(call.keys, pa.string()), call.removable

    def kernel(arguments: Sequence[Values], length: int) -> Computed:
        columns = [
            argument if remove else _json(argument, length)
            for argument, remove in zip(arguments, removable, strict=True)
        ]
        items, numbers = _interleaved(columns, length)
        offsets = _regular_offsets(len(columns), length)
        if items.null_count:
            # What is removed: of the entries up to an offset, so many are there.
            present = items.is_valid()
            counts = pc.cumulative_sum(present.cast(pa.int32()))
            before = pa.concat_arrays([pa.array([0], pa.int32()), counts])
            offsets = before.take(offsets)
            items, numbers = items.filter(present), numbers.filter(present)
        return Computed(pa.MapArray.from_arrays(offsets, names.take(numbers), items, type=_MAP))

    return kernel


def _json(argument: Values, length: int) -> Array:
    if isinstance(argument, pa.Scalar):
        return pa.repeat(argument if argument.is_valid else _JSON_NULL, length)
    return pc.fill_null(argument, _JSON_NULL) if argument.null_count else argument


def _interleaved(columns: list[Array], length: int) -> tuple[Array, Array]:
    """Give the values record by record, and of each the number of its column."""
    count = len(columns)
    places = pa.arange(0, count * length)
    records = pc.divide(places, count)
    numbers = pc.subtract(places, pc.multiply(records, count))
    flat = pa.concat_arrays(columns).take(pc.add(pc.multiply(numbers, length), records))
    return flat, numbers


def _regular_offsets(count: int, length: int) -> Array:
    return pa.arange(0, count * length + 1, count).cast(pa.int32())
