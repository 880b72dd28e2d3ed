"""What pipelines leave in warehouses is taken away, however often it takes (PIPE-132, WH-32)."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any

import pytest
from sqlalchemy import func, select, update

from api.db.tables.purge import Purge
from api.db.tables.run import Run
from api.db.tables.unset import Unset
from api.db.tables.workspace import Workspace
from api.runs.cleaning import Cleaner
from api.vault.vault import Purpose
from api.workspaces.settings import reaching
from tests.api.runs.working import PIPELINE, VAULT, Workshop, lines
from tests.postgresql import NEAR
from warehouse.interface import Warehouse

WITHOUT_AGE = {
    **PIPELINE,
    "transformation": {"mapping": {"email": "mail"}},
    "inSchema": {"kind": "object", "properties": PIPELINE["inSchema"]["properties"][:2]},
    "outSchema": {"kind": "object", "properties": PIPELINE["outSchema"]["properties"][:1]},
}


def _cleaner(shop: Workshop) -> Cleaner:
    return Cleaner(sessions=shop.database.sessions, vault=VAULT, reach=NEAR)


async def _put(shop: Workshop, pipeline_id: int, pipeline: Mapping[str, object]) -> None:
    answer = await shop.ask("PUT", f"/v1/pipelines/{pipeline_id}", pipeline)
    assert answer.status == 200, answer.json


async def _imported(shop: Workshop) -> int:
    shop.put("members.csv", lines("a,a@x.io,30", "b,b@x.io,31"))
    pipeline_id = await shop.create()
    async with shop.working():
        await shop.run(pipeline_id)
    return pipeline_id


async def test_a_deleted_pipeline_leaves_no_identities(shop: Workshop) -> None:
    pipeline_id = await _imported(shop)
    await shop.ask("DELETE", f"/v1/pipelines/{pipeline_id}")
    assert len(shop.identities()) == 2

    assert await _cleaner(shop).clean() == 1
    assert await _cleaner(shop).clean() == 0

    assert shop.identities() == {}
    async with shop.database.sessions() as session:
        assert list(await session.scalars(select(Purge))) == []


async def test_what_a_pipeline_no_longer_gives_is_cleared(shop: Workshop) -> None:
    """DEC-48; not while a run still gives it (RUN-80)."""
    pipeline_id = await _imported(shop)
    run_id = await shop.start(pipeline_id)
    await _put(shop, pipeline_id, WITHOUT_AGE)

    assert await _cleaner(shop).clean() == 0
    async with shop.working():
        await shop.ended(run_id)
        await shop.until(lambda: shop.identities()["a"][1] is None)

    assert shop.identities() == {"a": ("a@x.io", None), "b": ("b@x.io", None)}


async def test_what_is_given_again_before_it_was_cleared_stays(
    shop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """DEC-48: the pipeline is edited, or a run of it begins, while the warehouse is reached."""
    pipeline_id = await _imported(shop)
    before = shop.identities()
    happenings: list[Callable[[], Awaitable[object]]] = [
        lambda: shop.start(pipeline_id),
        lambda: _put(shop, pipeline_id, PIPELINE),
    ]

    @asynccontextmanager
    async def late(*arguments: Any) -> AsyncIterator[Warehouse]:  # noqa: ANN401 - passed on
        await happenings.pop(0)()
        async with reaching(*arguments) as warehouse:
            yield warehouse

    monkeypatch.setattr("api.runs.cleaning.reaching", late)
    await _put(shop, pipeline_id, WITHOUT_AGE)

    assert await _cleaner(shop).clean() == 1

    async with shop.database.sessions.begin() as session:
        (unset,) = await session.scalars(select(Unset))
        assert (unset.attempts, unset.error) == (
            1,
            "the pipeline runs again, or was changed again",
        )
        await session.execute(update(Run).values(ended_at=func.now(), definition=None))
        await session.execute(update(Unset).values(next_attempt_at=unset.created_at))
    assert await _cleaner(shop).clean() == 1
    async with shop.database.sessions() as session:
        assert list(await session.scalars(select(Unset))) == []
    assert await _cleaner(shop).clean() == 0
    assert shop.identities() == before
    assert happenings == []


async def test_a_warehouse_that_is_away_is_cleaned_later(shop: Workshop) -> None:
    pipeline_id = await _imported(shop)
    await shop.ask("DELETE", f"/v1/pipelines/{pipeline_id}")
    async with shop.database.sessions.begin() as session:
        row = await session.get_one(Workspace, shop.workspace_id)
        right = row.sealed_warehouse_settings
        row.sealed_warehouse_settings = VAULT.seal_json(
            Purpose.WAREHOUSE_SETTINGS, row.id, {**shop.settings, "port": 1, "host": "127.0.0.1"}
        )

    assert await _cleaner(shop).clean() == 1

    async with shop.database.sessions.begin() as session:
        (purge,) = await session.scalars(select(Purge))
        assert (purge.attempts, "PostgreSQL" in purge.error) == (1, True)
        await session.execute(update(Workspace).values(sealed_warehouse_settings=right))
        await session.execute(update(Purge).values(next_attempt_at=purge.created_at))
    assert await _cleaner(shop).clean() == 1
    assert shop.identities() == {}
    async with shop.database.sessions() as session:
        assert list(await session.scalars(select(Unset))) == []
