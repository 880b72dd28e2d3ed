"""Who stands by while others are attacked: an import of another workspace, which must not mind."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Self

from tests.api.runs.imports.workspace import Workspace, lines
from tests.hostile.worker import WorkerProcess

RECORDS = 500


@dataclass(slots=True)
class Bystander:
    """A workspace with a good file."""

    shop: Workspace
    worker: WorkerProcess
    pipeline: int

    @classmethod
    def of(cls, shop: Workspace, worker: WorkerProcess) -> Self:
        rows = [f"{number},u{number}@x.io,{number % 90}" for number in range(RECORDS)]
        shop.put(lines(*rows), "bystander.csv")
        return cls(shop, worker, shop.create(path="bystander.csv"))

    @contextmanager
    def goes_on(self) -> Iterator[None]:
        """Import while the block lasts, with the same worker before and after it."""
        run = self.shop.start(self.pipeline)
        yield
        ended = self.shop.ended(run)
        assert (ended["passed"], ended["failed"], ended["error"]) == ([RECORDS] * 6, [0] * 6, "")
        assert len(self.shop.identities()) == RECORDS
        assert self.worker.is_the_same(), self.worker.log.read_text()[-2_000:]
        assert self.worker.complaints() == []
