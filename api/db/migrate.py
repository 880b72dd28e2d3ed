"""Migrations, applied when a process starts: one process does it, the others wait for it."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, NullPool, create_engine, text

from api.db.metadata import METADATA
from api.db.session import database_url

_SCRIPTS: Final = Path(__file__).with_name("migrations")
_LOCK: Final = 7_463_051_886_214
"""Any number that no other user of the database locks."""


class DatabaseTooNewError(Exception):
    """The database was migrated by a later release of the product."""

    retryable = False

    def __init__(self, found: str, newest: str) -> None:
        super().__init__(
            f"the database is at migration {found}, and this release knows those up to {newest}:"
            " start a release that is at least as new as the last one that was started"
        )
        self.found = found
        self.newest = newest


def migration_config(connection: Connection) -> Config:
    """Give what Alembic needs to know; there is no file of settings."""
    config = Config(attributes={"connection": connection, "metadata": METADATA})
    config.set_main_option("script_location", str(_SCRIPTS).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.set_main_option("file_template", "%%(rev)s_%%(slug)s")
    return config


@contextmanager
def migrating(url: str) -> Iterator[Connection]:
    """Give a connection in a transaction that no other process migrates beside."""
    engine = create_engine(database_url(url), poolclass=NullPool)
    with engine.begin() as connection:
        connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
        yield connection


def migrate(url: str) -> str:
    """Apply what is missing, all or nothing, and give the name of the last migration."""
    with migrating(url) as connection:
        config = migration_config(connection)
        newest = _newest(config)
        found = MigrationContext.configure(connection).get_current_revision()
        known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
        if found is not None and found not in known:
            raise DatabaseTooNewError(found, newest)
        if found != newest:
            command.upgrade(config, "head")
    return newest


async def migrate_before_serving(url: str) -> str:
    """Do the same without holding up the event loop; Alembic knows no other way."""
    return await asyncio.to_thread(migrate, url)


def _newest(config: Config) -> str:
    head = ScriptDirectory.from_config(config).get_current_head()
    if head is None:
        raise RuntimeError(f"there are no migrations in {_SCRIPTS}")
    return head
