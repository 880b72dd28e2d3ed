"""Imports that cannot succeed: started all at once, with one beside them that does."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tests.api.runs.imports.workspace import Workspace
from tests.hostile.bystander import Bystander

NUMBER = "{n}"
"""In an expected error, a number that depends on how much is read at once."""


@dataclass(frozen=True, slots=True)
class Case:
    """A file, what is said of it, and whether anything of it was imported before."""

    name: str
    create: Callable[[Workspace], int]
    """Puts the file where it belongs, and gives a pipeline that imports it."""
    error: str
    """Word for word."""
    step: str = "Receive"
    has_begun: bool = False


@dataclass(frozen=True, slots=True)
class Ended:
    """What became of a case."""

    shop: Workspace
    pipeline: int
    run: Any

    def check(self, error: str, step: str, *, has_begun: bool | None) -> None:
        """Compare with what is expected; None if it depends on when the rest was missed."""
        pattern = re.escape(error).replace(re.escape(NUMBER), r"[\d,]+")
        assert re.fullmatch(pattern, self.run["error"]), self.run["error"]
        assert self.shop.errors(self.pipeline) == [(step, 0, self.run["error"])]
        assert has_begun is None or (self.run["passed"][-1] > 0) == has_begun
        assert self.run["failed"] == [0] * 6


def all_ended(cases: Sequence[Case], shop: Workspace, bystander: Bystander) -> Mapping[str, Ended]:
    """Import all of them at once, by their names."""
    pipelines = {case.name: case.create(shop) for case in cases}
    with bystander.goes_on():
        runs = {name: shop.start(pipeline) for name, pipeline in pipelines.items()}
        return {name: Ended(shop, pipelines[name], shop.ended(run)) for name, run in runs.items()}
