from datetime import UTC, datetime

import pytest
from sqlalchemy import select

from api import rotation
from api.db.metadata import TABLES
from api.db.session import Sessions
from api.db.tables.account import Account
from api.db.tables.connection import Connection
from api.db.tables.workspace import Workspace
from api.keys.pepper import load_pepper
from api.rotation import SEALED, rotate
from api.vault.errors import UnknownKeyError
from api.vault.keys import draw_key
from api.vault.vault import Purpose, Vault
from tests.api import rows

OLD, NEW = draw_key(), draw_key()


def test_every_sealed_column_is_known() -> None:
    sealed = {
        f"{table.__tablename__}.{column.name}"
        for table in TABLES
        for column in table.__table__.columns
        if column.name.startswith("sealed")
    }
    assert sealed == {str(column.sealed.expression) for column in SEALED}


async def seal_something(sessions: Sessions, vault: Vault) -> None:
    async with sessions.begin() as session:
        await load_pepper(session, vault)
        session.add(rows.organization())
        await session.flush()
        settings = vault.seal(Purpose.WAREHOUSE_SETTINGS, rows.WORKSPACE_ID, b"warehouse")
        session.add(rows.workspace(sealed_warehouse_settings=settings))
        await session.flush()
        session.add(rows.source())  # without settings
        for number in range(5):
            connection_id = rows.DESTINATION_ID + number
            sealed = vault.seal(Purpose.CONNECTION_SETTINGS, connection_id, b"settings")
            session.add(rows.destination(id=connection_id, sealed_settings=sealed))
        session.add(
            Account(
                id=rows.RUN_ID,
                workspace_id=rows.WORKSPACE_ID,
                connector="hubspot",
                code="1",
                sealed_tokens=vault.seal(Purpose.ACCOUNT_TOKENS, rows.RUN_ID, b"tokens"),
                expires_at=datetime(2027, 1, 1, tzinfo=UTC),
                created_at=rows.NOW,
                updated_at=rows.NOW,
            )
        )


async def test_an_old_key_is_needed_no_more(
    sessions: Sessions, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not even for the keys of clients: the pepper stays what it is."""
    monkeypatch.setattr(rotation, "BATCH_ROWS", 2)
    await seal_something(sessions, Vault([OLD]))
    async with sessions() as session:
        pepper = await load_pepper(session, Vault([OLD]))
        with pytest.raises(UnknownKeyError):
            await load_pepper(session, Vault([NEW]))

    assert await rotate(sessions, Vault([NEW, OLD])) == 8
    assert await rotate(sessions, Vault([NEW, OLD])) == 0

    vault = Vault([NEW])
    async with sessions() as session:
        assert await load_pepper(session, vault) == pepper
        (warehouse,) = await session.scalars(select(Workspace.sealed_warehouse_settings))
        assert vault.open(Purpose.WAREHOUSE_SETTINGS, rows.WORKSPACE_ID, warehouse) == b"warehouse"
        connections = await session.execute(select(Connection.id, Connection.sealed_settings))
        opened = {
            connection_id: sealed and vault.open(Purpose.CONNECTION_SETTINGS, connection_id, sealed)
            for connection_id, sealed in connections
        }
        assert opened == {rows.SOURCE_ID: None} | {
            rows.DESTINATION_ID + number: b"settings" for number in range(5)
        }
        (tokens,) = await session.scalars(select(Account.sealed_tokens))
        assert vault.open(Purpose.ACCOUNT_TOKENS, rows.RUN_ID, tokens) == b"tokens"


async def test_a_value_that_no_key_opens_stops_the_rotation(sessions: Sessions) -> None:
    await seal_something(sessions, Vault([OLD]))
    with pytest.raises(UnknownKeyError, match="pepper of api keys of 0"):
        await rotate(sessions, Vault([NEW]))
