"""Where a run notes what became of its records: the run's own database, whatever it is."""

from collections.abc import Sequence
from typing import Protocol

from executor.failures import Failure
from executor.state import State


class Journal(Protocol):
    """The notes of one attempt of a run; every method raises `FencedError` once it is over."""

    async def resume(self, state: State) -> None:
        """Forget what was noted of records behind the last durable one: they come again."""

    async def keep(self, sequence: int, failures: Sequence[Failure]) -> None:
        """Keep records that failed, before their batch is durable."""

    async def checkpoint(self, state: State) -> None:
        """Note how far the run has come, after a batch is durable."""
