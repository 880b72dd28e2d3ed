"""What pipelines leave in warehouses when they go or change, taken away (PIPE-132, WH-32).

What is to be done stands in the database until it is done; it can be done twice.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final, final

import structlog
from sqlalchemy import delete, exists, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from api.db.session import Sessions
from api.db.tables.pipeline import Pipeline
from api.db.tables.purge import Purge
from api.db.tables.run import Run
from api.db.tables.unset import Unset
from api.db.tables.workspace import Workspace
from api.vault.errors import VaultError
from api.vault.vault import Purpose, Vault
from api.workspaces.settings import reaching
from executor.retry import Backoff
from forms.addresses import AddressRefusedError, Reach
from mapping_lang.types.errors import PathError
from mapping_lang.types.kinds import Schema
from mapping_lang.types.schema import Path, get, parse_path
from mapping_lang.types.schemas.decode import decode_schema
from warehouse.errors import WarehouseError
from warehouse.interface import Mode, Warehouse
from warehouse.registry import BY_CODE

LEASE: Final = timedelta(minutes=5)
"""How long nobody else tries what one worker has begun."""
WAITS: Final = Backoff(first_seconds=2.0, longest_seconds=300.0)


class _NotNowError(Exception):
    """What was to be cleared may be given again: it is not cleared now."""


_FAILURES: Final = (_NotNowError, WarehouseError, AddressRefusedError, VaultError, OSError)

_log: Final = structlog.get_logger("api.runs.cleaning")


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Cleaner:
    """Takes away what is due, one thing after the other."""

    sessions: Sessions
    vault: Vault
    reach: Reach

    async def clean(self) -> int:
        """Do what is due now; gives how many things that were."""
        done = 0
        while await self._purge() or await self._unset():
            done += 1
        return done

    async def _purge(self) -> bool:
        """Delete the identities of a pipeline that is gone."""
        async with self.sessions.begin() as session:
            row = await session.scalar(
                select(Purge)
                .where(Purge.next_attempt_at <= func.now())
                .order_by(Purge.next_attempt_at)
                .limit(1)
                .with_for_update(skip_locked=True)
            )
            if row is None:
                return False
            row.attempts += 1
            row.next_attempt_at = func.now() + LEASE
            number, attempts = row.number, row.attempts
            workspace_id, pipeline_id = row.workspace_id, row.pipeline_id

        async def work(warehouse: Warehouse, schema: Schema) -> None:
            del schema
            await warehouse.delete_identities(pipeline_id, lambda: self._mode(workspace_id))

        await self._do(
            workspace_id,
            work,
            attempts,
            done=delete(Purge).where(Purge.number == number),
            again=update(Purge).where(Purge.number == number),
        )
        return True

    async def _unset(self) -> bool:
        """Clear what a pipeline no longer gives, once no run gives it any more (RUN-80)."""
        async with self.sessions.begin() as session:
            found = await _due_unsets(session)
            if found is None:
                return False
            pipeline, rows = found
            paths = [row.path for row in rows]
            for row in rows:
                row.attempts += 1
                row.next_attempt_at = func.now() + LEASE
            workspace_id, pipeline_id = pipeline.workspace_id, pipeline.id
            attempts = max(row.attempts for row in rows)
            chosen = (
                Unset.pipeline_id == pipeline_id,
                Unset.path.in_(paths),
                Unset.created_at <= max(row.created_at for row in rows),
            )

        async def read_mode() -> Mode:
            async with self.sessions() as session:
                live = await session.scalar(
                    select(func.count()).where(
                        Run.pipeline_id == pipeline_id, Run.ended_at.is_(None)
                    )
                )
                left = await session.scalar(select(func.count(Unset.path)).where(*chosen))
            if live or left != len(paths):
                raise _NotNowError("the pipeline runs again, or was changed again")
            return await self._mode(workspace_id)

        async def work(warehouse: Warehouse, schema: Schema) -> None:
            await warehouse.clear_properties(
                pipeline_id, schema, _existing(schema, paths), read_mode
            )

        await self._do(
            workspace_id,
            work,
            attempts,
            done=delete(Unset).where(*chosen),
            again=update(Unset).where(*chosen),
        )
        return True

    async def _do(
        self,
        workspace_id: int,
        work: Callable[[Warehouse, Schema], Awaitable[None]],
        attempts: int,
        *,
        done: Any,  # noqa: ANN401 - a statement
        again: Any,  # noqa: ANN401 - a statement
    ) -> None:
        async with self.sessions() as session:
            row = await session.get(Workspace, workspace_id)
        if row is None:
            return
        try:
            settings = self.vault.open_json(
                Purpose.WAREHOUSE_SETTINGS, row.id, row.sealed_warehouse_settings
            )
            platform = BY_CODE[row.warehouse_platform]
            async with reaching(platform, settings, self.reach) as warehouse:
                await work(warehouse, decode_schema(row.profile_schema))
        except _FAILURES as error:
            _log.warning("a warehouse is not cleaned yet", workspace=row.id, reason=str(error))
            wait = timedelta(seconds=WAITS.wait_seconds(attempts))
            statement = again.values(next_attempt_at=func.now() + wait, error=str(error))
        else:
            statement = done
        async with self.sessions.begin() as session:
            await session.execute(statement)

    async def _mode(self, workspace_id: int) -> Mode:
        async with self.sessions() as session:
            row = await session.get(Workspace, workspace_id)
        return Mode.MAINTENANCE if row is None else Mode(row.warehouse_mode)


async def _due_unsets(session: AsyncSession) -> tuple[Pipeline, list[Unset]] | None:
    live = exists().where(Run.pipeline_id == Unset.pipeline_id, Run.ended_at.is_(None))
    first = await session.scalar(
        select(Unset)
        .where(Unset.next_attempt_at <= func.now(), ~live)
        .order_by(Unset.next_attempt_at)
        .limit(1)
        .with_for_update(skip_locked=True)
    )
    if first is None:
        return None
    rows = await session.scalars(
        select(Unset)
        .where(Unset.pipeline_id == first.pipeline_id, Unset.next_attempt_at <= func.now())
        .with_for_update(skip_locked=True)
    )
    pipeline = await session.get_one(Pipeline, first.pipeline_id)
    return pipeline, list(rows)


def _existing(schema: Schema, texts: list[str]) -> list[Path]:
    """Leave out paths that profiles do not have any more."""
    found = []
    for text in texts:
        path = parse_path(text)
        try:
            get(schema, path)
        except PathError:
            continue
        found.append(path)
    return found
