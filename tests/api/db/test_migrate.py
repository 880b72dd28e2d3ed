import asyncio
import subprocess
import sys
from typing import Any

import psycopg
import pytest
from alembic import command

from api.db.embedded.server import EmbeddedServer
from api.db.metadata import METADATA, TABLES
from api.db.migrate import (
    DatabaseTooNewError,
    migrate,
    migrate_before_serving,
    migrating,
    migration_config,
)
from tests.architecture.tree import ROOT
from tests.postgresql import new_database

# Everything that a table is made of, as PostgreSQL spells it: what Alembic does not compare too.
CATALOGUE = """
SELECT 'column', table_name, column_name,
       concat_ws(' ', data_type, is_nullable, column_default, generation_expression, is_identity)
FROM information_schema.columns WHERE table_schema = 'public'
UNION ALL
SELECT 'constraint', conrelid::regclass::text, conname, pg_get_constraintdef(oid)
FROM pg_constraint WHERE connamespace = 'public'::regnamespace AND contype <> 'n'
UNION ALL
SELECT 'index', tablename, indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'
ORDER BY 1, 2, 3
"""


def catalogue(url: str) -> list[tuple[Any, ...]]:
    with psycopg.connect(url) as connection:
        rows = connection.execute(CATALOGUE).fetchall()
    return [row for row in rows if row[1] != "alembic_version"]


def test_migrations_and_tables_agree_on_everything(
    postgresql: EmbeddedServer, empty_database_url: str
) -> None:
    migrate(empty_database_url)
    with new_database(postgresql) as created:
        with migrating(created) as connection:
            METADATA.create_all(connection)
        assert catalogue(empty_database_url) == catalogue(created)


def test_nothing_is_left_to_generate(database_url: str) -> None:
    with migrating(database_url) as connection:
        command.check(migration_config(connection))


def test_every_table_is_known() -> None:
    assert {table.__tablename__ for table in TABLES} == set(METADATA.tables)


def test_four_processes_that_start_together_migrate_once(empty_database_url: str) -> None:
    program = (
        "import sys; from api.db.migrate import migrate; sys.stdin.read(); migrate(sys.argv[1])"
    )
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", program, empty_database_url], stdin=subprocess.PIPE, cwd=ROOT
        )
        for _ in range(4)
    ]
    for process in processes:  # they import, and then wait for each other
        assert process.stdin is not None
        process.stdin.close()
    assert [process.wait(60) for process in processes] == [0, 0, 0, 0]
    with psycopg.connect(empty_database_url) as connection:
        versions = connection.execute("SELECT version_num FROM alembic_version").fetchall()
    assert versions == [(migrate(empty_database_url),)]


def test_a_migrated_database_is_left_as_it_is(database_url: str) -> None:
    before = catalogue(database_url)
    assert asyncio.run(migrate_before_serving(database_url)) == migrate(database_url)
    assert catalogue(database_url) == before


def test_a_database_of_a_later_release_is_refused(empty_database_url: str) -> None:
    migrate(empty_database_url)
    with psycopg.connect(empty_database_url) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(DatabaseTooNewError) as caught:
        migrate(empty_database_url)
    assert caught.value.found == "9999"
