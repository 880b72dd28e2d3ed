"""A real PostgreSQL for tests: one server per test run, shared by its processes, gone after it.

Import the fixtures into a `conftest.py`: `postgresql` is the server, `empty_database_url` a new
database without a table. The server ends with the last process that uses it, even with one that
is killed, and takes its files with it.
"""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict

from api.db.embedded.server import EmbeddedServer
from forms.addresses import Reach

NEAR = Reach.of(["127.0.0.0/8", "::1/128", "sockets"])
"""What has to be allowed for a warehouse on this server."""

FAST = {
    # The data is gone when the server is: nothing has to be on a disk.
    "fsync": "off",
    "full_page_writes": "off",
    "synchronous_commit": "off",
    "max_connections": "200",
    "shared_buffers": "64MB",
}


@pytest.fixture(scope="session")
def postgresql(
    worker_id: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[EmbeddedServer]:
    base = tmp_path_factory.getbasetemp()
    shared = base if worker_id == "master" else base.parent
    with EmbeddedServer.open(shared / "postgresql", FAST, temporary=True) as server:
        yield server


@pytest.fixture
def empty_database_url(postgresql: EmbeddedServer) -> Iterator[str]:
    with new_database(postgresql) as url:
        yield url


@pytest.fixture(scope="session")
def warehouse_database(postgresql: EmbeddedServer) -> Iterator[str]:
    """A database for warehouses, for one process of the test run; see `empty_schema`."""
    with new_database(postgresql) as url:
        yield url


@contextmanager
def new_database(server: EmbeddedServer, template: str = "template0") -> Iterator[str]:
    """Give the URL of a database of its own, a copy of `template`."""
    name = f"test_{uuid.uuid4().hex}"
    administer(
        server,
        sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(
            sql.Identifier(name), sql.Identifier(template)
        ),
    )
    try:
        yield server.url(name)
    finally:
        administer(server, sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


def administer(server: EmbeddedServer, statement: sql.Composed) -> None:
    with psycopg.connect(server.url("postgres"), autocommit=True) as connection:
        connection.execute(statement)


def empty_schema(url: str) -> dict[str, object]:
    """Give the settings of a warehouse whose schema is empty, in a database that may be reused."""
    with psycopg.connect(url, autocommit=True) as connection:
        found = connection.execute("SELECT nspname FROM pg_namespace WHERE nspname !~ '^pg_'")
        for (schema,) in found.fetchall():
            if schema != "information_schema":
                connection.execute(sql.SQL("DROP SCHEMA {} CASCADE").format(sql.Identifier(schema)))
        connection.execute("CREATE SCHEMA public")
    parts = conninfo_to_dict(url)
    return {
        "host": parts["host"],
        "port": int(parts.get("port") or 5432),
        "username": parts["user"],
        "password": "not asked for",
        "database": parts["dbname"],
        "schema": "public",
    }
