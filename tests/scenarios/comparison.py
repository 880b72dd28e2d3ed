"""Where what was seen differs from what was recorded, aspect by aspect."""

from collections import Counter
from dataclasses import dataclass
from typing import Any, Final

from tests.scenarios.scenario import Document, Step

CONSENT: Final = 3
"""The step that only the recorded service has, between filter and transformation."""
KEPT: Final = "<not reproducible>"
_FINALIZE: Final = 5
_KEEPING: Final = (0, 1, 3, 4)
"""Where failed records keep their identities; the recording counts them as written (RUN-45)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One aspect of a step that is not as it was recorded."""

    aspect: str
    recorded: Any
    found: Any


def differences(step: Step, found: Document, before: Document) -> list[Difference]:
    """Compare what was seen with the recording; `before` is the last run of the same pipeline."""
    recorded = step.observed
    if recorded.get("serverExited"):
        # There is no answer to compare with: the next one is that the service is still there.
        return [_difference("serverExited", recorded=True, found=False)]
    pairs: dict[str, tuple[Any, Any]] = {
        name: (recorded.get(name), found.get(name))
        for name in ("status", "code", "total", "schema", "records", "issues", "primarySources")
        if name in recorded
    }
    if "passed" in recorded:
        pairs |= _run(recorded, found, before)
    if "identities" in recorded:
        pairs["identities"] = (_identities(recorded), _identities(found))
    if "profiles" in recorded:
        pairs["profiles"] = (_by_identities(recorded), _by_identities(found))
    return [
        _difference(aspect, recorded=expected, found=seen)
        for aspect, (expected, seen) in pairs.items()
        if expected != seen
    ]


def errors_of_run(now: list[Document], before: list[Document]) -> dict[str, int]:
    """Give what a run added to the errors of its pipeline, by step."""
    counts = Counter({each["step"]: 0 for each in now})
    for each in now:
        counts[each["step"]] += each["count"]
    for each in before:
        counts[each["step"]] -= each["count"]
    return {step: count for step, count in sorted(counts.items()) if count}


def six(numbers: list[int]) -> list[int]:
    """Leave out the step that only the recorded service has."""
    return [*numbers[:CONSENT], *numbers[CONSENT + 1 :]]


def _run(recorded: Document, found: Document, before: Document) -> dict[str, tuple[Any, Any]]:
    passed, failed = six(recorded["passed"]), six(recorded["failed"])
    seen = list(found.get("passed", ()))
    if seen and any(failed[index] for index in _KEEPING):
        # Kept identities are counted as written in the recording (RUN-45): reads compare them.
        passed = [*passed[:_FINALIZE], seen[_FINALIZE]]
    return {
        "passed": (passed, seen),
        "failed": (failed, found.get("failed")),
        "runFailed": (recorded["runFailed"], found.get("runFailed")),
        "errors": (
            errors_of_run(recorded["errors"], before.get("recorded", {}).get("errors", [])),
            errors_of_run(found.get("errors", []), before.get("found", {}).get("errors", [])),
        ),
        "notes": (_notes(recorded["errors"]), _notes(found.get("errors", []))),
    }


def _notes(errors: list[Document]) -> list[str]:
    """Give the steps with an entry that counts nothing: an error's, or a purge given up."""
    return sorted({each["step"] for each in errors if not each["count"]})


def _identities(observed: Document) -> dict[tuple[str, str], str]:
    return {
        (each["pipeline"], each["userId"]): each["updatedAt"]
        for each in observed.get("identities", ())
    }


def _by_identities(observed: Document) -> dict[str, Document]:
    """Give profiles by their identities, which tell them apart; the rest is compared."""
    return {
        str(sorted(map(list, each["identities"]))): {
            "profile": each["profile"],
            "updatedAt": each["updatedAt"],
            "attributes": each["attributes"],
        }
        for each in observed.get("profiles", ())
    }


def _difference(aspect: str, *, recorded: Any, found: Any) -> Difference:
    return Difference(aspect=aspect, recorded=recorded, found=found)
