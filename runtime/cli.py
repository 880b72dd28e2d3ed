"""The command `kiln-runtime`."""

import argparse
import sys
from collections.abc import Sequence

from runtime.standalone.commands import NAMES, PROGRAM, add_commands, run_command


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command and give its exit status."""
    words = sys.argv[1:] if arguments is None else list(arguments)
    parser = argparse.ArgumentParser(prog=PROGRAM, description="The isolated runtime.")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    if words and words[0] in NAMES:
        # A server's libraries take longer to import than a mapping takes to compile.
        add_commands(commands)
        return run_command(parser.parse_args(words))
    from runtime.probe import add_health, run_health
    from runtime.serving import add_serve, run_serve

    add_serve(commands)
    add_health(commands)
    add_commands(commands)
    found = parser.parse_args(words)
    match found.command:
        case "serve":
            return run_serve(found)
        case "health":
            return run_health(found)
        case _:
            return run_command(found)


if __name__ == "__main__":
    sys.exit(main())
