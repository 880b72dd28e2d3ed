"""The bell that workers listen to: it saves them the wait for their next look, no more (DEC-3)."""

from typing import Final

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

CHANNEL: Final = "kiln_runs"

_RING: Final = text(f"NOTIFY {CHANNEL}")


async def ring(session: AsyncSession) -> None:
    """Have workers look, once the transaction is done: at what waits, and at what they have."""
    await session.execute(_RING)
