"""An open load on Snowflake: one session, one transaction for each batch."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from functools import partial
from typing import TypeVar

import pyarrow as pa

from mapping_lang.batch import Batch
from mapping_lang.types.arrow.layout import Array
from warehouse.errors import BatchMissingError, FencedError, ModeRefusedError
from warehouse.interface import ReadMode
from warehouse.load import NO_IDS, Load, Prepared, Resumed
from warehouse.operations import Operation
from warehouse.prepare import IDENTITY_ID, prepare, storable_ids
from warehouse.snowflake.loading_sql import KEPT, OVER, STAGE, LoadStatements
from warehouse.snowflake.session import Session
from warehouse.snowflake.stored import store
from warehouse.sql import Sql
from warehouse.threads import apart, connected, ended

T = TypeVar("T")


class SnowflakeLoading:
    """A load of identities; after a failure it begins a new session when it is used again."""

    def __init__(self, load: Load, read_mode: ReadMode, connect: Callable[[], Session]) -> None:
        self._load = load
        self._read_mode = read_mode
        self._connect = connect
        self._statements = LoadStatements.of(load)
        self._session: Session | None = None
        self._resumed: Resumed | None = None
        self._turn = asyncio.Lock()

    @property
    def resumed(self) -> Resumed | None:
        return self._resumed

    async def open(self) -> None:
        """Take the pipeline, and find what is durable of the run."""
        async with self._turn, self._undoing():
            self._resumed = await self._run(self._take)

    def prepare(self, batch: Batch, user_ids: Array, update_times: Array) -> Prepared:
        return prepare(self._statements.produced, batch, user_ids, update_times, store)

    async def stage(self, prepared: Prepared, *, kept_user_ids: Sequence[str] = ()) -> None:
        # Batches are large, and most of their time is the merge: nothing is sent ahead.
        del prepared, kept_user_ids

    async def write(
        self,
        sequence: int,
        prepared: Prepared,
        *,
        state: str,
        kept_user_ids: Sequence[str] = (),
    ) -> None:
        ids = storable_ids(pa.array(kept_user_ids, pa.string()))
        kept = pa.concat_arrays([prepared.kept, ids]) if self._load.purges else NO_IDS
        async with self._turn, self._undoing():
            # Tables are created outside of a transaction: creating one would end it.
            await self._run(partial(self._stage, prepared, kept))
            if await self._entered(self._statements.enter(sequence, state), sequence):
                rows = prepared.rows.num_rows
                await self._run(partial(self._merge, sequence, rows, with_kept=len(kept) > 0))

    async def purge(self, *, state: str) -> int:
        async with self._turn, self._undoing():
            if await self._entered(self._statements.enter_purge(state)):
                return await self._run(self._purge)
            return 0

    async def close(self) -> None:
        async with self._turn:
            await self._drop()

    async def _entered(self, entry: Sql, sequence: int = 0) -> bool:
        """Write into the ledger; False if it is there already, refused if it is no longer ours."""
        entered = await self._run(partial(self._enter, entry, sequence))
        # In flight first, the mode after: a change of mode sees the one or is seen by the other.
        mode = await self._read_mode()
        if not mode.allows(Operation.WRITE):
            raise ModeRefusedError(mode, Operation.WRITE)
        if not entered:
            await self._run(Session.rollback)
        return entered

    def _take(self, session: Session) -> Resumed | None:
        session.begin(Operation.WRITE)
        session.fetch(self._statements.wait())
        for statement in self._statements.take():
            session.fetch(statement)
        owner, resumed = self._durable(session)
        if owner != self._owner:
            raise self._fenced(owner)
        session.fetch(self._statements.forget())
        session.commit()
        return resumed

    def _stage(self, prepared: Prepared, kept: Array, session: Session) -> None:
        for statement in self._statements.stage():
            session.fetch(statement)
        if prepared.rows.num_rows:
            session.copy(STAGE, prepared.rows)
        if len(kept):
            session.copy(KEPT, pa.RecordBatch.from_arrays([kept], names=[IDENTITY_ID]))

    def _enter(self, entry: Sql, sequence: int, session: Session) -> bool:
        session.begin(Operation.WRITE)
        if session.change(entry):
            return True
        owner, durable = self._durable(session)
        if owner != self._owner:
            raise self._fenced(owner)
        before = 0 if durable is None else durable.sequence
        if before < sequence - 1 and not (durable is not None and durable.purged):
            raise BatchMissingError(str(self._load.run_id), sequence, before)
        return False

    def _merge(self, sequence: int, rows: int, session: Session, *, with_kept: bool) -> None:
        for statement in self._statements.merge(sequence, rows=rows, with_kept=with_kept):
            session.fetch(statement)
        session.commit()

    def _purge(self, session: Session) -> int:
        count = session.change(self._statements.purge())
        session.fetch(self._statements.forget_touched())
        session.commit()
        return count

    @property
    def _owner(self) -> tuple[str, int]:
        return str(self._load.run_id), self._load.attempt

    def _durable(self, session: Session) -> tuple[tuple[str, int], Resumed | None]:
        rows = session.fetch(self._statements.durable())
        if not rows:
            return ("no run", 0), None
        ((run, attempt, sequence, state, purged),) = rows
        if sequence is None:
            return (str(run), int(attempt)), None
        resumed = Resumed(sequence=int(sequence), state=str(state), purged=bool(purged))
        return (str(run), int(attempt)), resumed

    def _fenced(self, owner: tuple[str, int]) -> FencedError:
        run, attempt = owner
        if attempt == OVER:
            found = f"no run: {run} is over" if run else "no run: it is gone"
        else:
            found = f"attempt {attempt} of run {run}"
        return FencedError(str(self._load.pipeline_id), found)

    async def _run(self, work: Callable[[Session], T]) -> T:
        if self._session is None:
            self._session = await connected(self._connect)
        return await apart(self._session, work)

    @asynccontextmanager
    async def _undoing(self) -> AsyncIterator[None]:
        """End the session, and with it its transaction, if the block fails."""
        try:
            yield
        except BaseException:
            await self._drop()
            raise

    async def _drop(self) -> None:
        session, self._session = self._session, None
        if session is not None:
            await ended(session)
