"""Every operation that a vector can have."""

from tests.conformance import filters, mappings, pure
from tests.conformance.outcome import Operation

OPERATIONS: tuple[Operation, ...] = (
    *pure.OPERATIONS,
    *filters.OPERATIONS,
    *mappings.OPERATIONS,
)
BY_OP = {operation.op: operation for operation in OPERATIONS}
