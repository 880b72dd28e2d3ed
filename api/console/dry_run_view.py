"""What a dry run shows: rows as they would be written, records that failed, and counters."""

from collections import Counter
from collections.abc import Callable, Sequence
from datetime import date, datetime, time
from decimal import Decimal
from typing import Final

import msgspec
from rich.box import SIMPLE
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from api.console.watch import counters_table
from executor.failures import Failure
from executor.importer import Outcome
from executor.steps import NAMES, STEPS
from warehouse.prepare import POSITION

FAILED: Final = 1
_ROWS: Final = 3
_REASONS: Final = 20


class DryRunView:
    """Keeps the first rows for a table, or prints all of them as lines of JSON."""

    def __init__(self, console: Console, tell: Callable[[str], None] | None) -> None:
        self._console = console
        self._tell = tell
        self._first: list[dict[str, object]] = []
        self._count = 0
        self._failures: list[Failure] = []
        self._failed: Counter[str] = Counter()

    def rows(self, rows: list[dict[str, object]]) -> None:
        """Take rows as they would be written."""
        self._count += len(rows)
        for row in rows:
            row.pop(POSITION)
            if self._tell is not None:
                self._tell(msgspec.json.encode(row).decode())
            elif len(self._first) < _ROWS:
                self._first.append(row)

    def failures(self, failures: Sequence[Failure]) -> None:
        """Take records that failed."""
        self._failures += failures[: max(0, _REASONS - len(self._failures))]
        self._failed.update(_name(each) for each in failures)

    def ended(self, outcome: Outcome) -> int:
        """Show everything; gives the exit status."""
        show = self._console.print
        if self._first:
            show(self._table())
        if self._count > len(self._first) and self._tell is None:
            show(f"  and {self._count - len(self._first):,} more rows\n")
        for each in self._failures:
            line = "" if each.line is None else f", line {each.line}"
            what = f"  record {each.position + 1}: [yellow]{_name(each)}[/]{line}:"
            show(f"{what} {escape(each.message)}", highlight=False, soft_wrap=True)
        if self._failed.total() > len(self._failures):
            parts = (f"{count:,} at {step}" for step, count in self._failed.items())
            show(f"  failed in all: {', '.join(parts)}")
        counters = outcome.counters
        show(counters_table("Nothing was written", counters.passed, counters.failed))
        if outcome.error is None:
            return 0
        show(f"[red]{escape(outcome.error.message)}[/]", soft_wrap=True)
        return FAILED

    def _table(self) -> Table:
        """Show rows side by side: there are more columns than fit a terminal."""
        table = Table(title="What would be written", title_justify="left", box=SIMPLE)
        table.show_header = False
        table.add_column(style="dim")
        for _ in self._first:
            table.add_column(overflow="ellipsis", no_wrap=True)
        for name in self._first[0]:
            table.add_row(name, *(escape(_text(row[name])) for row in self._first))
        return table


def _name(failure: Failure) -> str:
    return NAMES[STEPS.index(failure.step)]


def _text(value: object) -> str:
    match value:
        case None:
            return ""
        case str():
            return value
        case datetime() | date() | time():
            return value.isoformat()
        case Decimal() | int() | float():
            return str(value)
        case _:
            return msgspec.json.encode(value).decode()
