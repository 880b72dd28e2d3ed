"""The ground of payloads, and a server for each mode, once for all tests."""

import contextlib
from collections.abc import Callable, Iterator

import pytest

from tests.security.ground import Ground, ground
from tests.security.payload import Mode
from tests.security.standing import Stand, standing


@pytest.fixture(scope="session")
def field() -> Iterator[Ground]:
    with ground() as made:
        yield made


Stands = Callable[[Mode], Stand]


@pytest.fixture(scope="session")
def stand_of(field: Ground) -> Iterator[Stands]:
    """Gives the server of a mode, started when it is first asked for."""
    with contextlib.ExitStack() as stack:
        made: dict[Mode, Stand] = {}

        def find(mode: Mode) -> Stand:
            if mode not in made:
                made[mode] = stack.enter_context(standing(mode, field))
            return made[mode]

        yield find
