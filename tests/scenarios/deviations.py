"""The table of allowed differences: each cites a rule and selects steps by their content.

An entry of `deviations.toml` has:

- `rule`: the ruling (DEC-n) or the rule of the specifications;
- `reason`: what the rule says, in a line;
- `step`: the steps it is about, such as `run` or `read file`;
- `aspects`: what may differ;
- `where`: path into the case -> regular expression; every path has to lead to a text that the
  expression finds. The case has `setup`, `step` (what was sent), `pipeline` (the definition in
  force), `pipelines` (all of them), `files` (what lies in the storage), `runs` (all up to here),
  `recorded` and `found`, and `difference` with both sides of what differs. `*` in a path is any
  member, `**` any number of levels;
- `when`: the name of a function of `predicates` that has to hold, if an expression cannot say it;
- `found`: the same as `where`: what ours has to be, at least one.

An entry never sees the name or the group of a scenario.
"""

import re
import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

from tests.conformance.content import Condition, conditions, found
from tests.scenarios.comparison import Difference
from tests.scenarios.predicates import PREDICATES
from tests.scenarios.scenario import Document

TABLE: Final = Path(__file__).with_name("deviations.toml")
_RULE: Final = re.compile(r"\b(DEC|TYPE|MAP|FUNC|FILT|PIPE|CONN|FILE|RUN|WH|IR|API)-D?\d+\b")
_KEYS: Final = frozenset({"rule", "reason", "step", "aspects", "where", "found"})
_OPTIONAL: Final = frozenset({"when"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Deviation:
    """One allowed difference."""

    rule: str
    reason: str
    steps: tuple[str, ...]
    aspects: frozenset[str]
    where: tuple[Condition, ...]
    found: tuple[Condition, ...]
    when: str

    def allows(self, title: str, difference: Difference, case: Document) -> bool:
        """Tell if a difference is the one that the entry is about."""
        return (
            title in self.steps
            and difference.aspect in self.aspects
            and all(found(case, condition) for condition in self.where)
            and all(found(case, condition) for condition in self.found)
            and (not self.when or PREDICATES[self.when](case))
        )


class TableError(ValueError):
    """An entry of the table that is not as it has to be."""


@cache
def table() -> tuple[Deviation, ...]:
    """Read the table."""
    with TABLE.open("rb") as file:
        return tuple(entry(raw) for raw in tomllib.load(file).get("deviation", []))


def entry(raw: Document) -> Deviation:
    """Read one entry, or refuse it."""
    if raw.keys() - _OPTIONAL != _KEYS or not all(raw.values()):
        raise TableError(f"an entry has {sorted(_KEYS)}, none of them empty: {raw}")
    if not _RULE.search(raw["rule"]):
        raise TableError(f"an entry cites a rule: {raw}")
    if raw.get("when", next(iter(PREDICATES))) not in PREDICATES:
        raise TableError(f"there is no such predicate: {raw}")
    return Deviation(
        rule=raw["rule"],
        reason=raw["reason"],
        steps=tuple(raw["step"]),
        aspects=frozenset(raw["aspects"]),
        where=conditions(raw["where"]),
        found=conditions(raw["found"]),
        when=raw.get("when", ""),
    )
