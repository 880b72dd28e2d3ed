"""Every operation that a vector can have."""

from tests.conformance import filters, functions, mappings, pure
from tests.conformance.outcome import Operation

OPERATIONS: tuple[Operation, ...] = (
    *pure.OPERATIONS,
    *filters.OPERATIONS,
    *mappings.OPERATIONS,
    *functions.OPERATIONS,
)
BY_OP = {operation.op: operation for operation in OPERATIONS}
