"""Warehouses that stay open between requests, for as long as they are used and a while longer."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Final, final

from forms.addresses import Reach
from warehouse.errors import WarehouseError
from warehouse.interface import Platform, Warehouse

IDLE_SECONDS: Final = 60.0
OPEN_SECONDS: Final = 600.0
"""How long the addresses of a host are what was found when it was judged."""
MOST_KEPT: Final = 100
"""Those of other workspaces are opened for each request, as if nobody kept any."""


@final
@dataclass(slots=True, eq=False)
class _Kept:
    """An open warehouse, and who it is for."""

    code: str
    settings: Mapping[str, object] = field(repr=False)
    warehouse: Warehouse
    opened_at: float
    users: int = 0
    timer: asyncio.TimerHandle | None = None


@final
class KeptWarehouses:
    """The open warehouses of one process, one of each workspace."""

    def __init__(
        self, *, idle_seconds: float = IDLE_SECONDS, open_seconds: float = OPEN_SECONDS
    ) -> None:
        self._idle_seconds = idle_seconds
        self._open_seconds = open_seconds
        self._kept: dict[int, _Kept] = {}
        self._closing: set[asyncio.Task[None]] = set()
        self._closed = False

    @asynccontextmanager
    async def reaching(
        self, workspace_id: int, platform: Platform, settings: Mapping[str, object], reach: Reach
    ) -> AsyncIterator[Warehouse]:
        """Use the warehouse of a workspace, which these settings open."""
        kept = self._found(workspace_id, platform, settings)
        if kept is None:
            opened = await platform.open(settings, reach)
            kept = _Kept(platform.code, dict(settings), opened, _now())
            if not self._closed and len(self._kept) < MOST_KEPT:
                self._forget(workspace_id)
                self._kept[workspace_id] = kept
        kept.users += 1
        if kept.timer is not None:
            kept.timer.cancel()
        try:
            yield kept.warehouse
        except WarehouseError:
            # Its host may have moved: the next one looks again.
            if self._kept.get(workspace_id) is kept:
                self._forget(workspace_id)
            raise
        finally:
            kept.users -= 1
            if kept.users == 0:
                await self._rest(workspace_id, kept)

    async def close(self) -> None:
        """Close those that nobody uses; the others are closed by their last user."""
        self._closed = True
        for workspace_id in list(self._kept):
            self._forget(workspace_id)
        await asyncio.gather(*self._closing)

    def _found(
        self, workspace_id: int, platform: Platform, settings: Mapping[str, object]
    ) -> _Kept | None:
        kept = self._kept.get(workspace_id)
        if kept is None:
            return None
        if (kept.code, kept.settings) == (platform.code, settings) and (
            _now() - kept.opened_at < self._open_seconds
        ):
            return kept
        self._forget(workspace_id)
        return None

    async def _rest(self, workspace_id: int, kept: _Kept) -> None:
        if self._kept.get(workspace_id) is not kept:
            await kept.warehouse.close()
            return
        loop = asyncio.get_running_loop()
        kept.timer = loop.call_later(self._idle_seconds, self._forget, workspace_id)

    def _forget(self, workspace_id: int) -> None:
        """Keep the warehouse of a workspace no longer; it is closed if nobody uses it."""
        kept = self._kept.pop(workspace_id, None)
        if kept is None:
            return
        if kept.timer is not None:
            kept.timer.cancel()
        if kept.users == 0:
            task = asyncio.get_running_loop().create_task(kept.warehouse.close())
            self._closing.add(task)
            task.add_done_callback(self._closing.discard)


def _now() -> float:
    return asyncio.get_running_loop().time()
