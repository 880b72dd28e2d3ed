"""The command `kiln`."""

import argparse
import asyncio
import logging
import sys
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from rich.console import Console
from sqlalchemy import select
from sqlalchemy.exc import OperationalError
from sqlalchemy.ext.asyncio import AsyncSession

from api.console.child import StartError
from api.console.client import AnswerError, Client
from api.console.demo import demo
from api.console.dry_run import Shown, dry_run
from api.console.dry_run_view import DryRunView
from api.console.watch import watch
from api.db.embedded.layout import EmbeddedServerError
from api.db.migrate import DatabaseTooNewError, migrate
from api.db.tables.organization import Organization
from api.errors import ApiError
from api.keys import service
from api.keys.founding import found
from api.rotation import rotate
from api.serve.composition import now, serve
from api.serve.http_server import ListenError
from api.serve.installation import Installation, InstallationError
from api.serve.store import opened
from api.serve.working import work
from api.settings.reading import SettingError, environment, read_settings
from api.settings.settings import Settings
from api.settings.table import SETTINGS
from api.telemetry.logs import LogFormat, LogLevel, configure_logs
from api.vault.errors import VaultError
from connectors.registry import catalogue

USAGE: Final = 2
"""Exit status of a command that cannot be meant, or of a setting that cannot be."""
FAILURE: Final = 1

_TALKATIVE: Final = ("alembic", "httpx", "uvicorn")
"""Libraries that tell at each start what we tell in our own words."""

_TOLD: Final = (
    InstallationError,
    EmbeddedServerError,
    ListenError,
    DatabaseTooNewError,
    VaultError,
    ApiError,
    StartError,
    AnswerError,
)
"""Errors whose message says it all; others are bugs, and show where they come from."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """One command, and what carries it out."""

    name: str
    help: str
    run: Callable[[argparse.Namespace, Settings], Coroutine[None, None, int | None]]
    """Gives the exit status, if it is not 0."""
    arguments: Callable[[argparse.ArgumentParser], None] = lambda _: None


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command and give its exit status."""
    told = _parser().parse_args(arguments)
    flags = {
        each.name: getattr(told, each.name)
        for each in SETTINGS
        if getattr(told, each.name, None) is not None
    }
    try:
        settings = read_settings(flags, environment())
    except SettingError as error:
        return _fail(str(error), USAGE)
    settings = _with_logs(settings)
    command: Command = told.command
    try:
        return asyncio.run(command.run(told, settings)) or 0
    except _TOLD as error:
        return _fail(str(error), FAILURE)
    except OperationalError as error:
        return _fail(f"the database cannot be reached: {error.orig}", FAILURE)
    except KeyboardInterrupt:
        return FAILURE


def _with_logs(settings: Settings) -> Settings:
    """Set up the logs, and say in the settings how they are written."""
    form = settings.log_format or (LogFormat.TEXT if sys.stderr.isatty() else LogFormat.JSON)
    configure_logs(form, settings.log_level)
    if settings.log_level is not LogLevel.DEBUG:
        for library in _TALKATIVE:
            logging.getLogger(library).setLevel(logging.WARNING)
    return replace(settings, log_format=form)


def _fail(message: str, status: int) -> int:
    print(f"kiln: {message}", file=sys.stderr)  # noqa: T201 - a command talks
    return status


def tell(line: str) -> None:
    """Say something to the person at the terminal, or to whoever reads on."""
    print(line, flush=True)  # noqa: T201 - a command talks


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="kiln", description="Kiln runs data pipelines.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for command in COMMANDS:
        _add(commands, command)
    for name, help_, members in (
        ("keys", "Manage API keys.", KEY_COMMANDS),
        ("runs", "Look after runs.", RUN_COMMANDS),
    ):
        group = commands.add_parser(name, help=help_, description=help_)
        of_group = group.add_subparsers(required=True, metavar="COMMAND")
        for command in members:
            _add(of_group, command)
    return parser


def _add(commands: "argparse._SubParsersAction[argparse.ArgumentParser]", command: Command) -> None:
    parser = commands.add_parser(command.name, help=command.help, description=command.help)
    parser.set_defaults(command=command)
    command.arguments(parser)
    group = parser.add_argument_group("settings")
    for setting in SETTINGS:
        if not setting.secret:
            text = f"{setting.help}; also {setting.variable}"
            group.add_argument(setting.flag, dest=setting.name, metavar="X", help=text)
    secrets = ", ".join(
        each.variable for each in SETTINGS if each.secret and "OAUTH" not in each.variable
    )
    parser.epilog = f"By environment only, or in a file named by ..._FILE: {secrets}."


async def _serve(told: argparse.Namespace, settings: Settings) -> None:
    del told
    await serve(settings, environment(), tell, alone=True)


async def _api(told: argparse.Namespace, settings: Settings) -> None:
    del told
    await serve(settings, environment(), tell, alone=False)


async def _work(told: argparse.Namespace, settings: Settings) -> None:
    del told
    await work(settings, tell, now)


async def _migrate(told: argparse.Namespace, settings: Settings) -> None:
    del told
    with Installation(settings).database() as (url, _):
        tell(f"The database is at migration {await asyncio.to_thread(migrate, url)}.")


async def _create_key(told: argparse.Namespace, settings: Settings) -> None:
    async with opened(settings) as store, store.session() as (session, pepper):
        organization_id = await _organization(session, told.organization)
        if organization_id is None:
            # There is none yet: it comes with a key.
            first = await found(session, pepper)
            tell("" if first is None else first.text)
        else:
            created = await service.create(
                session,
                pepper,
                organization_id=organization_id,
                name=told.name,
                workspace_id=told.workspace,
            )
            tell(created.text)


async def _list_keys(told: argparse.Namespace, settings: Settings) -> None:
    async with opened(settings) as store, store.session() as (session, _):
        organization_id = await _organization(session, told.organization)
        if organization_id is None:
            return
        for row in await service.read_all(session, organization_id):
            where = f"workspace {row.workspace_id}" if row.workspace_id else "all workspaces"
            tell(f"{row.id:<12}{row.hint:<20}{row.created_at:%Y-%m-%d}  {where:<22}{row.name}")


async def _revoke_key(told: argparse.Namespace, settings: Settings) -> None:
    async with opened(settings) as store, store.session() as (session, _):
        organization_id = await _organization(session, told.organization)
        await service.revoke(session, organization_id or 0, told.id)
    tell(f"Key {told.id} opens nothing any more.")


async def _rotate(told: argparse.Namespace, settings: Settings) -> None:
    async with opened(settings, new_key=told.new_key) as store:
        resealed = await rotate(store.database.sessions, store.vault)
    tell(f"{resealed} values were sealed again with the newest key; all are sealed with it now.")
    if len(store.keys) > 1:
        tell("The other keys are not needed any more, but for backups of the database.")


async def _demo(told: argparse.Namespace, settings: Settings) -> None:
    del settings
    demo(environment(), Console(), once=told.once)


async def _import(told: argparse.Namespace, settings: Settings) -> int:
    if not told.dry_run:
        raise AnswerError("add --dry-run: without a pipeline of the API there is nowhere to write")
    view = DryRunView(Console(stderr=told.json), tell if told.json else None)
    try:
        definition = told.pipeline.read_bytes()
    except OSError as error:
        raise AnswerError(f"the definition cannot be read: {error}") from None
    outcome = await dry_run(
        told.file.resolve(),
        definition,
        catalogue=catalogue(with_test_connectors=settings.test_connectors),
        environment=environment(),
        clock=now,
        shown=Shown(rows=view.rows, failures=view.failures),
    )
    return view.ended(outcome)


async def _watch(told: argparse.Namespace, settings: Settings) -> int:
    if settings.api_key is None:
        raise AnswerError("KILN_API_KEY is not set: it is what the API is asked with")
    url = settings.public_url
    with Client.open(url, settings.api_key, told.workspace) as client:
        return watch(client, told.id, Console())


async def _organization(session: AsyncSession, told: int | None) -> int | None:
    """Choose an organisation: the one that was told, or the only one."""
    known = list(await session.scalars(select(Organization.id).order_by(Organization.id)))
    if told is not None:
        if told not in known:
            raise InstallationError(f"organisation {told} does not exist")
        return told
    if len(known) > 1:
        raise InstallationError(
            f"there are several organisations: add --organization {' or '.join(map(str, known))}"
        )
    return known[0] if known else None


def _of_organization(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--organization", type=int, metavar="ID", help="needed if there are several"
    )


def _of_new_key(parser: argparse.ArgumentParser) -> None:
    _of_organization(parser)
    parser.add_argument("--name", default="Command line", help="what the key is called")
    parser.add_argument("--workspace", type=int, metavar="ID", help="the one that it is for")


def _of_old_key(parser: argparse.ArgumentParser) -> None:
    _of_organization(parser)
    parser.add_argument("id", type=int, metavar="ID", help="as `kiln keys list` shows it")


def _of_rotation(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--new-key", action="store_true", help="first add a key to the file in the data directory"
    )


def _of_demo(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--once", action="store_true", help="end when everything was shown")


def _of_import(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", type=Path, metavar="FILE", help="the file to read")
    parser.add_argument(
        "--pipeline",
        type=Path,
        required=True,
        metavar="PIPELINE",
        help="file with the definition of a pipeline, as the API takes it",
    )
    parser.add_argument("--dry-run", action="store_true", help="write nothing")
    parser.add_argument("--json", action="store_true", help="print every row as a line of JSON")


def _of_watch(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("id", type=int, metavar="ID", help="of the run")
    parser.add_argument(
        "--workspace", type=int, metavar="ID", help="needed by keys of all workspaces"
    )


COMMANDS: Final = (
    Command(
        name="demo",
        help="Show what Kiln does: three files become profiles, in a folder of its own.",
        run=_demo,
        arguments=_of_demo,
    ),
    Command(
        name="import",
        help="Show what a pipeline would write of a file, and what it would reject.",
        run=_import,
        arguments=_of_import,
    ),
    Command(
        name="serve",
        help="Serve everything and carry out runs; start a database and a runtime if none is named.",
        run=_serve,
    ),
    Command(
        name="api",
        help="Serve the API with a database and a runtime that run already.",
        run=_api,
    ),
    Command(
        name="work",
        help="Carry out runs, with a database and a runtime that run already.",
        run=_work,
    ),
    Command(name="migrate", help="Bring the database up to this release.", run=_migrate),
    Command(
        name="rotate-secrets",
        help="Seal everything at rest with the newest secret key.",
        run=_rotate,
        arguments=_of_rotation,
    ),
)

KEY_COMMANDS: Final = (
    Command(
        name="create",
        help="Create an API key, and show it once.",
        run=_create_key,
        arguments=_of_new_key,
    ),
    Command(name="list", help="List API keys.", run=_list_keys, arguments=_of_organization),
    Command(name="revoke", help="Delete an API key.", run=_revoke_key, arguments=_of_old_key),
)

RUN_COMMANDS: Final = (
    Command(
        name="watch",
        help="Show a run as it goes, until it has ended.",
        run=_watch,
        arguments=_of_watch,
    ),
)

if __name__ == "__main__":
    sys.exit(main())
