"""A process that is killed while it creates a workspace leaves a whole one, or none (WH-7)."""

import json
from typing import Any

from sqlalchemy import select

from api.db.session import Sessions
from api.db.tables.workspace import Workspace
from api.workspaces import service
from api.workspaces.creation import settle
from tests.api import rows
from tests.api.concurrency.doomed import KILLED, create
from tests.api.installation import VAULT
from tests.postgresql import NEAR, empty_schema
from warehouse.errors import NotInitializedError
from warehouse.registry import BY_CODE

Json = dict[str, Any]

ALL = 10_000
"""More exchanges than there are."""


def body(settings: Json) -> Json:
    email = {"name": "email", "type": {"kind": "string"}, "readOptional": True}
    return {
        "name": "Customers",
        "profileSchema": {"kind": "object", "properties": [email]},
        "warehouse": {"platform": "PostgreSQL", "settings": settings},
    }


async def is_initialized(settings: Json) -> bool:
    warehouse = await BY_CODE["PostgreSQL"].open(settings, NEAR)
    try:
        await warehouse.check_initialized()
    except NotInitializedError:
        # Then it could be initialised: there is nothing at all.
        await warehouse.check_initializable()
        return False
    return True


async def test_a_kill_leaves_a_whole_workspace_or_none(
    database_url: str, sessions: Sessions, warehouse_database: str
) -> None:
    async with sessions.begin() as session:
        session.add(rows.organization())

    async def end_after(last: int) -> tuple[int, int, int, int]:
        """Give the exit status, how many are shown before and after, and how much was said."""
        settings = empty_schema(warehouse_database)
        sent = json.dumps(body(settings)).encode()
        status, exchanges = create(database_url, sent, rows.ORGANIZATION_ID, last)
        async with sessions() as session:
            before = await service.read_all(session, rows.ORGANIZATION_ID)
        # What is shown is whole at any time.
        assert not before or await is_initialized(settings)

        await settle(sessions, VAULT, NEAR)
        async with sessions.begin() as session:
            found = list(await session.scalars(select(Workspace)))
            after = await service.read_all(session, rows.ORGANIZATION_ID)
            assert [row.id for row in found] == [each.id for each in after]
            assert len(after) == (1 if await is_initialized(settings) else 0)
            for row in found:
                await session.delete(row)
        return status, len(before), len(after), exchanges

    *whole, exchanges = await end_after(ALL)
    assert whole == [0, 1, 1]
    # Between, tables are created one by one: a few of these stand for all.
    lasts = {*range(10), *range(10, exchanges - 10, 5), *range(exchanges - 10, exchanges)}
    outcomes = {(await end_after(last))[:3] for last in sorted(lasts)}
    assert (
        {(KILLED, 0, 0), (KILLED, 0, 1)}
        <= outcomes
        <= {
            (KILLED, 0, 0),
            (KILLED, 0, 1),
            (KILLED, 1, 1),
        }
    )
