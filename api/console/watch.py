"""`kiln runs watch`: a run as it goes, until it has ended."""

import sys
from collections.abc import Sequence
from typing import Final

from rich.box import SIMPLE
from rich.console import Console, Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from api.console.client import Client, Document
from executor.steps import NAMES

FAILED: Final = 1
_BAR: Final = 24


def watch(client: Client, run_id: int, console: Console) -> int:
    """Show a run until its end; gives 1 if it ended with an error."""
    last: Document = {}
    with Live(console=console, transient=False, auto_refresh=False) as live:
        for name, found in client.events(f"/v1/pipelines/runs/{run_id}/progress"):
            if name == "deleted":
                console.print("The run was deleted with its pipeline.")
                return FAILED
            last = found
            live.update(_shown(run_id, found), refresh=True)
            if not console.is_terminal and name == "progress":
                print(_line(found), file=sys.stderr)  # noqa: T201 - a command talks
    return FAILED if last.get("error") else 0


def counters_table(title: str, passed: Sequence[int], failed: Sequence[int]) -> Table:
    """Show the counters of a run, step by step."""
    table = Table(title=title, title_justify="left", title_style="bold", box=SIMPLE)
    table.add_column("step")
    table.add_column("passed", justify="right")
    table.add_column("failed", justify="right")
    table.add_column("")
    most = max(1, passed[0] + failed[0])
    for name, good, bad in zip(NAMES, passed, failed, strict=True):
        style = "red" if bad else "dim"
        table.add_row(name, f"{good:,}", Text(f"{bad:,}", style), _bar(good, bad, most))
    return table


def _shown(run_id: int, found: Document) -> Group:
    state = f"run {run_id}: {found['state']}"
    if found["state"] == "running":
        state += f", {found['rate']:,.0f} records a second"
    if found["attempt"] > 1:
        state += f", attempt {found['attempt']}"
    table = counters_table(state, found["passed"], found["failed"])
    return Group(table, Text(found["error"], "red")) if found["error"] else Group(table)


def _line(found: Document) -> str:
    return f"{found['state']}: received {found['passed'][0]:,}, written {found['passed'][-1]:,}"


def _bar(good: int, bad: int, most: int) -> Text:
    # Whoever failed is seen, however few they are.
    lost = max(round(bad / most * _BAR), 1 if bad else 0)
    full = min(round(good / most * _BAR), _BAR - lost)
    return Text.assemble(("█" * full, "green"), ("█" * lost, "red"))
