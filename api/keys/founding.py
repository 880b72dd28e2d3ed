"""The first key of an installation, without which nobody could create another."""

from typing import Final

from sqlalchemy import func, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from api.db.insertion import insert_with_id
from api.db.tables.organization import Organization
from api.keys import service
from api.keys.pepper import Pepper
from api.keys.service import NewKey

_LOCK: Final = 7_463_051_886_215
"""Any number that no other user of the database locks."""
_ORGANIZATION: Final = "Default"
_KEY: Final = "First key"


async def found(session: AsyncSession, pepper: Pepper) -> NewKey | None:
    """Create an organisation with a key where there is none yet; nothing otherwise."""
    await session.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
    known = await session.scalars(select(func.count()).select_from(Organization))
    if known.one():
        return None
    organization = await insert_with_id(
        session,
        lambda drawn: Organization(id=drawn, name=_ORGANIZATION, created_at=func.now()),
    )
    return await service.create(session, pepper, organization_id=organization.id, name=_KEY)
