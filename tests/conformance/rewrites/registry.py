"""Every rewrite by its name, which entries of the table use."""

from collections.abc import Callable
from typing import Any

from tests.conformance.rewrites import (
    conversions,
    functions,
    moments,
    records,
    results,
    schemas,
    texts,
)
from tests.conformance.vector import Document

_WHOLE = (
    moments.truncate_fractions,
    schemas.canonical_schema,
    records.positional_decimals,
    records.infinite_names,
    conversions.unique_elements,
    conversions.without_raw,
    texts.joined_texts,
    texts.decimal_functions,
    results.fitting_decimals,
    results.json_of_moments,
    results.no_json_of_nan,
    results.lengths,
    results.equal_values,
    results.real_floats,
    results.maybe_empty,
    functions.python_infinities,
    functions.array_limits,
    functions.byte_limits,
    functions.python_floats,
    functions.positional_texts,
    functions.record_errors,
)
_SINGLE = (
    conversions.json_moments,
    conversions.layouts_inside,
    conversions.nanoseconds,
    conversions.real_float,
    conversions.mantissa,
    conversions.kept_zeros,
    conversions.rounded_decimal,
    conversions.fitting_decimal,
    conversions.decimal_text,
    conversions.listed_empty,
    conversions.possible_zone,
    conversions.serial_day,
)
REWRITES: dict[str, Callable[[Document, Any], Any]] = {
    **{rewrite.__name__: rewrite for rewrite in _WHOLE},
    **{change.__name__: conversions.everywhere(change) for change in _SINGLE},
}
