import asyncio

import pytest
from sqlalchemy import delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from api.db.session import Sessions
from api.db.tables.api_key import ApiKey
from api.db.tables.organization import Organization
from api.db.tables.secret import Secret
from api.db.tables.workspace import Workspace
from api.errors import NotFoundError, Refusal, UnauthorizedError, UnprocessableError
from api.http.caller import Caller
from api.keys import service
from api.keys.door import KeyDoor
from api.keys.founding import found
from api.keys.pepper import Pepper, load_pepper
from api.keys.service import NewKey
from api.keys.token import Token, read_token
from api.vault.errors import UnknownKeyError
from api.vault.keys import draw_key
from api.vault.vault import Vault
from tests.api import rows

OTHER_ID = 600_000_000
PEPPER = Pepper(bytes(range(32)))


async def new_key(session: AsyncSession, workspace_id: int | None = None) -> NewKey:
    return await service.create(
        session,
        PEPPER,
        organization_id=rows.ORGANIZATION_ID,
        name="CI",
        workspace_id=workspace_id,
    )


async def two_tenants(session: AsyncSession) -> None:
    await rows.tenant(session)
    session.add(rows.organization(id=OTHER_ID))
    await session.flush()
    session.add(rows.workspace(id=OTHER_ID, organization_id=OTHER_ID))
    await session.flush()


async def test_a_key_opens_the_door_for_its_organization(sessions: Sessions) -> None:
    async with sessions.begin() as session:
        await rows.tenant(session)
        key = await new_key(session)
        restricted = await new_key(session, rows.WORKSPACE_ID)
    door = KeyDoor(sessions, PEPPER)
    assert await door.caller(key.text) == Caller(
        key_id=key.id,
        organization_id=rows.ORGANIZATION_ID,
        organization_enabled=True,
        workspace_id=None,
    )
    assert (await door.caller(restricted.text)).workspace_id == rows.WORKSPACE_ID


async def test_nothing_that_is_kept_is_a_key(sessions: Sessions) -> None:
    """API-2: an HMAC and a hint."""
    async with sessions.begin() as session:
        await rows.tenant(session)
        key = await new_key(session)
        row = (await session.scalars(select(ApiKey))).one()
    token = read_token(key.text)
    assert (row.digest, row.hint) == (PEPPER.digest(token), token.hint())
    assert token.secret not in row.digest
    assert Pepper(bytes(32)).digest(token) != row.digest


async def test_keys_that_are_not_good_open_nothing(sessions: Sessions) -> None:
    async with sessions.begin() as session:
        await rows.tenant(session)
        key = await new_key(session)
    door = KeyDoor(sessions, PEPPER)
    with pytest.raises(UnauthorizedError, match="does not exist"):
        await door.caller(Token(bytes(range(32))).text())
    with pytest.raises(UnauthorizedError, match="checksum"):
        await door.caller(key.text[:-1] + ("A" if key.text[-1] != "A" else "B"))
    with pytest.raises(UnauthorizedError, match="does not exist"):
        await KeyDoor(sessions, Pepper(bytes(32))).caller(key.text)


async def test_a_mistyped_key_asks_no_database() -> None:
    unreachable = KeyDoor(Sessions(), PEPPER)
    with pytest.raises(UnauthorizedError, match="malformed"):
        await unreachable.caller("api_short")


async def test_a_revoked_key_opens_nothing_any_more(sessions: Sessions) -> None:
    async with sessions.begin() as session:
        await rows.tenant(session)
        key = await new_key(session)
    async with sessions.begin() as session:
        await service.revoke(session, rows.ORGANIZATION_ID, key.id)
    with pytest.raises(UnauthorizedError, match="does not exist"):
        await KeyDoor(sessions, PEPPER).caller(key.text)


async def test_a_key_of_a_workspace_ends_with_it(sessions: Sessions) -> None:
    """WH-9, and before that while it is being deleted."""
    door = KeyDoor(sessions, PEPPER)
    async with sessions.begin() as session:
        await rows.tenant(session)
        key = await new_key(session, rows.WORKSPACE_ID)
        await session.execute(update(Workspace).values(deleting=True))
    with pytest.raises(UnauthorizedError, match="does not exist"):
        await door.caller(key.text)
    assert not await door.owns(rows.ORGANIZATION_ID, rows.WORKSPACE_ID)
    async with sessions.begin() as session:
        await session.execute(delete(Workspace))
    with pytest.raises(UnauthorizedError, match="does not exist"):
        await door.caller(key.text)


async def test_a_disabled_organization_is_told_to_the_caller(sessions: Sessions) -> None:
    async with sessions.begin() as session:
        await rows.tenant(session)
        key = await new_key(session)
        await session.execute(update(Organization).values(enabled=False))
    assert not (await KeyDoor(sessions, PEPPER).caller(key.text)).organization_enabled


async def test_workspaces_of_others_are_like_none(sessions: Sessions) -> None:
    """API-6."""
    async with sessions.begin() as session:
        await two_tenants(session)
    door = KeyDoor(sessions, PEPPER)
    assert await door.owns(rows.ORGANIZATION_ID, rows.WORKSPACE_ID)
    assert not await door.owns(rows.ORGANIZATION_ID, OTHER_ID)
    assert not await door.owns(rows.ORGANIZATION_ID, OTHER_ID + 1)
    async with sessions() as session:
        with pytest.raises(UnprocessableError) as caught:
            await new_key(session, OTHER_ID)
    assert caught.value.code == Refusal.WORKSPACE_NOT_EXIST


async def test_keys_of_others_are_like_none(sessions: Sessions) -> None:
    async with sessions.begin() as session:
        await two_tenants(session)
        key = await new_key(session)
    async with sessions.begin() as session:
        assert await service.read_all(session, OTHER_ID) == []
        with pytest.raises(NotFoundError):
            await service.rename(session, OTHER_ID, key.id, "mine")
        with pytest.raises(NotFoundError):
            await service.revoke(session, OTHER_ID, key.id)
        with pytest.raises(NotFoundError):
            await service.check_exists(session, OTHER_ID, key.id)
        await service.rename(session, rows.ORGANIZATION_ID, key.id, "Zoo")
        (row,) = await service.read_all(session, rows.ORGANIZATION_ID)
        assert (row.id, row.name) == (key.id, "Zoo")


async def test_an_organization_has_a_limited_number_of_keys(
    sessions: Sessions, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also when many are created at once."""
    monkeypatch.setattr(service, "MAX_KEYS", 3)
    async with sessions.begin() as session:
        await rows.tenant(session)

    async def create() -> str:
        try:
            async with sessions.begin() as session:
                await new_key(session)
        except UnprocessableError as error:
            return error.code
        return "created"

    outcomes = sorted(await asyncio.gather(*(create() for _ in range(6))))
    assert outcomes == [*["AccessKeysLimitReached"] * 3, *["created"] * 3]


async def test_the_pepper_is_drawn_once_and_sealed(sessions: Sessions) -> None:
    vault = Vault([draw_key()])

    async def load() -> Pepper:
        async with sessions.begin() as session:
            return await load_pepper(session, vault)

    peppers = await asyncio.gather(*(load() for _ in range(5)))
    assert len({pepper.material for pepper in peppers}) == 1
    async with sessions() as session:
        (kept,) = await session.scalars(select(Secret.sealed))
        assert peppers[0].material not in kept
        with pytest.raises(UnknownKeyError):
            await load_pepper(session, Vault([draw_key()]))


async def test_the_first_key_is_found_once(sessions: Sessions) -> None:
    async def start() -> NewKey | None:
        async with sessions.begin() as session:
            return await found(session, PEPPER)

    keys = [key for key in await asyncio.gather(*(start() for _ in range(4))) if key is not None]
    assert len(keys) == 1
    assert (await KeyDoor(sessions, PEPPER).caller(keys[0].text)).organization_enabled
    async with sessions() as session:
        assert await session.scalar(select(func.count()).select_from(Organization)) == 1
