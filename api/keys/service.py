"""What is done with keys."""

from dataclasses import dataclass, field
from typing import Final

from sqlalchemy import ColumnElement, delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from api.db.insertion import insert_with_id
from api.db.tables.api_key import ApiKey
from api.db.tables.organization import Organization
from api.db.tables.workspace import Workspace
from api.errors import NotFoundError, Refusal, UnprocessableError
from api.keys.pepper import Pepper
from api.keys.token import draw_token

MAX_KEYS: Final = 1_000
"""Of an organisation: more are a program that creates one at each start."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewKey:
    """A key that was created, and its text, which cannot be had again."""

    id: int
    text: str = field(repr=False)


async def create(
    session: AsyncSession,
    pepper: Pepper,
    *,
    organization_id: int,
    name: str,
    workspace_id: int | None = None,
) -> NewKey:
    """Create a key of an organisation, or of one of its workspaces (API-3)."""
    # Whoever creates a key meanwhile waits, so that the limit holds.
    await session.execute(
        select(Organization.id).where(Organization.id == organization_id).with_for_update()
    )
    if await _count(session, organization_id) >= MAX_KEYS:
        raise UnprocessableError(
            Refusal.ACCESS_KEYS_LIMIT_REACHED,
            f"the organisation has {MAX_KEYS} keys: delete some that are not used",
        )
    if workspace_id is not None:
        await _check_workspace(session, organization_id, workspace_id)
    token = draw_token()
    row = await insert_with_id(
        session,
        lambda key_id: ApiKey(
            id=key_id,
            organization_id=organization_id,
            workspace_id=workspace_id,
            name=name,
            digest=pepper.digest(token),
            hint=token.hint(),
            created_at=func.now(),
        ),
    )
    return NewKey(id=row.id, text=token.text())


async def read_all(session: AsyncSession, organization_id: int) -> list[ApiKey]:
    """Give the keys of an organisation, by name and id."""
    found = await session.scalars(select(ApiKey).where(ApiKey.organization_id == organization_id))
    return sorted(found, key=lambda row: (row.name, row.id))


async def check_exists(session: AsyncSession, organization_id: int, key_id: int) -> None:
    """Tell a key that is not there, or is another organisation's (API-6)."""
    found = await session.scalars(select(ApiKey.id).where(_is(organization_id, key_id)))
    _check_found(found.one_or_none(), key_id)


async def rename(session: AsyncSession, organization_id: int, key_id: int, name: str) -> None:
    """Give a key another name."""
    changed = await session.scalars(
        update(ApiKey).where(_is(organization_id, key_id)).values(name=name).returning(ApiKey.id)
    )
    _check_found(changed.one_or_none(), key_id)


async def revoke(session: AsyncSession, organization_id: int, key_id: int) -> None:
    """Delete a key: from now on it opens nothing."""
    deleted = await session.scalars(
        delete(ApiKey).where(_is(organization_id, key_id)).returning(ApiKey.id)
    )
    _check_found(deleted.one_or_none(), key_id)


def _is(organization_id: int, key_id: int) -> ColumnElement[bool]:
    return (ApiKey.organization_id == organization_id) & (ApiKey.id == key_id)


def _check_found(found: int | None, key_id: int) -> None:
    if found is None:
        raise NotFoundError(f"key {key_id} does not exist")


async def _count(session: AsyncSession, organization_id: int) -> int:
    counted = await session.scalars(
        select(func.count()).select_from(ApiKey).where(ApiKey.organization_id == organization_id)
    )
    return counted.one()


async def _check_workspace(session: AsyncSession, organization_id: int, workspace_id: int) -> None:
    found = await session.scalars(
        select(Workspace.id)
        .where(
            Workspace.id == workspace_id,
            Workspace.organization_id == organization_id,
            Workspace.is_shown(),
        )
        # It cannot be deleted before the key is there.
        .with_for_update(key_share=True, read=True)
    )
    if found.one_or_none() is None:
        raise UnprocessableError(
            Refusal.WORKSPACE_NOT_EXIST, f"workspace {workspace_id} does not exist"
        )
