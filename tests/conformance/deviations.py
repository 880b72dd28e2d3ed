"""The table of allowed differences: each cites a rule and selects vectors by their content.

An entry of `deviations.toml` has:

- `rule`: the ruling (DEC-n) or the rule of the specifications (`TYPE-D9`, `MAP-63` quirk, ...);
- `op`: the operations it is about;
- `where`: path into the vector -> regular expression; every path has to lead to a text that the
  expression finds. `*` in a path is any member or element, `**` any number of levels. A text is a
  string itself or the compact JSON of anything else;
- `unless`: the same, none of which may hold;
- `rows = true`: the entry is about single rows. `where` may use `row`, `result` and `index`, and
  only `expect.results[index]` is rewritten;
- `expect`: what replaces the expectation (or the row's result), or
- `rewrite`: the name of a function of `rewrites.py` that computes it.
"""

import json
import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from tests.conformance.rewrites import REWRITES
from tests.conformance.vector import Document, Vector

TABLE = Path(__file__).with_name("deviations.toml")
_RULE = re.compile(r"(DEC|TYPE|FILT|MAP|FUNC)-(D?\d+)")
_KEYS = {"rule", "reason", "op", "where", "unless", "rows", "expect", "rewrite"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Deviation:
    """One allowed difference."""

    rule: str
    reason: str
    ops: tuple[str, ...]
    where: tuple[tuple[str, re.Pattern[str]], ...]
    unless: tuple[tuple[str, re.Pattern[str]], ...]
    rows: bool
    expect: Any
    rewrite: str | None

    def rewritten(self, vector: Vector, expect: Document) -> Document | None:
        """Give the rewritten expectation, or None if the entry is not about this vector."""
        if vector.op not in self.ops:
            return None
        if not self.rows:
            if not self._selects(vector.body):
                return None
            replaced: Document = self._replace(vector.body, expect)
            return replaced
        results = expect.get("results")
        if results is None:
            return None
        rewritten = list(results)
        selected = False
        for index, result in enumerate(results):
            row = vector.body["rows"][index]
            content = {**vector.body, "row": row, "result": result, "index": index}
            if self._selects(content):
                rewritten[index] = self._replace(content, result)
                selected = True
        return {**expect, "results": rewritten} if selected else None

    def _selects(self, content: Document) -> bool:
        return all(_found(content, path, regex) for path, regex in self.where) and not any(
            _found(content, path, regex) for path, regex in self.unless
        )

    def _replace(self, content: Document, expect: Any) -> Any:
        if self.rewrite is not None:
            return REWRITES[self.rewrite](content, expect)
        return self.expect


@cache
def table() -> tuple[Deviation, ...]:
    """Read the table; a malformed entry is an error."""
    with TABLE.open("rb") as file:
        entries = tomllib.load(file)["deviation"]
    return tuple(_entry(entry) for entry in entries)


def _entry(entry: Document) -> Deviation:
    unknown = entry.keys() - _KEYS
    if unknown or not _RULE.search(entry["rule"]) or not entry.get("where"):
        raise ValueError(f"a deviation cites a rule, has a `where` and no {unknown}: {entry}")
    if ("expect" in entry) == ("rewrite" in entry):
        raise ValueError(f"a deviation has either `expect` or `rewrite`: {entry}")
    if any(path.split(".")[0] in ("id", "group") for path in entry["where"]):
        raise ValueError(f"a deviation selects by content, never by name: {entry}")
    return Deviation(
        rule=entry["rule"],
        reason=entry["reason"],
        ops=tuple(entry["op"]),
        where=tuple((path, re.compile(regex)) for path, regex in entry["where"].items()),
        unless=tuple((path, re.compile(r)) for path, r in entry.get("unless", {}).items()),
        rows=entry.get("rows", False),
        expect=entry.get("expect"),
        rewrite=entry.get("rewrite"),
    )


def _found(content: Any, path: str, regex: re.Pattern[str]) -> bool:
    return any(regex.search(text) for text in _texts(content, path.split(".")))


def _texts(content: Any, steps: list[str]) -> Iterator[str]:
    if not steps:
        yield (
            content
            if isinstance(content, str)
            else json.dumps(content, ensure_ascii=False, separators=(",", ":"))
        )
        return
    step, rest = steps[0], steps[1:]
    if step == "**":
        yield from _texts(content, rest)
        for item in _items(content):
            yield from _texts(item, steps)
    elif step == "*":
        for item in _items(content):
            yield from _texts(item, rest)
    elif isinstance(content, dict) and step in content:
        yield from _texts(content[step], rest)


def _items(content: Any) -> Iterator[Any]:
    if isinstance(content, dict):
        yield from content.values()
    elif isinstance(content, list):
        yield from content
