"""Who carries operations out: a loop in the background of a process, one of any number."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Mapping
from typing import Final, Protocol, TypeAlias

import structlog
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncSession

from api.db.session import Sessions
from api.errors import ApiError, NotFoundError
from api.operations.ledger import (
    LEASE_SECONDS,
    Claim,
    Kind,
    OperationLostError,
    claim,
    end,
    keep,
    release,
)
from forms.addresses import AddressRefusedError
from warehouse.errors import WarehouseError

MAX_AT_ONCE: Final = 4
POLL_SECONDS: Final = 1.0
BEAT_SECONDS: Final = LEASE_SECONDS / 3
MAX_ATTEMPTS: Final = 5
"""After so many failures that could have passed, or deaths of processes, it is given up."""
BACKOFF_SECONDS: Final = 5.0
BUG: Final = "an internal error has occurred; it is logged"

_log = structlog.get_logger("api.operations")

Finish: TypeAlias = Callable[[AsyncSession], Awaitable[None]]
"""Writes what follows from an operation, in the transaction that ends it."""


class Performer(Protocol):
    """Carries out operations of one kind."""

    async def __call__(self, claimed: Claim) -> Finish:
        """Carry one out, again if need be: what was done before makes no difference."""


class Operator:
    """Takes operations that nobody carries out, a few at a time."""

    def __init__(
        self,
        sessions: Sessions,
        performers: Mapping[Kind, Performer],
        owner: str,
        *,
        poll_seconds: float = POLL_SECONDS,
    ) -> None:
        self._sessions = sessions
        self._performers = performers
        self._owner = owner
        self._poll_seconds = poll_seconds
        self._places = asyncio.Semaphore(MAX_AT_ONCE)

    async def run(self) -> None:
        """Work until it is cancelled; what is then carried out is left to others."""
        async with asyncio.TaskGroup() as group:
            while True:
                await self._places.acquire()
                claimed = await self._claim()
                if claimed is None:
                    self._places.release()
                    await asyncio.sleep(self._poll_seconds)
                    continue
                task = group.create_task(self._carry_out(claimed))
                task.add_done_callback(lambda _: self._places.release())

    async def _claim(self) -> Claim | None:
        try:
            async with self._sessions.begin() as session:
                return await claim(session, self._owner)
        except SQLAlchemyError as error:
            _log.warning("operations cannot be looked for", reason=str(error))
            return None

    async def _carry_out(self, claimed: Claim) -> None:
        log = _log.bind(
            operation=str(claimed.id), kind=claimed.kind.value, workspace=claimed.workspace_id
        )
        log.info("the operation begins", attempt=claimed.attempt)
        try:
            await self._perform(claimed)
        except asyncio.CancelledError:
            await asyncio.shield(self._leave(claimed))
            raise
        except (OperationLostError, NotFoundError):
            log.warning("the operation is no longer ours, or its workspace is gone")
        except SQLAlchemyError as error:
            # The lease ends by itself, and somebody takes it over.
            log.warning("the database does not answer", reason=str(error))
        except Exception:
            log.exception("a bug ended an operation")
            with contextlib.suppress(OperationLostError, SQLAlchemyError):
                await self._end(claimed, BUG)
        else:
            log.info("the operation has ended")

    async def _perform(self, claimed: Claim) -> None:
        if claimed.attempt > MAX_ATTEMPTS:
            await self._end(claimed, f"given up after {MAX_ATTEMPTS} attempts")
            return
        try:
            finish = await self._while_ours(claimed)
        except WarehouseError as error:
            if error.retryable and claimed.attempt < MAX_ATTEMPTS:
                await self._postpone(claimed, str(error))
            else:
                await self._end(claimed, str(error))
        except (ApiError, AddressRefusedError) as error:
            await self._end(claimed, str(error))
        else:
            async with self._sessions.begin() as session:
                await finish(session)
                await end(session, claimed)

    async def _while_ours(self, claimed: Claim) -> Finish:
        """Carry it out for as long as its lease can be kept."""
        work = asyncio.ensure_future(self._performers[claimed.kind](claimed))
        beats = asyncio.create_task(self._beat(claimed))
        try:
            await asyncio.wait({work, beats}, return_when=asyncio.FIRST_COMPLETED)
            if not work.done():
                beats.result()
            return await work
        finally:
            for task in (work, beats):
                task.cancel()
            await asyncio.wait({work, beats})

    async def _beat(self, claimed: Claim) -> None:
        while True:
            await asyncio.sleep(BEAT_SECONDS)
            async with self._sessions.begin() as session:
                await keep(session, claimed)

    async def _end(self, claimed: Claim, error: str) -> None:
        _log.warning("an operation failed", operation=str(claimed.id), reason=error)
        async with self._sessions.begin() as session:
            await end(session, claimed, error)

    async def _postpone(self, claimed: Claim, reason: str) -> None:
        seconds = BACKOFF_SECONDS * 2 ** (claimed.attempt - 1)
        _log.warning(
            "an operation is tried again later",
            operation=str(claimed.id),
            reason=reason,
            seconds=seconds,
        )
        async with self._sessions.begin() as session:
            await keep(session, claimed, seconds)

    async def _leave(self, claimed: Claim) -> None:
        with contextlib.suppress(OperationLostError, SQLAlchemyError):
            async with self._sessions.begin() as session:
                await release(session, claimed)
