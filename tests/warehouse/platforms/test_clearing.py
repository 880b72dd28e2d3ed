"""Deleting and clearing in the background (WH-32, DEC-48)."""

import pytest

from tests.warehouse.platforms.house import (
    SCHEMA,
    T1,
    House,
    User,
    a_load,
    identities,
    inspection,
    normal,
    users,
    write,
)
from warehouse.errors import FencedError, ModeRefusedError

EVERYBODY: list[User] = [(str(number), {"email": "e", "age": number}) for number in range(7)]


async def test_all_of_a_pipeline_is_deleted_and_nothing_of_others(house: House) -> None:
    async with house.initialized() as warehouse:
        loads = [await warehouse.open_load(a_load(pipeline=each), normal) for each in (700, 701)]
        for loading in loads:
            await write(loading, 1, *EVERYBODY)
            await write(loading, 2, kept=["1"])
        assert await warehouse.delete_identities(700, normal) == 7
        assert await warehouse.delete_identities(700, normal) == 0
        with pytest.raises(FencedError, match="no run"):
            await write(loads[0], 3, *EVERYBODY)
        with pytest.raises(FencedError, match="it is gone"):
            await warehouse.open_load(a_load(run=999, started=T1), normal)
        await write(loads[1], 3, ("9", {}))
        found = await identities(warehouse, "700", "701")
    assert [each.pipeline for each in found] == ["701"] * 8


async def test_what_a_pipeline_no_longer_gives_is_taken_from_its_identities(house: House) -> None:
    async with house.initialized() as warehouse:
        for pipeline in (700, 701):
            loading = await warehouse.open_load(
                a_load(pipeline=pipeline, connection=pipeline), normal
            )
            await write(loading, 1, *EVERYBODY, ("10", {"home": {"city": "Rome"}}), ("11", {}))
        cleared = await warehouse.clear_properties(700, SCHEMA, [("age",), ("home",)], normal)
        assert cleared == 8
        assert await warehouse.clear_properties(700, SCHEMA, [("age",), ("home",)], normal) == 0
        assert await warehouse.clear_properties(700, SCHEMA, [], normal) == 0
        # The run that gave them is over: it may not give them again (RUN-80).
        with pytest.raises(FencedError, match="900 is over"):
            await warehouse.open_load(a_load(connection=700), normal)
        mine = await users(warehouse, pipeline="700")
        others = await users(warehouse, pipeline="701")
    emails = {str(number): {"email": "e"} for number in range(7)}
    assert mine == {**emails, "10": {}, "11": {}}
    assert others == {
        **{str(number): {"email": "e", "age": number} for number in range(7)},
        "10": {"home": {"city": "Rome"}},
        "11": {},
    }


async def test_the_mode_may_refuse_it(house: House) -> None:
    async with house.initialized() as warehouse:
        await write(await warehouse.open_load(a_load(), normal), 1, *EVERYBODY)
        with pytest.raises(ModeRefusedError):
            await warehouse.delete_identities(700, inspection)
        with pytest.raises(ModeRefusedError):
            await warehouse.clear_properties(700, SCHEMA, [("age",)], inspection)
        assert (await users(warehouse))["3"] == {"email": "e", "age": 3}
