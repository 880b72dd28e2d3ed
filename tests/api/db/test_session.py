import pytest
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from api.db.session import Database, DatabaseUrlError, PoolSize, database_url, reading


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("postgresql://u:p@host:5433/name", "postgresql+psycopg://u:p@host:5433/name"),
        ("postgres://u@host/name", "postgresql+psycopg://u@host/name"),
        (
            "postgresql+psycopg://u@/name?host=%2Frun%2Fx",
            "postgresql+psycopg://u@/name?host=%2Frun%2Fx",
        ),
    ],
)
def test_a_url_is_read_however_it_is_written(written: str, read: str) -> None:
    assert database_url(written).render_as_string(hide_password=False) == read


@pytest.mark.parametrize(
    ("written", "message"),
    [
        ("", "expected a URL such as postgresql://user@host/name"),
        ("host/name", "expected a URL such as postgresql://user@host/name"),
        ("postgresql://u:secret@h:port/n", "expected a URL such as postgresql://user@host/name"),
        ("mysql://u:secret@h/n", "found the scheme mysql, expected postgresql://user@host/name"),
        (
            "postgresql://u:secret@h",
            "expected the name of a database: postgresql://user@host/name",
        ),
    ],
)
def test_another_url_is_refused_and_not_repeated(written: str, message: str) -> None:
    with pytest.raises(DatabaseUrlError) as caught:
        database_url(written)
    assert str(caught.value) == message


def test_a_database_does_not_show_its_password() -> None:
    opened = Database.open("postgresql://u:hunter2@localhost/name")
    assert "hunter2" not in repr(opened) + repr(opened.engine.url)


async def test_an_error_does_not_show_what_was_to_be_stored(database: Database) -> None:
    with pytest.raises(SQLAlchemyError) as raised:
        async with database.sessions() as session:
            await session.execute(text("SELECT length(:value) / 0").bindparams(value="hunter2"))
    assert "hunter2" not in str(raised.value)


async def test_a_connection_that_died_is_replaced(database_url: str) -> None:
    """A server that was restarted costs a ping, not a failed request."""
    database = Database.open(database_url, PoolSize(kept=1, more=0, ping_after_seconds=0.0))
    other = Database.open(database_url)
    async with database.sessions() as session:
        first = await session.scalar(text("SELECT pg_backend_pid()"))
    async with other.sessions() as session:
        await session.execute(text("SELECT pg_terminate_backend(:pid, 5000)"), {"pid": first})
    async with database.sessions() as session:
        assert await session.scalar(text("SELECT pg_backend_pid()")) != first
    await database.close()
    await other.close()


async def test_a_question_alone_begins_no_transaction(database: Database) -> None:
    alone = text("SELECT now() = statement_timestamp()")
    async with reading(database.sessions) as session:
        for _ in range(2):
            assert await session.scalar(alone)
    # The same connection, in a transaction as before.
    async with database.sessions.begin() as session:
        await session.scalar(alone)
        assert not await session.scalar(alone)
