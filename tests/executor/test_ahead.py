"""Work ahead of whoever uses it: in order, bounded, and nothing left behind."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing

import pytest

from executor.ahead import ahead


async def _count(upto: int, failing: bool = False) -> AsyncGenerator[int, None]:  # noqa: FBT001, FBT002 - a fake
    for number in range(upto):
        yield number
    if failing:
        raise ValueError("the source ended badly")


async def _all(source: AsyncGenerator[int, None]) -> tuple[list[int], ValueError | None]:
    given = []
    try:
        async with aclosing(source) as results:
            async for result in results:
                given.append(result)
    except ValueError as error:
        return given, error
    return given, None


async def test_results_come_in_order_whoever_is_ready_first() -> None:
    first_may_end = asyncio.Event()

    async def work(number: int) -> int:
        if number == 0:
            await first_may_end.wait()
        elif number == 2:
            first_may_end.set()
        return number * 10

    async with aclosing(ahead(_count(5), work, 3)) as results:
        assert [result async for result in results] == [0, 10, 20, 30, 40]


async def test_no_more_is_begun_than_there_is_room_for() -> None:
    begun: list[int] = []

    async def work(number: int) -> int:
        begun.append(number)
        return number

    async with aclosing(ahead(_count(100), work, 2)) as results:
        assert await anext(results) == 0
        for _ in range(20):
            await asyncio.sleep(0)
        # One was given, and two wait.
        assert begun == [0, 1, 2]


async def test_an_error_of_the_source_comes_after_what_it_gave() -> None:
    async def work(number: int) -> int:
        return number

    given, error = await _all(ahead(_count(3, failing=True), work, 5))

    assert (given, str(error)) == ([0, 1, 2], "the source ended badly")


async def test_an_error_of_the_work_comes_in_its_place() -> None:
    async def work(number: int) -> int:
        if number == 1:
            raise ValueError("the work failed")
        return number

    given, error = await _all(ahead(_count(10), work, 4))

    assert (given, str(error)) == ([0], "the work failed")


async def test_what_is_closed_early_leaves_nothing_running() -> None:
    before = asyncio.all_tasks()

    async def work(_: int) -> int:
        await asyncio.Event().wait()
        return 0

    async with aclosing(ahead(_count(10), work, 3)) as results:
        waiting = asyncio.create_task(anext(results))
        for _ in range(10):
            await asyncio.sleep(0)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting

    assert asyncio.all_tasks() == before
