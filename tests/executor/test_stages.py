"""Where the time of an import goes, by a clock of the test's own."""

from collections.abc import AsyncGenerator
from contextlib import aclosing

import pytest

from executor.stages import Stage, Stages


class _Clock:
    """Moves when it is told to."""

    def __init__(self) -> None:
        self.now = 100.0

    def seconds(self) -> float:
        return self.now


def _counted(stages: Stages) -> dict[str, float]:
    return {stage: seconds for stage, seconds in stages.seconds().items() if seconds}


def test_a_stage_is_counted_even_if_it_fails() -> None:
    clock = _Clock()
    stages = Stages(clock.seconds)

    def failing() -> None:
        with stages.at(Stage.WRITE):
            clock.now += 3
            raise OSError("gone")

    with stages.at(Stage.WRITE):
        clock.now += 2
    with pytest.raises(OSError, match="gone"):
        failing()

    assert _counted(stages) == {"write": 5.0}
    assert set(stages.seconds()) == {stage.value for stage in Stage}


async def test_what_is_done_with_an_item_is_no_waiting_for_the_next() -> None:
    clock = _Clock()
    stages = Stages(clock.seconds)

    async def slow() -> AsyncGenerator[int, None]:
        for item in range(3):
            clock.now += 1
            yield item
        clock.now += 10

    async with aclosing(stages.between(slow(), Stage.READ)) as items:
        async for _ in items:
            clock.now += 1_000

    assert _counted(stages) == {"read": 13.0}
