"""The pepper: what turns a key into what is kept of it, and is not in the database as it is."""

import hashlib
import hmac
import secrets
from dataclasses import dataclass, field
from typing import Final

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from api.db.tables.secret import Secret
from api.keys.token import Token
from api.vault.vault import Purpose, Vault

NAME: Final = "pepper"
OWNER_ID: Final = 0
"""The installation itself."""
_BYTES: Final = 32


@dataclass(frozen=True, slots=True)
class Pepper:
    """A secret of the installation; without it, what is kept of keys is no use for trying some.

    It is drawn once and sealed: were it derived from the secret key, changing that would end every
    key of every client.
    """

    material: bytes = field(repr=False)

    def digest(self, token: Token) -> bytes:
        """Give what is kept of a key."""
        return hmac.digest(self.material, token.secret, hashlib.sha256)


async def load_pepper(session: AsyncSession, vault: Vault) -> Pepper:
    """Give the pepper of this installation; whoever is first draws it."""
    sealed = vault.seal(Purpose.PEPPER, OWNER_ID, secrets.token_bytes(_BYTES))
    await session.execute(
        insert(Secret)
        .values(name=NAME, sealed=sealed, created_at=func.now())
        .on_conflict_do_nothing()
    )
    kept = await session.scalars(select(Secret.sealed).where(Secret.name == NAME))
    return Pepper(vault.open(Purpose.PEPPER, OWNER_ID, kept.one()))
