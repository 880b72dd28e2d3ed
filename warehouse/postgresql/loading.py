"""An open load on PostgreSQL: one transaction for each batch, and the next one is staged beside it.

While a session merges a batch, another one receives the batch after it. What is staged lies in
temporary tables of its session: nobody waits for it, and it is gone with the session.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final

import pyarrow as pa

from mapping_lang.batch import Batch
from mapping_lang.types.arrow.layout import Array
from warehouse.errors import (
    BatchMissingError,
    FencedError,
    ModeRefusedError,
    WarehouseError,
    WarehouseUnavailableError,
)
from warehouse.interface import ReadMode
from warehouse.load import NO_IDS, Load, Prepared, Resumed
from warehouse.operations import Operation
from warehouse.postgresql.flight import entering
from warehouse.postgresql.frontier import Frontier
from warehouse.postgresql.loading_sql import KEPT, OVER, STAGE, LoadStatements
from warehouse.postgresql.session import Session
from warehouse.postgresql.stored import store
from warehouse.prepare import IDENTITY_ID, prepare, storable_ids
from warehouse.sql import Sql
from warehouse.threads import apart, connected, ended

Connect = Callable[[], Session]

_NOBODY: Final = (("no run", 0, None, False),)
"""What the ledger says of a pipeline that nobody has loaded."""


@dataclass(frozen=True, slots=True)
class _Staged:
    """A batch that the server has already, in a transaction that has done nothing else."""

    session: Session
    prepared: Prepared
    kept: Array

    def is_of(self, prepared: Prepared, kept: Array) -> bool:
        return self.prepared is prepared and self.kept.equals(kept)


class PostgresqlLoading:
    """A load of identities; after a failure it begins a new session when it is used again."""

    def __init__(self, load: Load, read_mode: ReadMode, schema: str, connect: Connect) -> None:
        self._load = load
        self._schema = schema
        self._read_mode = read_mode
        self._connect = connect
        self._statements = LoadStatements.of(load)
        self._resumed: Resumed | None = None
        self._frontier = Frontier(empty=False)
        self._written = 0
        """The number of the last batch that is durable, as far as we know."""
        # Batches are written, and staged, one after the other, in the order they are given in.
        self._turn = asyncio.Lock()
        self._staging = asyncio.Lock()
        self._staged: _Staged | None = None
        self._room = asyncio.Event()
        self._room.set()
        self._idle: Session | None = None
        self._closed = False

    @property
    def resumed(self) -> Resumed | None:
        return self._resumed

    async def open(self) -> None:
        """Take the pipeline, and find what is durable of the run."""
        async with self._turn, self._session() as session:
            self._resumed, empty = await apart(session, self._take)
            self._frontier = Frontier(empty=empty)
        self._written = 0 if self._resumed is None else self._resumed.sequence

    def prepare(self, batch: Batch, user_ids: Array, update_times: Array) -> Prepared:
        return prepare(self._statements.produced, batch, user_ids, update_times, store)

    async def stage(self, prepared: Prepared, *, kept_user_ids: Sequence[str] = ()) -> None:
        kept = self._kept(prepared, kept_user_ids)
        async with self._staging:
            await self._room.wait()
            session = None
            try:
                session = await self._begin_session()
                await apart(session, lambda each: self._copy(each, prepared, kept))
            except WarehouseError:
                # Whoever writes the batch finds out, and knows what to do then.
                await _end(session)
            except BaseException:
                await _end(session)
                raise
            else:
                if self._closed:
                    await _end(session)
                    return
                self._staged = _Staged(session, prepared, kept)
                self._room.clear()

    async def write(
        self,
        sequence: int,
        prepared: Prepared,
        *,
        state: str,
        kept_user_ids: Sequence[str] = (),
    ) -> None:
        kept = self._kept(prepared, kept_user_ids)
        async with self._turn:
            staged = self._staged
            if staged is not None and staged.is_of(prepared, kept):
                self._staged = None
                self._room.set()
                try:
                    async with self._session(staged.session) as session:
                        await self._write(session, sequence, state, prepared, kept)
                except WarehouseUnavailableError:
                    # Who waits too long for his turn is given up by the server: not a failure yet.
                    pass
                else:
                    return
            async with self._session() as session:
                # What waits for us, a process that hangs included, comes before what others
                # wait for.
                await apart(session, lambda each: self._copy(each, prepared, kept))
                await self._write(session, sequence, state, prepared, kept)

    async def purge(self, *, state: str) -> int:
        async with self._turn, self._session() as session:
            await apart(session, Session.begin)
            await self._check_mode(session)
            return await apart(session, lambda each: self._purge(each, state))

    async def close(self) -> None:
        self._closed = True
        async with self._turn:
            idle, self._idle = self._idle, None
            staged, self._staged = self._staged, None
            await _end(idle)
            if staged is not None:
                await _end(staged.session)

    def _kept(self, prepared: Prepared, user_ids: Sequence[str]) -> Array:
        if not self._load.purges:
            return NO_IDS
        return pa.concat_arrays([prepared.kept, storable_ids(pa.array(user_ids, pa.string()))])

    async def _write(
        self, session: Session, sequence: int, state: str, prepared: Prepared, kept: Array
    ) -> None:
        await self._check_mode(session)
        user_ids = prepared.rows.column(IDENTITY_ID)
        merge = self._statements.merge(
            sequence, with_kept=len(kept) > 0, all_new=self._frontier.is_before(user_ids)
        )
        await apart(session, lambda each: self._merge(each, sequence, state, merge))
        self._frontier.advance(user_ids)

    def _take(self, session: Session) -> tuple[Resumed | None, bool]:
        session.begin()
        rows = session.fetch(self._statements.open())
        if not rows:
            raise self._fenced(session)
        session.execute(self._statements.forget())
        # From now on nobody else writes: what is not there is new until we have written it.
        empty = not session.fetch(self._statements.any_identity())
        session.commit()
        ((sequence, state, purged),) = rows
        if sequence is None:
            return None, empty
        return Resumed(sequence=sequence, state=state, purged=purged), empty

    def _copy(self, session: Session, prepared: Prepared, kept: Array) -> None:
        session.begin()
        if prepared.rows.num_rows:
            session.copy(STAGE, prepared.rows)
        if len(kept):
            session.copy(KEPT, pa.RecordBatch.from_arrays([kept], names=[IDENTITY_ID]))

    def _merge(self, session: Session, sequence: int, state: str, merge: Sql) -> None:
        if self._enters(session, self._statements.enter(sequence, state), sequence):
            session.execute(merge)
            session.commit()
        else:
            session.rollback()
        self._written = max(self._written, sequence)

    def _purge(self, session: Session, state: str) -> int:
        count = 0
        entry = self._statements.enter_purge(self._written, state)
        if self._enters(session, entry, self._written + 1):
            for setting in self._statements.before_purge():
                session.execute(setting)
            ((count,),) = session.fetch(self._statements.purge())
            session.execute(self._statements.forget_touched())
            session.commit()
        else:
            session.rollback()
        return int(count)

    def _enters(self, session: Session, entry: Sql, sequence: int) -> bool:
        """Write into the ledger; False if it is there already, refused if it is no longer ours."""
        if session.fetch(entry):
            return True
        ((run, attempt, batch, purged),) = session.fetch(self._statements.owner()) or _NOBODY
        if (run, attempt) != (str(self._load.run_id), self._load.attempt):
            raise self._fenced(session)
        if not purged and (batch or 0) < sequence - 1:
            raise BatchMissingError(str(self._load.run_id), sequence, batch or 0)
        return False

    def _fenced(self, session: Session) -> FencedError:
        ((run, attempt, _, _),) = session.fetch(self._statements.owner()) or _NOBODY
        if attempt == OVER:
            found = f"no run: {run} is over" if run else "no run: it is gone"
        else:
            found = f"attempt {attempt} of run {run}"
        return FencedError(str(self._load.pipeline_id), found)

    async def _check_mode(self, session: Session) -> None:
        # In flight first, the mode after: a change of mode sees the one or is seen by the other.
        await apart(session, lambda each: each.execute(entering(self._schema, Operation.WRITE)))
        mode = await self._read_mode()
        if not mode.allows(Operation.WRITE):
            raise ModeRefusedError(mode, Operation.WRITE)

    @asynccontextmanager
    async def _session(self, session: Session | None = None) -> AsyncIterator[Session]:
        """Use a session; if the block fails it ends, and with it its transaction."""
        if session is None:
            session = await self._begin_session()
        try:
            yield session
        except BaseException:
            await ended(session)
            raise
        if self._idle is None and not self._closed:
            self._idle = session
        else:
            await ended(session)

    async def _begin_session(self) -> Session:
        """Take the session that does nothing, or begin one."""
        idle, self._idle = self._idle, None
        if idle is not None:
            return idle
        session = await connected(self._connect)
        try:
            await apart(session, self._prepare_stage)
        except BaseException:
            await ended(session)
            raise
        return session

    def _prepare_stage(self, session: Session) -> None:
        for statement in self._statements.stage():
            session.execute(statement)


async def _end(session: Session | None) -> None:
    if session is not None:
        await ended(session)
