"""The database of an installation, for commands that do something to it and end."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import ExitStack, asynccontextmanager
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncSession

from api.db.migrate import migrate
from api.db.session import Database
from api.keys.pepper import Pepper, load_pepper
from api.serve.installation import Installation
from api.settings.settings import Settings
from api.vault.keys import SecretKey
from api.vault.vault import Vault


@dataclass(frozen=True, slots=True, kw_only=True)
class Store:
    """The database of an installation, and what is needed to work with it."""

    database: Database
    vault: Vault
    keys: tuple[SecretKey, ...]

    @asynccontextmanager
    async def session(self) -> AsyncIterator[tuple[AsyncSession, Pepper]]:
        """Give a transaction."""
        async with self.database.sessions.begin() as session:
            yield session, await load_pepper(session, self.vault)


@asynccontextmanager
async def opened(settings: Settings, *, new_key: bool = False) -> AsyncIterator[Store]:
    """Open the database of an installation, migrated; our own is started if it does not run."""
    installation = Installation(settings)
    with ExitStack() as stack:
        keys = stack.enter_context(installation.with_new_key() if new_key else installation.used())
        url, _ = stack.enter_context(installation.database())
        await asyncio.to_thread(migrate, url)
        database = Database.open(url)
        try:
            yield Store(database=database, vault=Vault(keys), keys=keys)
        finally:
            await database.close()
