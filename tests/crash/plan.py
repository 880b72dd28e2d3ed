"""Which blows an import gets, and when; decided by a seed and nothing else."""

import random
from dataclasses import dataclass
from typing import Final

from tests.crash.blows import Blow
from tests.crash.subject import Way

LATEST_FIRST: Final = 1.0
"""Of the time that an undisturbed import takes: a blow that comes too late is tried again."""
_KINDS: Final[tuple[tuple[Blow, ...], ...]] = (
    (Blow.WORKER,),
    (Blow.RUNTIME,),
    (Blow.POSTGRESQL,),
    (Blow.OTHER_TAKES_OVER,),
    (Blow.RUNTIME_FAMILY,),
    (Blow.SESSION,),
    (Blow.WORKER, Blow.RUNTIME, Blow.POSTGRESQL),
    (Blow.PAUSED,),
    (Blow.POSTGRESQL, Blow.POSTGRESQL),
    (Blow.OTHER_TAKES_OVER, Blow.RUNTIME_FAMILY, Blow.SESSION),
)
_AT_THE_END: Final = (Blow.WORKER, Blow.POSTGRESQL, Blow.PAUSED, Blow.SESSION)
"""Every fifth import: its last moments are short, and chance would seldom meet them."""
_GAPS: Final = (0.1, 0.8)
"""Between two blows, of the same time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """A blow, and when it comes: after a share of the time that an undisturbed import takes."""

    blow: Blow
    at: float | None
    """None is at the last batches, the purge and the end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """One import and what strikes it."""

    seed: int
    way: Way
    blows: tuple[Planned, ...]

    @property
    def workers(self) -> int:
        return max(each.blow.workers for each in self.blows)

    @property
    def unknown(self) -> bool:
        """Whether there are records without user id, so that nothing is purged."""
        return self.way is Way.JAVASCRIPT


def plan(number: int, seed: int) -> Plan:
    """Plan an import: kinds in turn, order and moments by chance."""
    chance = random.Random(f"{seed}/{number}")
    way = list(Way)[(number + number // len(Way)) % len(Way)]
    turn, rest = divmod(number, 5)
    if rest == 4:
        last = Planned(blow=_AT_THE_END[turn % len(_AT_THE_END)], at=None)
        return Plan(seed=seed, way=way, blows=(last,))
    blows = list(_KINDS[(number - turn) % len(_KINDS)])
    chance.shuffle(blows)
    return of(tuple(blows), way, chance, seed)


def of(
    blows: tuple[Blow, ...],
    way: Way,
    chance: random.Random,
    seed: int,
    latest_first: float = LATEST_FIRST,
) -> Plan:
    """Give every blow its moment."""
    at = chance.uniform(0.0, latest_first)
    planned: list[Planned] = []
    for blow in blows:
        planned.append(Planned(blow=blow, at=at))
        at += chance.uniform(*_GAPS)
    return Plan(seed=seed, way=way, blows=tuple(planned))
