"""Who asks: what a key says of its holder, and who can tell that a key is good."""

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """The holder of a key that was verified."""

    key_id: int
    organization_id: int
    organization_enabled: bool
    workspace_id: int | None
    """The workspace that the key is restricted to (API-3)."""


class Door(Protocol):
    """Verifies keys, and knows which workspaces are whose."""

    async def caller(self, key: str) -> Caller:
        """Give the holder of a key, or raise `UnauthorizedError`."""

    async def owns(self, organization_id: int, workspace_id: int) -> bool:
        """Tell if there is such a workspace and it is the organisation's."""
