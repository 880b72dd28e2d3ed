"""The control plane's database for every test that asks for it: real, migrated, its own."""

from collections.abc import AsyncIterator, Iterator

import psycopg
import pytest

from api.db.embedded.server import EmbeddedServer
from api.db.migrate import migrate
from api.db.session import Database, Sessions
from tests.postgresql import empty_database_url, new_database, postgresql

__all__ = ["empty_database_url", "postgresql"]

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


@pytest.fixture
def database_url(postgresql: EmbeddedServer, migrated_template: str) -> Iterator[str]:
    """A new database with all tables and no row."""
    with new_database(postgresql, migrated_template) as url:
        yield url


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    opened = Database.open(database_url)
    yield opened
    await opened.close()


@pytest.fixture
def sessions(database: Database) -> Sessions:
    return database.sessions
