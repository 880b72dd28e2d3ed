"""Seals everything with the newest secret key, so that older ones can be forgotten."""

from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import literal, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute
from sqlalchemy.sql import ColumnElement

from api.db.session import Sessions
from api.db.tables.account import Account
from api.db.tables.connection import Connection
from api.db.tables.run_failure import RunFailure
from api.db.tables.secret import Secret
from api.db.tables.workspace import Workspace
from api.keys.pepper import OWNER_ID
from api.vault.vault import Purpose, Vault

BATCH_ROWS: Final = 500


@dataclass(frozen=True, slots=True)
class SealedColumn:
    """A column of sealed values: what they are, whose, and how a row is found again."""

    purpose: Purpose
    sealed: InstrumentedAttribute[bytes] | InstrumentedAttribute[bytes | None]
    key: InstrumentedAttribute[int] | InstrumentedAttribute[str]
    owner_id: ColumnElement[int]


SEALED: Final = (
    SealedColumn(Purpose.PEPPER, Secret.sealed, Secret.name, literal(OWNER_ID)),
    SealedColumn(
        Purpose.WAREHOUSE_SETTINGS,
        Workspace.sealed_warehouse_settings,
        Workspace.id,
        Workspace.id.expression,
    ),
    SealedColumn(
        Purpose.CONNECTION_SETTINGS,
        Connection.sealed_settings,
        Connection.id,
        Connection.id.expression,
    ),
    SealedColumn(
        Purpose.SAMPLE, RunFailure.sealed, RunFailure.number, RunFailure.run_id.expression
    ),
    SealedColumn(Purpose.ACCOUNT_TOKENS, Account.sealed_tokens, Account.id, Account.id.expression),
)
"""Every column of our tables with sealed values; a test compares."""


async def rotate(sessions: Sessions, vault: Vault) -> int:
    """Seal again what an older key sealed; gives how many values that were."""
    resealed = 0
    for column in SEALED:
        last: int | str | None = None
        while True:
            async with sessions.begin() as session:
                rows = await _next(session, column, last)
                for key, owner_id, sealed in rows:
                    if not vault.is_newest(sealed):
                        resealed += await _reseal(session, vault, column, key, owner_id, sealed)
            if not rows:
                break
            last = rows[-1][0]
    return resealed


async def _next(
    session: AsyncSession, column: SealedColumn, last: int | str | None
) -> list[tuple[Any, ...]]:
    query = (
        select(column.key, column.owner_id, column.sealed)
        .where(column.sealed.is_not(None))
        .order_by(column.key)
        .limit(BATCH_ROWS)
    )
    if last is not None:
        query = query.where(column.key > last)
    return [tuple(row) for row in await session.execute(query)]


async def _reseal(
    session: AsyncSession,
    vault: Vault,
    column: SealedColumn,
    key: int | str,
    owner_id: int,
    sealed: bytes,
) -> int:
    resealed = vault.reseal(column.purpose, owner_id, sealed)
    # What somebody else has changed meanwhile is sealed with the newest key already.
    statement = (
        update(column.sealed.class_)
        .where(column.key == key, column.sealed == sealed)
        .values({column.sealed: resealed})
        .returning(column.key)
    )
    return len((await session.execute(statement)).all())
