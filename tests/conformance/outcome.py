"""What a vector's run gave, and the registry's interface."""

from collections.abc import Callable
from dataclasses import dataclass

from tests.conformance.vector import Document, Vector


@dataclass(frozen=True, slots=True)
class Mismatch:
    """A run that did not give what the vector expects."""

    found: object
    expected: object


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """A kind of vector, and how to run one against an expectation.

    `check` runs the vector and compares with `expect`, which is the vector's own or one that a
    deviation has rewritten; None means that they agree.
    """

    op: str
    check: Callable[[Vector, Document], Mismatch | None]


def compare(found: object, expected: object) -> Mismatch | None:
    """Compare what a run gave with what was expected."""
    return None if found == expected else Mismatch(found, expected)
