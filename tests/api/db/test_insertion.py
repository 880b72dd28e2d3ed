from collections.abc import Iterator

import pytest
from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError

from api.db.insertion import ATTEMPTS, NoFreeIdError, insert_with_id, violated_constraint
from api.db.session import Sessions
from api.db.tables.organization import Organization
from api.ids import MAX_ID, MIN_ID, draw_id
from tests.api import rows


def draws(*ids: int) -> Iterator[int]:
    yield from ids


def organization(identifier: int) -> Organization:
    return rows.organization(id=identifier)


async def test_a_taken_id_is_drawn_again(sessions: Sessions) -> None:
    """API-30."""
    taken, free = MIN_ID, MAX_ID
    ids = draws(taken, taken, free)
    async with sessions.begin() as session:
        session.add(organization(taken))
        row = await insert_with_id(session, organization, lambda: next(ids))
    async with sessions() as session:
        found = await session.scalars(select(Organization.id).order_by(Organization.id))
        assert (row.id, list(found)) == (free, [taken, free])


async def test_what_else_is_wrong_is_not_tried_again(sessions: Sessions) -> None:
    ids = draws(MIN_ID)
    async with sessions() as session:
        with pytest.raises(IntegrityError) as caught:
            await insert_with_id(
                session, lambda drawn: rows.organization(id=drawn, name=""), lambda: next(ids)
            )
        # Only the insertion was undone: the transaction goes on.
        assert await session.scalar(select(func.count()).select_from(Organization)) == 0
    assert violated_constraint(caught.value) == "ck_organizations_name"


async def test_draws_that_never_end_in_a_free_id_end(sessions: Sessions) -> None:
    async with sessions() as session:
        session.add(organization(MIN_ID))
        with pytest.raises(NoFreeIdError, match=str(ATTEMPTS)):
            await insert_with_id(session, organization, lambda: MIN_ID)


def test_ids_are_spread_over_their_whole_range() -> None:
    drawn = [draw_id() for _ in range(2_000)]
    assert MIN_ID <= min(drawn) < MIN_ID + 20_000_000
    assert MAX_ID - 20_000_000 < max(drawn) <= MAX_ID
    assert len(set(drawn)) > 1_990
