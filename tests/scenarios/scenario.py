"""What a scenario file holds; read strictly, so that nothing is passed over in silence."""

import json
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any, Final, TypeAlias

Document: TypeAlias = dict[str, Any]

LATER: Final = frozenset({"export"})
"""Groups of what is not built yet."""

_OPS: Final = frozenset(
    {
        "put_file",
        "replace_file",
        "remove_file",
        "create_connection",
        "create_pipeline",
        "update_pipeline",
        "delete_connection",
        "delete_pipeline",
        "set_identifiers",
        "set_primary_sources",
        "run",
        "resolve",
        "read",
    }
)
_READS: Final = frozenset({"identities", "profiles", "file", "application_users"})
_SCENARIO_KEYS: Final = frozenset(
    {"name", "group", "note", "setup", "steps", "recordedTwice", "identical", "crash"}
)


class ScenarioFileError(Exception):
    """A file that holds no scenarios as they have to be."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """What is done, and what was seen when it was recorded."""

    op: str
    what: str
    body: Document
    observed: Document

    @property
    def title(self) -> str:
        return f"{self.op} {self.what}".strip()


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """A workspace that is new, and what happens in it."""

    name: str
    group: str
    setup: Document
    steps: tuple[Step, ...]


def load(path: Path) -> list[Scenario]:
    """Read the scenarios of a file, one JSON object in each line."""
    try:
        lines = path.read_text(encoding="utf-8").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise ScenarioFileError(f"{path}: {error}") from error
    found = [_scenario(f"{path}:{number}", line) for number, line in enumerate(lines, 1) if line]
    if not found:
        raise ScenarioFileError(f"{path}: there is no scenario in it")
    return found


def _scenario(where: str, line: str) -> Scenario:
    try:
        raw = json.loads(line)
        # Bodies are sent again; what was seen is compared digit by digit.
        seen = json.loads(line, parse_float=Decimal)
        unknown = raw.keys() - _SCENARIO_KEYS
        if unknown:
            raise ScenarioFileError(f"{where}: unknown members {sorted(unknown)}")
        steps = tuple(
            _step(where, each, exact["observed"])
            for each, exact in zip(raw["steps"], seen["steps"], strict=True)
        )
        return Scenario(name=raw["name"], group=raw["group"], setup=raw["setup"], steps=steps)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ScenarioFileError(f"{where}: not a scenario: {error!r}") from error


def _step(where: str, raw: Document, observed: Document) -> Step:
    op, what = raw["op"], raw.get("what", "")
    if op not in _OPS or (op == "read") != (what in _READS):
        raise ScenarioFileError(f"{where}: there is no step {op} {what}".rstrip())
    return Step(op=op, what=what, body=raw, observed=observed)
