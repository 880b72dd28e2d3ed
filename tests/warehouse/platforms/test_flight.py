"""Operations in flight, as a change of mode sees them and ends them (WH-50)."""

import asyncio

import pytest

from tests.warehouse.platforms.house import House, User, a_load, identities, normal, write
from warehouse.errors import WarehouseUnavailableError
from warehouse.interface import Mode
from warehouse.operations import Operation

EVERYBODY: list[User] = [(str(number), {"age": number}) for number in range(7)]
NOTHING = dict.fromkeys(Operation, 0)


class SlowMode:
    """A mode that is asked for, and not answered yet."""

    def __init__(self) -> None:
        self.asked = asyncio.Event()
        self.answer = asyncio.Event()

    async def read(self) -> Mode:
        self.asked.set()
        await self.answer.wait()
        return Mode.NORMAL


async def test_a_change_of_mode_waits_for_what_is_in_flight(house: House) -> None:
    async with house.initialized() as warehouse:
        mode = SlowMode()
        assert await warehouse.count_in_flight() == NOTHING
        loading = await warehouse.open_load(a_load(), mode.read)
        writing = asyncio.create_task(write(loading, 1, *EVERYBODY))
        await mode.asked.wait()
        assert await warehouse.count_in_flight() == {**NOTHING, Operation.WRITE: 1}
        await warehouse.drain({Operation.READ, Operation.ALTER}, cancel=False)
        draining = asyncio.create_task(warehouse.drain(Mode.INSPECTION.refused(), cancel=False))
        done, _ = await asyncio.wait({draining}, timeout=0.2)
        assert not done
        mode.answer.set()
        await writing
        await draining
        assert await warehouse.count_in_flight() == NOTHING
        assert len(await identities(warehouse)) == 7


async def test_a_change_of_mode_may_end_what_is_in_flight(house: House) -> None:
    async with house.initialized() as warehouse:
        mode = SlowMode()
        loading = await warehouse.open_load(a_load(), mode.read)
        writing = asyncio.create_task(write(loading, 1, *EVERYBODY))
        await mode.asked.wait()
        await warehouse.drain(Mode.MAINTENANCE.refused(), cancel=True)
        mode.answer.set()
        with pytest.raises(WarehouseUnavailableError):
            await writing
        assert await identities(warehouse) == []
        again = await warehouse.open_load(a_load(attempt=2), normal)
        await write(again, 1, *EVERYBODY)
        assert len(await identities(warehouse)) == 7
