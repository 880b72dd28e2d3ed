"""The command `serve`: its arguments are the settings."""

import argparse
import sys

from runtime.errors import AddressError
from runtime.logs import configure_logs
from runtime.processes import supervise
from runtime.server import serve
from runtime.settings import SETTINGS, SettingError, environment, read_settings

USAGE = 2
"""Exit status of a setting that cannot be."""


def add_serve(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Declare the command."""
    serving = commands.add_parser(
        "serve",
        help="serve the rest of the product",
        description="Serves until SIGTERM, then lets the calls in flight end.",
    )
    for setting in SETTINGS:
        help_ = f"{setting.help}; also {setting.variable}"
        serving.add_argument(setting.flag, dest=setting.name, metavar="X", help=help_)
    # One of several processes, as `supervise` starts it: it ends with its parent.
    serving.add_argument("--one-of-many", action="store_true", help=argparse.SUPPRESS)


def run_serve(found: argparse.Namespace) -> int:
    """Serve, and give the exit status."""
    try:
        return _serve(found)
    except (SettingError, AddressError) as error:
        print(f"kiln-runtime: {error}", file=sys.stderr)  # noqa: T201 - a command talks
        return USAGE


def _serve(found: argparse.Namespace) -> int:
    told = vars(found)
    flags = {each.name: told[each.name] for each in SETTINGS if told[each.name] is not None}
    settings = read_settings(flags, environment())
    configure_logs(settings.log_format, settings.log_level)
    if settings.processes > 1 and not found.one_of_many:
        command = [sys.executable, "-m", "runtime.cli", "serve", "--one-of-many"]
        for name, text in flags.items():
            if name != "listen":
                command += [f"--{name.replace('_', '-')}", text]
        return supervise(settings, command)
    return serve(settings, settings.listen, parent_is_on_stdin=found.one_of_many)
