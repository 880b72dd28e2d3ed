"""The table of allowed differences: each cites a rule and selects vectors by their content.

An entry of `deviations.toml` has:

- `rule`: the ruling (DEC-n) or the rule of the specifications (`TYPE-D9`, `MAP-63` quirk, ...);
- `reason`: what the rule says, in a line;
- `op`: the operations it is about;
- `where`: path into the vector -> regular expression; every path has to lead to a text that the
  expression finds. `*` in a path is any member or element, `**` any number of levels. A text is a
  string itself or the compact JSON of anything else;
- `unless`: the same, none of which may hold;
- `when`: names of predicates of `predicates`, all of which have to hold;
- `rows = true`: the entry is about single rows. `where` may use `row`, `result` and `index`, and
  only `expect.results[index]` is rewritten;
- `outputs = true`: the entry is about single conversions. A `convert` vector is one; in a mapping,
  every output is one whose expression is just a path, or one text (see `outputs`);
- one of `expect`: what replaces the expectation; `rewrite`: the name of a function of `rewrites`
  that computes it; `accept`: the kinds of outcome that are as good (see `outcome`).

An entry never sees the id and the group of a vector.
"""

import re
import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from tests.conformance import content
from tests.conformance.outcome import accept, is_open
from tests.conformance.outputs import rewrite_constants, rewrite_outputs
from tests.conformance.predicates.registry import PREDICATES
from tests.conformance.rewrites.registry import REWRITES
from tests.conformance.vector import Document, Vector

TABLE = Path(__file__).with_name("deviations.toml")
_RULE = re.compile(r"\b(DEC|TYPE|FILT|MAP|FUNC)-D?\d+\b")
_KEYS = {"rule", "reason", "op", "where", "unless", "when", "rows", "outputs"}
_RESULTS = {"expect", "rewrite", "accept"}
_HIDDEN = ("id", "group", "quirk")


@dataclass(frozen=True, slots=True, kw_only=True)
class Deviation:
    """One allowed difference."""

    rule: str
    reason: str
    ops: tuple[str, ...]
    where: tuple[content.Condition, ...]
    unless: tuple[content.Condition, ...]
    when: tuple[str, ...]
    rows: bool
    outputs: bool
    expect: Any
    rewrite: str | None
    accept: tuple[str, ...]

    def rewritten(self, vector: Vector, expect: Document) -> Document | None:
        """Give the rewritten expectation, or None if the entry is not about this vector."""
        if vector.op not in self.ops:
            return None
        body = {name: part for name, part in vector.body.items() if name not in _HIDDEN}
        body["expect"] = expect
        if self.outputs and vector.op != "convert":
            constant = rewrite_constants(body, self._replace)
            if constant is not None:
                return constant
        elif not self.rows:
            replaced: Document | None = self._replace(body, expect)
            return replaced
        if "results" not in expect:
            return None
        results = list(expect["results"])
        for index, result in enumerate(results):
            if is_open(result):
                continue
            row = {**body, "row": body["rows"][index], "result": result, "index": index}
            replaced = (
                rewrite_outputs(row, self._replace) if self.outputs else self._replace(row, result)
            )
            if replaced is not None:
                results[index] = replaced
        return None if results == expect["results"] else {**expect, "results": results}

    def _replace(self, body: Document, expect: Any) -> Any:
        if not self._selects(body):
            return None
        if self.rewrite is not None:
            return REWRITES[self.rewrite](body, expect)
        return accept(list(self.accept), expect) if self.accept else self.expect

    def _selects(self, body: Document) -> bool:
        return (
            all(content.found(body, condition) for condition in self.where)
            and not any(content.found(body, condition) for condition in self.unless)
            and all(PREDICATES[name](body) for name in self.when)
        )


class TableError(ValueError):
    """An entry of the table that is not as it has to be."""


@cache
def table() -> tuple[Deviation, ...]:
    """Read the table."""
    with TABLE.open("rb") as file:
        return tuple(entry(raw) for raw in tomllib.load(file)["deviation"])


def entry(raw: Document) -> Deviation:
    """Read one entry, or refuse it."""
    unknown = raw.keys() - _KEYS - _RESULTS
    if unknown or not _RULE.search(raw.get("rule", "")) or not raw.get("reason"):
        raise TableError(f"an entry cites a rule, has a reason and no {unknown or 'more'}: {raw}")
    if len(raw.keys() & _RESULTS) != 1:
        raise TableError(f"an entry has one of {_RESULTS}: {raw}")
    if not raw.get("where") and not raw.get("when"):
        raise TableError(f"an entry has a `where` or a `when`: {raw}")
    paths = [*raw.get("where", {}), *raw.get("unless", {})]
    if any(path.split(".")[0] in _HIDDEN for path in paths):
        raise TableError(f"an entry selects by content, never by name: {raw}")
    if raw.get("rewrite", next(iter(REWRITES))) not in REWRITES:
        raise TableError(f"there is no such rewrite: {raw}")
    if not set(raw.get("when", ())) <= PREDICATES.keys():
        raise TableError(f"there is no such predicate: {raw}")
    return Deviation(
        rule=raw["rule"],
        reason=raw["reason"],
        ops=tuple(raw["op"]),
        where=content.conditions(raw.get("where", {})),
        unless=content.conditions(raw.get("unless", {})),
        when=tuple(raw.get("when", ())),
        rows=raw.get("rows", False),
        outputs=raw.get("outputs", False),
        expect=raw.get("expect"),
        rewrite=raw.get("rewrite"),
        accept=tuple(raw.get("accept", ())),
    )
