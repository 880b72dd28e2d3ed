"""How an empty schema becomes a warehouse (WH-10, WH-11, WH-13)."""

import asyncio
from uuid import uuid4

import pytest

from tests.warehouse.platforms.house import SCHEMA, House, a_load, normal, users, write
from tests.warehouse.schemas import EVERY_KIND
from warehouse.errors import NotInitializableError, NotInitializedError, WarehouseUnavailableError


async def test_a_schema_becomes_a_warehouse_once(house: House) -> None:
    warehouse = await house.open()
    for attempt in (warehouse.check_initialized(), warehouse.repair(EVERY_KIND)):
        with pytest.raises(NotInitializedError):
            await attempt
    await warehouse.check_initializable()
    async with warehouse.initializing(EVERY_KIND):
        pass
    await warehouse.check_initialized()
    with pytest.raises(NotInitializableError):
        await warehouse.check_initializable()
    with pytest.raises(NotInitializableError):
        async with warehouse.initializing(EVERY_KIND):
            raise AssertionError("there is something already")
    await warehouse.check_initialized()


async def test_nothing_is_left_when_what_belongs_to_it_fails(house: House) -> None:
    creation = uuid4()
    warehouse = await house.open()
    with pytest.raises(ZeroDivisionError):
        async with warehouse.initializing(SCHEMA, creation):
            raise ZeroDivisionError
    assert not await warehouse.was_created(creation)
    await warehouse.check_initializable()


async def test_of_two_that_begin_at_once_one_is_refused(house: House) -> None:
    warehouse = await house.open()

    async def initialize() -> None:
        async with warehouse.initializing(SCHEMA):
            pass

    outcomes = await asyncio.gather(*(initialize() for _ in range(3)), return_exceptions=True)
    assert sorted(type(outcome).__name__ for outcome in outcomes) == [
        "NoneType",
        *["NotInitializableError"] * 2,
    ]
    await warehouse.check_initialized()
    await warehouse.repair(SCHEMA)


async def test_a_creation_is_known_by_its_id(house: House) -> None:
    creation = uuid4()
    warehouse = await house.open()
    assert not await warehouse.was_created(creation)
    async with warehouse.initializing(SCHEMA, creation):
        pass
    assert await warehouse.was_created(creation)
    assert not await warehouse.was_created(uuid4())


async def test_a_repair_leaves_what_is_there(house: House) -> None:
    async with house.initialized() as warehouse:
        await write(await warehouse.open_load(a_load(), normal), 1, ("1", {"age": 1}))
        await warehouse.repair(SCHEMA)
        assert await users(warehouse) == {"1": {"age": 1}}


async def test_a_schema_that_is_not_there_is_unavailable(house: House) -> None:
    elsewhere = House(house.platform, {**house.settings, "schema": "NOWHERE"})
    warehouse = await elsewhere.open()
    with pytest.raises(WarehouseUnavailableError, match="NOWHERE"):
        await warehouse.check_initializable()
