"""Warehouses stay open between requests, and no longer than they should."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import cast

import pytest

from api.workspaces.kept import KeptWarehouses
from forms.addresses import Reach
from tests.postgresql import NEAR
from warehouse.errors import WarehouseUnavailableError
from warehouse.interface import Platform, Warehouse
from warehouse.registry import BY_CODE

ONE: Mapping[str, object] = {"host": "one"}
OTHER: Mapping[str, object] = {"host": "other"}


@dataclass(slots=True)
class Opened:
    """Writes down what is opened and closed; nothing else is asked of these warehouses."""

    said: list[str] = field(default_factory=list)

    def platform(self) -> Platform:
        async def open_(settings: Mapping[str, object], reach: Reach) -> Warehouse:
            del reach
            await asyncio.sleep(0)
            self.said.append(f"open {settings['host']}")
            return cast("Warehouse", Closing(self.said, str(settings["host"])))

        return replace(BY_CODE["PostgreSQL"], open=open_)


@dataclass(slots=True)
class Closing:
    """A warehouse that can be closed."""

    said: list[str]
    host: str

    async def close(self) -> None:
        await asyncio.sleep(0)
        self.said.append(f"close {self.host}")


@pytest.fixture
def opened() -> Opened:
    return Opened()


async def _use(
    kept: KeptWarehouses, opened: Opened, settings: Mapping[str, object], workspace: int = 1
) -> Warehouse:
    async with kept.reaching(workspace, opened.platform(), settings, NEAR) as warehouse:
        return warehouse


async def test_a_warehouse_is_opened_once_for_all_requests(opened: Opened) -> None:
    kept = KeptWarehouses()
    first = await _use(kept, opened, ONE)
    assert await _use(kept, opened, dict(ONE)) is first
    assert await _use(kept, opened, ONE, workspace=2) is not first
    assert opened.said == ["open one", "open one"]
    await kept.close()
    assert opened.said == ["open one", "open one", "close one", "close one"]
    assert await _use(kept, opened, ONE) is not first
    assert opened.said[4:] == ["open one", "close one"]


async def test_other_settings_open_another_and_the_first_ends_with_its_last_use(
    opened: Opened,
) -> None:
    kept = KeptWarehouses()
    async with kept.reaching(1, opened.platform(), ONE, NEAR) as first:
        assert await _use(kept, opened, OTHER) is not first
        assert opened.said == ["open one", "open other"]
    assert opened.said == ["open one", "open other", "close one"]
    await kept.close()
    assert opened.said[3:] == ["close other"]


async def test_one_that_nobody_uses_is_closed_after_a_while(opened: Opened) -> None:
    kept = KeptWarehouses(idle_seconds=0.0)
    async with kept.reaching(1, opened.platform(), ONE, NEAR):
        await _use(kept, opened, ONE)
    for _ in range(3_000):
        if len(opened.said) > 1:
            break
        await asyncio.sleep(0.01)
    assert opened.said == ["open one", "close one"]


async def test_one_that_is_old_is_opened_anew(opened: Opened) -> None:
    kept = KeptWarehouses(open_seconds=0.0)
    await _use(kept, opened, ONE)
    await _use(kept, opened, ONE)
    await kept.close()
    assert sorted(opened.said) == ["close one", "close one", "open one", "open one"]


async def test_one_that_failed_is_not_used_again(opened: Opened) -> None:
    kept = KeptWarehouses()
    with pytest.raises(WarehouseUnavailableError):
        async with kept.reaching(1, opened.platform(), ONE, NEAR):
            raise WarehouseUnavailableError("PostgreSQL", "it is away")
    assert opened.said == ["open one", "close one"]
    with pytest.raises(LookupError):
        async with kept.reaching(1, opened.platform(), ONE, NEAR):
            raise LookupError("a mistake of whoever asks")
    await _use(kept, opened, ONE)
    assert opened.said[2:] == ["open one"]
    await kept.close()


async def test_two_who_open_one_at_once_leave_one(opened: Opened) -> None:
    kept = KeptWarehouses()
    await asyncio.gather(*(_use(kept, opened, ONE) for _ in range(2)))
    await kept.close()
    assert sorted(opened.said) == ["close one", "close one", "open one", "open one"]
