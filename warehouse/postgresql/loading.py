"""An open load on PostgreSQL: one session, one transaction for each batch."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import TypeVar

import pyarrow as pa

from mapping_lang.batch import Batch
from mapping_lang.types.arrow.layout import Array
from warehouse.errors import FencedError, ModeRefusedError
from warehouse.interface import ReadMode
from warehouse.load import NO_IDS, Load, Prepared, Resumed
from warehouse.operations import Operation
from warehouse.postgresql.flight import entering
from warehouse.postgresql.loading_sql import KEPT, STAGE, LoadStatements
from warehouse.postgresql.session import Session
from warehouse.postgresql.stored import store
from warehouse.prepare import IDENTITY_ID, prepare, storable_ids
from warehouse.sql import Sql
from warehouse.threads import apart, connected, ended

Connect = Callable[[], Session]
T = TypeVar("T")


class PostgresqlLoading:
    """A load of identities; after a failure it begins a new session when it is used again."""

    def __init__(self, load: Load, read_mode: ReadMode, schema: str, connect: Connect) -> None:
        self._load = load
        self._schema = schema
        self._read_mode = read_mode
        self._connect = connect
        self._statements = LoadStatements.of(load)
        self._session: Session | None = None
        self._resumed: Resumed | None = None
        # Batches are written one after the other, in the order in which they are given.
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
            # What waits for us, a process that hangs included, comes before what others wait for.
            await self._run(lambda session: self._stage(session, prepared, kept))
            await self._check_mode()
            await self._run(lambda session: self._merge(session, sequence, state, kept))

    async def purge(self, *, state: str) -> int:
        async with self._turn, self._undoing():
            await self._run(Session.begin)
            await self._check_mode()
            return await self._run(lambda session: self._purge(session, state))

    async def close(self) -> None:
        async with self._turn:
            await self._drop()

    def _take(self, session: Session) -> Resumed | None:
        session.begin()
        rows = session.fetch(self._statements.open())
        if not rows:
            raise self._fenced(session)
        session.execute(self._statements.forget())
        session.commit()
        ((sequence, state, purged),) = rows
        if sequence is None:
            return None
        return Resumed(sequence=sequence, state=state, purged=purged)

    def _stage(self, session: Session, prepared: Prepared, kept: Array) -> None:
        session.begin()
        if prepared.rows.num_rows:
            session.copy(STAGE, prepared.rows)
        if len(kept):
            session.copy(KEPT, pa.RecordBatch.from_arrays([kept], names=[IDENTITY_ID]))

    def _merge(self, session: Session, sequence: int, state: str, kept: Array) -> None:
        if self._enters(session, self._statements.enter(sequence, state)):
            session.execute(self._statements.merge(sequence, with_kept=len(kept) > 0))
            session.commit()
        else:
            session.rollback()

    def _purge(self, session: Session, state: str) -> int:
        count = 0
        if self._enters(session, self._statements.enter_purge(state)):
            for setting in self._statements.before_purge():
                session.execute(setting)
            ((count,),) = session.fetch(self._statements.purge())
            session.execute(self._statements.forget_touched())
            session.commit()
        else:
            session.rollback()
        return int(count)

    def _enters(self, session: Session, entry: Sql) -> bool:
        """Write into the ledger; False if it is there already, refused if it is no longer ours."""
        if session.fetch(entry):
            return True
        ((run, attempt),) = session.fetch(self._statements.owner()) or ((None, None),)
        if (run, attempt) != (str(self._load.run_id), self._load.attempt):
            raise self._fenced(session)
        return False

    def _fenced(self, session: Session) -> FencedError:
        ((run, attempt),) = session.fetch(self._statements.owner()) or (("no run", 0),)
        return FencedError(str(self._load.pipeline_id), f"attempt {attempt} of run {run}")

    async def _check_mode(self) -> None:
        # In flight first, the mode after: a change of mode sees the one or is seen by the other.
        await self._run(lambda session: session.execute(entering(self._schema, Operation.WRITE)))
        mode = await self._read_mode()
        if not mode.allows(Operation.WRITE):
            raise ModeRefusedError(mode, Operation.WRITE)

    async def _run(self, work: Callable[[Session], T]) -> T:
        if self._session is None:
            self._session = await connected(self._connect)
            await apart(self._session, self._prepare_stage)
        return await apart(self._session, work)

    def _prepare_stage(self, session: Session) -> None:
        for statement in self._statements.stage():
            session.execute(statement)

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
