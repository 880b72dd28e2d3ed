"""What a vector's run gave, what may be expected of one, and the registry's interface."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

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
    deviation has rewritten; None means that they agree. `scalar_only` tells of vectors with rows
    that no batch can hold.
    """

    op: str
    check: Callable[[Vector, Document], Mismatch | None]
    scalar_only: Callable[[Vector], bool] = lambda _: False


def compare(found: object, expected: object) -> Mismatch | None:
    """Compare what a run gave with what was expected."""
    return None if found == expected else Mismatch(found, expected)


# A deviation may leave an outcome open in two ways. `{"either": [outcome, ...]}` lists all that may
# come out. `{"accept": [kind, ...]}` names the kinds of outcome that may: an error category, one
# with `*` at its end, or `out`, `results`, `value` or `paths` for whatever is no error. What is
# accepted in place of an error may not fail before it: `after` is the output path of that error.

_SUCCESSES = ("out", "results", "value", "paths")


def is_open(expected: Document) -> bool:
    """Tell if a deviation has left an outcome open."""
    return "accept" in expected or "either" in expected


def accepts(found: Document, expected: Document, same: Callable[[Document], bool]) -> bool:
    """Tell if an outcome is among those that were left open; `same` compares with a closed one."""
    if "either" in expected:
        return any(
            accepts(found, choice, same) if is_open(choice) else same(choice)
            for choice in expected["either"]
        )
    kinds: list[str] = expected["accept"]
    if "error" not in found:
        return any(name in found for name in kinds if name in _SUCCESSES)
    after, path = expected.get("after"), found.get("path")
    if after is not None and path is not None and path != after:
        # Where the recorded error does not happen, anything may happen later, nothing before.
        return path.encode() > after.encode() and any(name in _SUCCESSES for name in kinds)
    return any(_is_kind(found["error"], kind) for kind in kinds)


def _is_kind(category: str, kind: str) -> bool:
    return category.startswith(kind[:-1]) if kind.endswith("*") else category == kind


def accept(kinds: list[str], instead_of: Any) -> Document:
    """Leave an outcome open: what was recorded, or anything of some kinds."""
    opened: Document = {"accept": kinds}
    if "path" in instead_of:
        opened["after"] = instead_of["path"]
    return {"either": [instead_of, opened]}
