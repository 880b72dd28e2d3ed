"""The control plane's database for every test that asks for it: real, migrated, its own."""

from collections.abc import AsyncIterator, Iterator

import psycopg
import pytest

from api.db.embedded.server import EmbeddedServer
from api.db.metadata import METADATA
from api.db.migrate import migrate
from api.db.session import Database, Sessions
from tests.api.runtime import started_runtime
from tests.postgresql import (
    empty_database_url,
    new_database,
    postgresql,
    warehouse_database,
)

__all__ = ["empty_database_url", "postgresql", "warehouse_database"]

TEMPLATE = "kiln_template"


@pytest.fixture(scope="session")
def migrated_template(postgresql: EmbeddedServer) -> str:
    """The name of a database with all tables; whoever comes first makes it, the others copy it."""
    with psycopg.connect(postgresql.url("postgres"), autocommit=True) as connection:
        connection.execute("SELECT pg_advisory_lock(1)")
        ready = "SELECT datistemplate FROM pg_database WHERE datname = %s"
        # Nobody may connect to a database that is being copied, so only one does so at all.
        if connection.execute(ready, [TEMPLATE]).fetchone() != (True,):
            postgresql.create_database(TEMPLATE)
            migrate(postgresql.url(TEMPLATE))
            connection.execute(f"ALTER DATABASE {TEMPLATE} IS_TEMPLATE true")
    return TEMPLATE


@pytest.fixture(scope="session")
def migrated_database(postgresql: EmbeddedServer, migrated_template: str) -> Iterator[str]:
    """A database with all tables, for one process of the test run."""
    with new_database(postgresql, migrated_template) as url:
        yield url


@pytest.fixture
def database_url(migrated_database: str) -> Iterator[str]:
    """A database with all tables and no row: emptied after each test, which is quicker than new."""
    yield migrated_database
    with psycopg.connect(migrated_database, autocommit=True) as connection:
        # Whoever a test left behind does not hold up the next one.
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        # Few rows are deleted sooner than files are truncated.
        for table in reversed(METADATA.sorted_tables):
            connection.execute(f"DELETE FROM {table.name}".encode())  # noqa: S608 - our own names


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    opened = Database.open(database_url)
    yield opened
    await opened.close()


@pytest.fixture
def sessions(database: Database) -> Sessions:
    return database.sessions


@pytest.fixture(scope="session")
def runtime_with_functions() -> Iterator[str]:
    """The address of a runtime, for one process of the test run."""
    with started_runtime() as address:
        yield address
