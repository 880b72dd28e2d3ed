"""Limits of what is waited for in parts: FILE-3, and warehouses that take their time."""

import asyncio
import time

from connectors.standing_loop import StandingLoop


async def _nothing() -> None:
    return


def test_the_clock_stands_still_while_the_loop_is_not_run() -> None:
    with asyncio.Runner(loop_factory=StandingLoop) as runner:
        loop = runner.get_loop()
        runner.run(_nothing())
        before, begun = loop.time(), time.monotonic()
        while time.monotonic() - begun < 0.01:
            assert loop.time() == before
        limit = loop.time() + 0.005

        async def is_late() -> bool:
            return loop.time() > limit

        # Ten milliseconds have passed, and none of them for the loop.
        begun = time.monotonic()
        late = runner.run(is_late())
        assert late is False or time.monotonic() - begun > 0.005


def test_what_is_waited_for_in_a_run_takes_its_time() -> None:
    with asyncio.Runner(loop_factory=StandingLoop) as runner:
        runner.run(_nothing())
        begun = time.monotonic()
        runner.run(asyncio.sleep(0.02))
        assert time.monotonic() - begun >= 0.02
