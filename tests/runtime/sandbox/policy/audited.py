"""Runs every program that works, and prints what they asked the operating system for.

A process of its own: an audit hook cannot be removed.
"""

import sys

from runtime.sandbox.policy import views
from tests.runtime.sandbox.policy import language_programs, library_programs
from tests.runtime.sandbox.policy.running import body, run

HARMLESS = ("compile", "exec", "object.", "sys.", "builtins.id", "code.__new__", "cpython.", "gc.")


def sources() -> list[str]:
    return [
        *(body(f"return ({each})") for each in language_programs.EXPRESSIONS),
        *(body(each) for each, _ in language_programs.BODIES.values()),
        *(
            f"{imports}\n{body(f'return ({each})')}"
            for imports, cases in library_programs.EXPRESSIONS.items()
            for each in cases
        ),
        *(each for each, _ in library_programs.SOURCES.values()),
    ]


def main() -> None:
    asked: set[str] = set()
    programs = sources()
    views.prepare()
    sys.addaudithook(lambda event, _: asked.add(event))
    for source in programs:
        run(source, language_programs.RECORD)
    found = sorted(event for event in asked if not event.startswith(HARMLESS))
    sys.stdout.write(f"{len(programs)} programs asked for {found}")


if __name__ == "__main__":
    main()
