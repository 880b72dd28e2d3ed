"""What the demonstration shows."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from rich.box import SIMPLE
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from api.console.client import Document
from api.console.watch import counters_table

_REASONS: Final = 6


def started(console: Console, address: str, log: Path) -> None:
    """Say what runs."""
    console.print(
        f"[bold]Kiln is at {address}[/], with a database and an isolated runtime of its own."
        f" Its log is {log}.\n",
        soft_wrap=True,
    )


def made(console: Console, workspace: int, connection: int, identifiers: Sequence[str]) -> None:
    """Say what was made."""
    console.print(
        f"Workspace {workspace} has an empty warehouse, and tells people apart by"
        f" {' and '.join(identifiers)}.\nConnection {connection} reads files from a folder.\n",
        soft_wrap=True,
    )


def ran(console: Console, definition: Document, run: Document, failures: list[Document]) -> None:
    """Show what became of the records of a file."""
    title = f"{definition['name']} ({definition['path']})"
    console.print(counters_table(title, run["passed"], run["failed"]))
    if run["error"]:
        console.print(f"  [red]{escape(run['error'])}[/]")
    for each in failures[:_REASONS]:
        line = "" if each["line"] is None else f", line {each['line']}"
        console.print(
            f"  record {each['position'] + 1}: [yellow]{each['step']}[/]{line}:"
            f" {escape(each['message'])}",
            highlight=False,
            soft_wrap=True,
        )
    if len(failures) > _REASONS:
        more = Counter(each["step"] for each in failures[_REASONS:])
        console.print("  and " + ", ".join(f"{count} at {step}" for step, count in more.items()))
    console.print()


def resolved(console: Console, resolution: Document, identities: int, profiles: int) -> None:
    """Say how many people there are."""
    console.print(
        f"[bold]{identities:,} identities are {profiles:,} people[/],"
        f" found between {resolution['startTime']} and {resolution['endTime']}.\n",
        soft_wrap=True,
    )


def profile(console: Console, found: Document, identities: list[str]) -> None:
    """Show one profile, and what it was made of."""
    table = Table(title=f"profile {found['kpid']}", title_justify="left", box=SIMPLE)
    table.show_header = False
    table.add_column(style="dim")
    table.add_column()
    for name, text in _flat(found["attributes"], ""):
        table.add_row(name, escape(text))
    table.add_row("made of", ", ".join(identities))
    console.print(table)


def waits(console: Console, address: str, key: str) -> None:
    """Say how to look around."""
    console.print(
        f"\nThe API stays up: its documentation is at {address}/docs, and this key opens it:"
        f" {key}\nCtrl-C ends everything and leaves nothing behind.",
        soft_wrap=True,
    )


def _flat(attributes: Document, prefix: str) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    for name, part in attributes.items():
        if isinstance(part, dict):
            found += _flat(part, f"{prefix}{name}.")
        elif isinstance(part, list):
            found.append((prefix + name, ", ".join(map(str, part))))
        else:
            found.append((prefix + name, str(part)))
    return found
