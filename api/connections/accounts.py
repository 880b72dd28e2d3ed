"""Accounts of applications, and the tokens that connections are created with (CONN-43, CONN-44)."""

import base64
import binascii
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, final

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from api.connections.oauth import Clients, Tokens, refresh
from api.db.session import Sessions
from api.db.tables.account import Account
from api.errors import BadRequestError
from api.ids import draw_id
from api.vault.errors import VaultError
from api.vault.vault import Purpose, Vault
from connectors.interface import Connector

Clock = Callable[[], datetime]

ATTEMPTS: Final = 10


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """What a person granted us: an account of an application, and the tokens for it."""

    connector: str
    account: str
    tokens: Tokens = field(repr=False)

    @classmethod
    def read(cls, vault: Vault, workspace_id: int, connector: Connector, token: str) -> "Grant":
        """Open a token of this workspace and connector; any other is a 400."""
        try:
            sealed = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
            members = vault.open_json(Purpose.AUTH_TOKEN, workspace_id, sealed)
        except (binascii.Error, ValueError, VaultError):
            raise BadRequestError("`authToken` is not one that was issued here") from None
        if members["connector"] != connector.code:
            raise BadRequestError(f"`authToken` is not one for {connector.label}")
        return cls(
            connector=connector.code,
            account=members["account"],
            tokens=_tokens(members, datetime.fromisoformat(members["expiresAt"])),
        )

    def token(self, vault: Vault, workspace_id: int) -> str:
        """Write the opaque text that a client carries to the creation of a connection."""
        members = {
            "connector": self.connector,
            "account": self.account,
            "expiresAt": self.tokens.expires_at.isoformat(),
            **_members(self.tokens),
        }
        sealed = vault.seal_json(Purpose.AUTH_TOKEN, workspace_id, members)
        return base64.urlsafe_b64encode(sealed).decode().rstrip("=")


async def keep_account(
    session: AsyncSession, vault: Vault, workspace_id: int, connector: Connector, grant: Grant
) -> int:
    """Store the account of a grant, or bring it up to date; gives its id."""
    known = (
        select(Account)
        .where(
            Account.workspace_id == workspace_id,
            Account.connector == connector.code,
            Account.code == grant.account,
        )
        .with_for_update()
    )
    for _ in range(ATTEMPTS):
        row = await session.scalar(known)
        if row is not None:
            # A token is good for long: the account may have been refreshed since it was issued.
            if row.expires_at < grant.tokens.expires_at:
                _set_tokens(row, vault, grant.tokens)
            return row.id
        account_id = draw_id()
        # Of two that come at once, one inserts; an id that is taken is drawn again.
        await session.execute(
            insert(Account)
            .values(
                id=account_id,
                workspace_id=workspace_id,
                connector=connector.code,
                code=grant.account,
                sealed_tokens=vault.seal_json(
                    Purpose.ACCOUNT_TOKENS, account_id, _members(grant.tokens)
                ),
                expires_at=grant.tokens.expires_at,
                created_at=func.now(),
                updated_at=func.now(),
            )
            .on_conflict_do_nothing()
        )
    raise RuntimeError(f"the account was not stored in {ATTEMPTS} attempts")


async def access_token(
    sessions: Sessions,
    vault: Vault,
    clients: Clients,
    connector: Connector,
    account_id: int,
    clock: Clock,
) -> str:
    """Give an access token that is good for a while, refreshed if need be (CONN-44)."""
    if connector.oauth is None:
        raise ValueError(f"{connector.code} needs no authorisation")
    async with sessions.begin() as session:
        # The row stays locked: a refresh token may be good once only.
        row = await session.get_one(Account, account_id, with_for_update=True)
        members = vault.open_json(Purpose.ACCOUNT_TOKENS, row.id, row.sealed_tokens)
        tokens = _tokens(members, row.expires_at)
        now = clock()
        if tokens.are_stale(now):
            client = clients[connector.code]
            tokens = await refresh(connector.oauth, client, tokens, now)
            _set_tokens(row, vault, tokens)
        return tokens.access


def _set_tokens(row: Account, vault: Vault, tokens: Tokens) -> None:
    row.sealed_tokens = vault.seal_json(Purpose.ACCOUNT_TOKENS, row.id, _members(tokens))
    row.expires_at = tokens.expires_at
    row.updated_at = func.now()


def _members(tokens: Tokens) -> dict[str, str]:
    return {"access": tokens.access, "refresh": tokens.refresh}


def _tokens(members: dict[str, str], expires_at: datetime) -> Tokens:
    return Tokens(access=members["access"], refresh=members["refresh"], expires_at=expires_at)
