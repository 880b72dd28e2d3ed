"""Where what was seen differs from what was recorded, aspect by aspect."""

from collections import Counter
from dataclasses import dataclass, field
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


@dataclass(slots=True)
class Names:
    """Which profile is which: ids of the recording and ours, tied together where first seen."""

    ours: dict[str, str] = field(default_factory=dict)
    recorded: dict[str, str] = field(default_factory=dict)

    def tie(self, recorded: Document, found: Document) -> None:
        """Give profiles of ours the names that the same ones have in the recording."""
        for key in recorded.keys() & found.keys():
            name, ours = recorded[key]["profile"], found[key]["profile"]
            if name not in self.recorded and ours not in self.ours:
                self.recorded[name], self.ours[ours] = ours, name
        for profile in found.values():
            profile["profile"] = self.ours.get(profile["profile"], "another one")


def differences(step: Step, found: Document, before: Document, names: Names) -> list[Difference]:
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
        theirs, ours = _by_identities(recorded), _by_identities(found)
        names.tie(theirs, ours)
        pairs["profiles"] = (theirs, ours)
    return [
        _narrowed(aspect, expected, seen)
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


def _identities(observed: Document) -> dict[str, str]:
    return {
        f"{each['pipeline']} {each['userId']}": each["updatedAt"]
        for each in observed.get("identities", ())
    }


def _by_identities(observed: Document) -> dict[str, Document]:
    """Give profiles by their identities, which tell them apart; the rest is compared.

    Those whose identities were deleted are told apart by what they say.
    """
    return {
        str(sorted(map(list, each["identities"])) or sorted(each["attributes"].items())): {
            "profile": each["profile"],
            "updatedAt": each["updatedAt"],
            "attributes": each["attributes"],
        }
        for each in observed.get("profiles", ())
    }


def _narrowed(aspect: str, recorded: Any, found: Any) -> Difference:
    """Leave out of two tables or lists what is the same in both."""
    if isinstance(recorded, list) and isinstance(found, list) and aspect == "records":
        recorded, found = (dict(enumerate(each)) for each in (recorded, found))
    if isinstance(recorded, dict) and isinstance(found, dict):
        differing = [
            key
            for key in {**recorded, **found}
            if key not in recorded or key not in found or recorded[key] != found[key]
        ]
        recorded, found = (
            {key: table[key] for key in differing if key in table} for table in (recorded, found)
        )
        both = recorded.keys() & found.keys()
        for key in both if aspect in {"profiles", "records"} else ():
            narrower = _narrowed("", _flat(recorded[key]), _flat(found[key]))
            recorded[key], found[key] = narrower.recorded, narrower.found
    return _difference(aspect, recorded=recorded, found=found)


def _flat(profile: Document) -> Document:
    """Give what a profile or a record of a file says, side by side."""
    if "attributes" not in profile:
        return dict(profile)
    return {**profile["attributes"], "$id": profile["profile"], "$at": profile["updatedAt"]}


def _difference(aspect: str, *, recorded: Any, found: Any) -> Difference:
    return Difference(aspect=aspect, recorded=recorded, found=found)
