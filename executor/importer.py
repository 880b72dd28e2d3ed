"""An import: read, validate, filter, transform, write, checkpoint."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager, aclosing
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final, Protocol, final

from connectors.files import BatchSizes, FileError, ReadBatch
from executor.ahead import ahead
from executor.definition import ImportDefinition
from executor.errors import FatalError
from executor.failures import any_unknown
from executor.journal import Journal
from executor.purge import SKIPPED, Purge, decide
from executor.selection import Moments, select
from executor.stages import Stage, Stages
from executor.state import NOTHING, State, later
from executor.steps import Counters
from executor.transforming import Remote, TransformedBatch, Transforming
from executor.writing import Open, ReadyBatch, Writing, writing
from mapping_lang.batch import Step
from mapping_lang.types.kinds import Schema
from mapping_lang.types.schemas.alignment import find_misalignment
from mapping_lang.types.text.format import format_datetime

TRANSFORMED_AHEAD: Final = 3
"""Batches that the runtime has at once, so that it never waits for us."""
PREPARED_AHEAD: Final = 1


class Source(Protocol):
    """Records that can be read once, from a position on; `batches` raises `FileError`."""

    @property
    def modified_at(self) -> datetime:
        """The update time of records that have none."""

    @property
    def version(self) -> str:
        """What another content would not have."""

    def batches(
        self, schema: Schema, sizes: BatchSizes, *, start: int = 0
    ) -> AsyncGenerator[ReadBatch, None]:
        """Read the records, in their order."""


@final
@dataclass(frozen=True, slots=True)
class Entry:
    """Something to be told of a run as a whole."""

    step: Step
    message: str


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """How a run ended."""

    counters: Counters
    cursor: datetime | None
    error: Entry | None = None
    """None if it was carried through (RUN-71)."""
    notes: tuple[Entry, ...] = ()
    purged: int = field(default=0, compare=False)
    """What this attempt deleted; one that died before may have deleted it already."""
    stage_seconds: Mapping[str, float] = field(default_factory=dict, compare=False)
    """Where the time of this attempt went; stages overlap."""


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Import:
    """One attempt at an import, with every collaborator that it needs and nothing else."""

    definition: ImportDefinition
    open_source: Callable[[], AbstractAsyncContextManager[Source]]
    open_load: Open
    client: Remote
    journal: Journal
    clock: Callable[[], datetime]
    known: State = NOTHING
    """What is known of an attempt before, should the warehouse not be reached."""
    sizes: BatchSizes = field(default_factory=BatchSizes)
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    stages: Stages = field(default_factory=Stages)

    async def run(self) -> Outcome:
        """Carry every record from the source to the warehouse, from where an attempt ended."""
        state = self.known
        try:
            async with self.open_source() as source:
                self._check_output()
                async with writing(self.open_load, self.sleep) as load:
                    state = await self._resume(source, load)
                    _check_same(source, state)
                    async with (
                        aclosing(self._ready(source, load, state.position)) as ready,
                        aclosing(self.stages.between(ready, Stage.AWAIT)) as batches,
                    ):
                        async for batch in batches:
                            state = await self._write(load, batch, state)
                    return await self._finish(load, state)
        except FileError as error:
            fatal = FatalError(error.step, error.message)
        except FatalError as error:
            fatal = error
            await self.journal.keep(state.sequence + 1, fatal.failures)
        return Outcome(
            counters=state.counters + fatal.counters,
            cursor=state.cursor,
            error=Entry(fatal.step, fatal.message),
            stage_seconds=self.stages.seconds(),
        )

    def _check_output(self) -> None:
        found = find_misalignment(self.definition.out_schema, self.definition.profile_schema)
        if found is not None:
            raise FatalError(
                Step.VALIDATE_OUTPUT,
                "the profile schema is not as the output schema of the pipeline says:"
                f" {found.message}",
            )

    async def _resume(self, source: Source, load: Writing) -> State:
        """Find out what is durable of the run, whoever wrote it."""
        resumed = load.resumed
        if resumed is None:
            state = State(cursor=self.definition.cursor, source=_version(source))
        else:
            state = State.decode(resumed.state)
        await self.journal.resume(state)
        return state

    async def _ready(
        self, source: Source, load: Writing, start: int
    ) -> AsyncGenerator[ReadyBatch, None]:
        """Read, transform and prepare batches, each while those before it are being written."""
        definition, stages = self.definition, self.stages
        transforming = Transforming(self.client, definition, self.sleep)

        async def transform(read: ReadBatch) -> TransformedBatch:
            with stages.at(Stage.SELECT):
                moments = Moments(modified_at=source.modified_at, now=self.clock())
                selected = select(definition, read, moments)
            with stages.at(Stage.TRANSFORM):
                return await transforming.apply(selected)

        async def prepare(transformed: TransformedBatch) -> ReadyBatch:
            with stages.at(Stage.PREPARE):
                return await load.prepare(transformed)

        async with (
            aclosing(source.batches(definition.in_schema, self.sizes, start=start)) as given,
            aclosing(stages.between(given, Stage.READ)) as received,
            aclosing(ahead(received, transform, TRANSFORMED_AHEAD)) as transformed,
            aclosing(ahead(transformed, prepare, PREPARED_AHEAD)) as ready,
        ):
            async for batch in ready:
                yield batch

    async def _write(self, load: Writing, batch: ReadyBatch, state: State) -> State:
        """Make a batch durable with its counters and the cursor, and say so."""
        batch.counters.check_complete()
        after = replace(
            state,
            sequence=state.sequence + 1,
            position=batch.end,
            counters=state.counters + batch.counters,
            cursor=later(state.cursor, batch.cursor),
            unknown_failed=state.unknown_failed or any_unknown(batch.failures),
        )
        with self.stages.at(Stage.NOTE):
            await self.journal.keep(after.sequence, batch.failures)
        with self.stages.at(Stage.WRITE):
            await load.write(batch, after)
        with self.stages.at(Stage.NOTE):
            await self.journal.checkpoint(after)
        return after

    async def _finish(self, load: Writing, state: State) -> Outcome:
        state.counters.check_complete()
        purge = decide(reads_everything=self.definition.purges, unknown_failed=state.unknown_failed)
        with self.stages.at(Stage.PURGE):
            purged = await load.purge(state) if purge is Purge.UNTOUCHED else 0
        return Outcome(
            counters=state.counters,
            cursor=state.cursor,
            purged=purged,
            notes=(Entry(Step.WRITE, SKIPPED),) if purge is Purge.SKIPPED else (),
            stage_seconds=self.stages.seconds(),
        )


def _check_same(source: Source, state: State) -> None:
    """Refuse to read on in a file that is another one: a place in one is none in another."""
    if state.source == _version(source):
        return
    why = (
        "the file has changed since the run began"
        if source.version
        else "the storage does not say whether the file is the one that the run began with"
    )
    raise FatalError(
        Step.RECEIVE,
        f"{why}, and the run was interrupted meanwhile: what was read before does not belong to"
        " what it is now; run the pipeline again",
    )


def _version(source: Source) -> str:
    return source.version or format_datetime(source.modified_at)
