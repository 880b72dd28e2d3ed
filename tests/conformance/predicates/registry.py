"""Every predicate by its name, which entries of the table use."""

from collections.abc import Callable

from tests.conformance.predicates import documents, functions, mappings, rows
from tests.conformance.vector import Document

_ALL = (
    documents.natural_bound,
    documents.large_bound,
    documents.fractional_limit,
    documents.misplaced_max_elements,
    documents.repeated_element_type,
    documents.nested_values,
    documents.nul_in_text,
    documents.too_many_bytes,
    documents.too_many_elements,
    documents.repeated_elements,
    documents.infinite_name,
    documents.order_of_json,
    documents.wide_unsigned,
    mappings.escape_at_end,
    mappings.number_as_time,
    mappings.constant_misfit,
    mappings.spelled_number,
    mappings.measured_integer,
    mappings.measured_moment,
    mappings.lists_empty_text,
    rows.boolean_in_text,
    rows.padded_json,
    rows.spelled_decimal,
    rows.not_finite,
    rows.moment_as_json,
    rows.digitless_decimal,
    rows.null_container,
    rows.shared_container,
    rows.cut_fraction,
    rows.small_float,
    functions.returns_invalid_date,
    functions.needs_absent_global,
)
PREDICATES: dict[str, Callable[[Document], bool]] = {
    predicate.__name__: predicate for predicate in _ALL
}
