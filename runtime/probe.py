"""The command `health`: asks a server how it is, for whoever keeps it running."""

import argparse
import asyncio
import sys
from pathlib import Path

from runtime.client import ClientTls, Health, connect
from runtime.errors import AddressError, KilnRuntimeError
from runtime.settings import SettingError, environment, read_settings

USAGE = 2
"""Exit status of a setting that cannot be."""


def add_health(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Declare the command."""
    probing = commands.add_parser(
        "health",
        help="ask a server how it is",
        description="Ends with 0 if a server takes calls, and with 1 if it does not.",
    )
    probing.add_argument(
        "--listen", metavar="X", help="where the server listens; also KILN_RUNTIME_LISTEN"
    )
    probing.add_argument("--ca", type=Path, help="file of what signs its certificate")
    probing.add_argument("--certificate", type=Path, help="file of our certificate for it")
    probing.add_argument("--key", type=Path, help="file of our private key for it")
    probing.add_argument("--server-name", default="", help="the name in its certificate")


def run_health(found: argparse.Namespace) -> int:
    """Ask once, tell what was answered, and give the exit status."""
    flags = {} if found.listen is None else {"listen": found.listen}
    try:
        address, tls = read_settings(flags, environment()).listen, _tls(found)
    except (SettingError, AddressError, OSError) as error:
        print(f"kiln-runtime: {error}", file=sys.stderr)  # noqa: T201 - a command talks
        return USAGE
    try:
        health = asyncio.run(_ask(address, tls))
    except KilnRuntimeError as error:
        print(f"{address}: {error}")  # noqa: T201 - a command talks
        return 1
    languages = ", ".join(sorted(health.languages)) or "none"
    state = "serving" if health.serving else "not serving"
    print(f"{address}: {state}; languages: {languages}; walls: {health.walls}")  # noqa: T201 - a command talks
    return 0 if health.serving else 1


def _tls(found: argparse.Namespace) -> ClientTls | None:
    if found.ca is None:
        return None
    return ClientTls(
        ca=found.ca.read_bytes(),
        certificate=None if found.certificate is None else found.certificate.read_bytes(),
        key=None if found.key is None else found.key.read_bytes(),
        server_name=found.server_name,
    )


async def _ask(address: str, tls: ClientTls | None) -> Health:
    async with await connect(address, tls=tls) as client:
        return await client.health()
