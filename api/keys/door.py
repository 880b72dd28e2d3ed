"""The door of the API: verifies keys against what is kept of them."""

import hmac
from typing import Final, final

from sqlalchemy import bindparam, select

from api.db.session import Sessions, reading
from api.db.tables.api_key import ApiKey
from api.db.tables.organization import Organization
from api.db.tables.workspace import Workspace
from api.errors import UnauthorizedError
from api.http.caller import Caller
from api.keys.pepper import Pepper
from api.keys.token import TokenError, read_token

# Every request asks these: they are built once.
_HOLDER: Final = (
    select(ApiKey, Organization.enabled, Workspace.deleting)
    .join(Organization, Organization.id == ApiKey.organization_id)
    .outerjoin(Workspace, Workspace.id == ApiKey.workspace_id)
    .where(ApiKey.digest == bindparam("digest"))
)
_OWNED: Final = select(Workspace.id).where(
    Workspace.id == bindparam("workspace_id"),
    Workspace.organization_id == bindparam("organization_id"),
    Workspace.is_shown(),
)


@final
class KeyDoor:
    """Lets in who holds a key; a mistyped one is refused without a look at the database."""

    def __init__(self, sessions: Sessions, pepper: Pepper) -> None:
        self._sessions = sessions
        self._pepper = pepper

    async def caller(self, key: str) -> Caller:
        """Give the holder of a key, or raise `UnauthorizedError`."""
        try:
            token = read_token(key)
        except TokenError as error:
            raise UnauthorizedError(str(error)) from None
        # The index is searched for a keyed digest: how far it matches says nothing about any key.
        digest = self._pepper.digest(token)
        async with reading(self._sessions) as session:
            found = (await session.execute(_HOLDER, {"digest": digest})).one_or_none()
        if found is None or not hmac.compare_digest(found[0].digest, digest) or found[2]:
            raise UnauthorizedError("the key does not exist")
        row, enabled, _ = found
        return Caller(
            key_id=row.id,
            organization_id=row.organization_id,
            organization_enabled=enabled,
            workspace_id=row.workspace_id,
        )

    async def owns(self, organization_id: int, workspace_id: int) -> bool:
        """Tell if there is such a workspace and it is the organisation's."""
        asked = {"organization_id": organization_id, "workspace_id": workspace_id}
        async with reading(self._sessions) as session:
            return (await session.scalars(_OWNED, asked)).one_or_none() is not None
