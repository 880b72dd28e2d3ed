"""What is left of work that is disturbed at any of its statements (DEC-44, IR-11, WH-72)."""

import itertools
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any
from uuid import uuid4

import pytest
from snowflake.connector import errors

from mapping_lang.types.kinds import ObjectType, Property, Schema, StringType
from tests.warehouse.platforms.house import (
    SCHEMA,
    T1,
    House,
    User,
    a_load,
    asked,
    attributes,
    identities,
    members,
    normal,
    profiles,
    users,
    write,
)
from tests.warehouse.snowflake.emulator import Emulator
from warehouse.alteration import Alteration, find_changes
from warehouse.errors import WarehouseError, WarehouseUnavailableError
from warehouse.interface import Warehouse
from warehouse.operations import Operation
from warehouse.snowflake.platform import SnowflakeWarehouse

Settings = Mapping[str, Any]


def _lost() -> errors.OperationalError:
    return errors.OperationalError(msg="the line is cut", errno=250_001, sqlstate="08001")


@contextmanager
def _cut_at(emulator: Emulator, number: int, *, for_good: bool = False) -> Iterator[None]:
    """Fail the statement with a number; for good all those after it, too."""
    steps = itertools.count()

    def watch(statement: str) -> None:
        step = next(steps)
        if step == number or (for_good and step > number):
            raise _lost()

    emulator.watch = watch
    try:
        yield
    finally:
        emulator.watch = len  # type: ignore[assignment]  # does nothing


async def _count(emulator: Emulator, work: Callable[[], Awaitable[object]]) -> int:
    """Count the statements of work that nobody disturbs."""
    seen: list[str] = []
    emulator.watch = seen.append
    await work()
    emulator.watch = len  # type: ignore[assignment]  # does nothing
    return len(seen)


BEFORE: list[User] = [(str(number), {"email": "old", "age": number}) for number in range(3)]
BATCH: list[User] = [("0", {"email": "old", "age": 0}), ("1", {"email": "new"}), ("9", {"age": 9})]


async def test_an_initialisation_that_fails_leaves_nothing_and_takes_nothing_of_others(
    emulator: Emulator, settings: Settings
) -> None:
    house = House("Snowflake", settings)
    first, second = await house.open(), await house.open()

    async def initialize(warehouse: Warehouse) -> None:
        async with warehouse.initializing(SCHEMA):
            pass

    for number in (0, 3, 8, 13):
        with _cut_at(emulator, number), pytest.raises(WarehouseError):
            await initialize(first)
        await first.check_initializable()
    await initialize(first)
    for number in range(0, 7, 2):
        # It cannot look whether there is something, and leaves it alone.
        with _cut_at(emulator, number), suppress(WarehouseError):
            await initialize(second)
        await first.check_initialized()


async def test_a_batch_is_written_wholly_or_not_at_all(
    emulator: Emulator, settings: Settings
) -> None:
    async with House("Snowflake", settings).initialized() as warehouse:
        await write(await warehouse.open_load(a_load(), normal), 1, *BEFORE)
        runs = itertools.count(901)

        async def work() -> None:
            run = next(runs)
            loading = await warehouse.open_load(a_load(run=run, started=T1), normal)
            try:
                await write(loading, 1, *BATCH, (str(run), {}), kept=["2"])
            finally:
                await loading.close()

        count = await _count(emulator, work)
        for number in range(count - 16, count, 3):
            before = await identities(warehouse)
            with _cut_at(emulator, number), pytest.raises(WarehouseError):
                await work()
            # The answer may be lost, and the batch be durable.
            added = len(await identities(warehouse)) - len(before)
            run = next(runs) - 1
            runs = itertools.count(run + 1)
            again = await warehouse.open_load(a_load(run=run, started=T1, attempt=2), normal)
            assert added == (0 if again.resumed is None else again.resumed.sequence)
            await again.close()
        found = await users(warehouse)
    assert {user: found[user] for user in ("0", "1", "2", "9")} == {
        "0": {"email": "old", "age": 0},
        "1": {"email": "new"},
        "2": {"email": "old", "age": 2},
        "9": {"age": 9},
    }


async def test_a_resolution_is_made_wholly_or_not_at_all(
    emulator: Emulator, settings: Settings
) -> None:
    async with House("Snowflake", settings).initialized() as warehouse:
        await write(await warehouse.open_load(a_load(), normal), 1, *BEFORE)
        count = await _count(emulator, lambda: warehouse.resolve(asked(SCHEMA, "age"), normal))
        before = await profiles(warehouse)
        assert len(before) == 3
        for number in range(count - 12, count, 2):
            with _cut_at(emulator, number), pytest.raises(WarehouseError):
                await warehouse.resolve(asked(SCHEMA, "email"), normal)
            found = await profiles(warehouse)
            assert found == before or len(found) == 1
            before = found
        await warehouse.resolve(asked(SCHEMA, "email"), normal)
        (one,) = await profiles(warehouse)
        assert await members(warehouse, one.kpid, ["700"]) == ["0", "1", "2"]


def _schema(*names: str) -> Schema:
    return ObjectType(tuple(Property(name, StringType(), read_optional=True) for name in names))


OLD, NEW = _schema("email", "phone", "city"), _schema("phone", "email", "vip")
VALUES = {"email": "e", "phone": "p", "city": "c"}
CHANGED, KEPT = {"email": "p", "phone": "e"}, {"email": "e", "phone": "p"}


def _alteration() -> Alteration:
    swapped = find_changes(OLD, NEW, {("email",): ("phone",), ("phone",): ("email",)})
    return Alteration(operation=uuid4(), old=OLD, new=NEW, changes=swapped)


async def _held(warehouse: Warehouse, schema: Schema) -> list[dict[str, Any]]:
    return [attributes(each) for each in await profiles(warehouse, schema)]


async def _altered(emulator: Emulator, warehouse: Warehouse) -> int:
    """Write a profile, change the schema and change it back; gives the statements of a change."""
    loading = await warehouse.open_load(a_load(schema=OLD), normal)
    await write(loading, 1, ("1", VALUES), schema=OLD)
    await warehouse.resolve(asked(OLD), normal)
    count = await _count(emulator, lambda: warehouse.alter(_alteration(), normal))
    assert await _held(warehouse, NEW) == [CHANGED]
    await _back(warehouse)
    return count


async def test_a_change_of_the_schema_that_fails_is_undone(
    emulator: Emulator, settings: Settings
) -> None:
    async with House("Snowflake", settings).initialized(OLD) as warehouse:
        count = await _altered(emulator, warehouse)
        for number in range(5, count - 12, 7):
            with _cut_at(emulator, number), pytest.raises(WarehouseError):
                await warehouse.alter(_alteration(), normal)
            assert await _held(warehouse, OLD) == [KEPT]
        assert await users(warehouse, OLD) == {"1": KEPT}
        await warehouse.alter(_alteration(), normal)
        assert await users(warehouse, NEW) == {"1": CHANGED}


@pytest.mark.parametrize("same", [True, False])
async def test_a_change_of_the_schema_that_is_killed_is_completed_or_undone_by_the_next(
    emulator: Emulator,
    settings: Settings,
    same: bool,  # noqa: FBT001
) -> None:
    async with House("Snowflake", settings).initialized(OLD) as warehouse:
        count = await _altered(emulator, warehouse)
        for number in range(12, count - 12, 13):
            change = _alteration()
            # Whoever is dead undoes nothing.
            with _cut_at(emulator, number, for_good=True), pytest.raises(WarehouseError):
                await warehouse.alter(change, normal)
            await warehouse.alter(change if same else _alteration(), normal)
            assert await _held(warehouse, NEW) == [CHANGED]
            await _back(warehouse)
        assert await users(warehouse, OLD) == {"1": KEPT}


async def _back(warehouse: Warehouse) -> None:
    """Make the old schema of the new one, with its values."""
    back = find_changes(NEW, OLD, {("email",): ("phone",), ("phone",): ("email",)})
    await warehouse.alter(Alteration(operation=uuid4(), old=NEW, new=OLD, changes=back), normal)
    assert await _held(warehouse, OLD) == [KEPT]


async def test_what_others_have_ended_is_never_taken_for_durable(
    emulator: Emulator, settings: Settings
) -> None:
    """WH-50: wherever between its statements a write is ended, it fails and leaves nothing."""
    async with House("Snowflake", settings).initialized() as warehouse:
        for number in itertools.count(3, 4):
            load = a_load(run=900 + number, started=T1)
            loading = await warehouse.open_load(load, normal)
            with _ended_at(emulator, number):
                try:
                    await write(loading, 1, *BATCH)
                except WarehouseUnavailableError:
                    assert await identities(warehouse) == []
                    await loading.close()
                else:
                    break
        assert number > 5
        assert [each.user_id for each in await identities(warehouse)] == ["0", "1", "9"]


@contextmanager
def _ended_at(emulator: Emulator, number: int) -> Iterator[None]:
    """Let somebody else end the transaction before a statement that comes in it."""
    steps = itertools.count()

    def watch(statement: str) -> None:
        running = [each for each in emulator.transactions.values() if each.state == "running"]
        # What is asked after the end is whether it ended well.
        if running and not statement.startswith("DESCRIBE") and next(steps) == number:
            for each in running:
                each.state = "aborted"

    emulator.watch = watch
    try:
        yield
    finally:
        emulator.watch = len  # type: ignore[assignment]  # does nothing


async def test_operations_are_counted_in_their_schema_alone(
    emulator: Emulator, settings: Settings
) -> None:
    async with House("Snowflake", settings).initialized() as warehouse:
        elsewhere = SnowflakeWarehouse({**settings, "schema": "ELSEWHERE"})
        seen: list[Mapping[Operation, int]] = []

        async def looking() -> Any:  # noqa: ANN401
            seen.append(await warehouse.count_in_flight())
            seen.append(await elsewhere.count_in_flight())
            return await normal()

        await warehouse.resolve(asked(), looking)
    nothing = dict.fromkeys(Operation, 0)
    assert seen == [{**nothing, Operation.RESOLVE: 1}, nothing]
