"""Imports for tests: records from memory, notes in memory; runtime and warehouse are real."""

from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from connectors.files import BatchSizes, FileError, ReadBatch
from executor.definition import Columns, ImportDefinition
from executor.errors import FencedError
from executor.failures import Failure
from executor.importer import Import, Outcome
from executor.state import State
from mapping_lang.batch import Batch, Rejection, Step
from mapping_lang.types.arrow.layout import Array
from mapping_lang.types.conform.conform import conformer
from mapping_lang.types.errors import ValueRefusedError
from mapping_lang.types.kinds import IntType, ObjectType, Property, Schema, StringType
from runtime.client import connect
from runtime.contract import Mapping
from tests.warehouse.postgresql.loads import Settings, identities, initialized, normal
from warehouse.interface import Warehouse
from warehouse.load import Loading, Prepared, Resumed

IN_SCHEMA = ObjectType(
    (
        Property("id", StringType()),
        Property("country", StringType()),
        Property("age", IntType(32)),
        Property("mail", StringType()),
        Property("updated", StringType(), read_optional=True),
    )
)
OUT_SCHEMA = ObjectType(
    (
        Property("email", StringType(max_length=20), read_optional=True),
        Property("age", IntType(32), read_optional=True),
    )
)
MAPPING = Mapping(expressions=(("age", "age"), ("email", "mail")))
NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
OF_THE_FILE = datetime(2026, 5, 1, 10, tzinfo=UTC)

Row = dict[str, str]


def row(id_: str, **changed: str) -> Row:
    return {"id": id_, "country": "US", "age": "30", "mail": f"{id_}@x.io"} | changed


def definition(**changed: object) -> ImportDefinition:
    given: dict[str, object] = {
        "tenant": "1",
        "connection_id": 500,
        "pipeline_id": 700,
        "run_id": 900,
        "started_at": datetime(2026, 11, 21, 11, tzinfo=UTC),
        "attempt": 1,
        "profile_schema": OUT_SCHEMA,
        "in_schema": IN_SCHEMA,
        "out_schema": OUT_SCHEMA,
        "filter": None,
        "body": MAPPING,
        "in_paths": ("age", "mail"),
        "out_paths": ("age", "email"),
        "function_version": "",
        "columns": Columns(user_id="id"),
        "cursor": None,
    }
    return ImportDefinition(**given | changed)  # type: ignore[arg-type]


@dataclass(slots=True)
class Rows:
    """A source in memory; texts become values as those of a file do."""

    rows: Sequence[Row]
    size: int = 2
    error: FileError | None = None
    version: str = "1"
    modified_at: datetime = OF_THE_FILE

    async def batches(
        self, schema: Schema, sizes: BatchSizes, *, start: int = 0
    ) -> AsyncGenerator[ReadBatch, None]:
        for first in range(start, len(self.rows), self.size):
            yield self._read(schema, first)
        if self.error is not None:
            raise self.error

    def _read(self, schema: Schema, first: int) -> ReadBatch:
        records, rejections = [], []
        for position, found in enumerate(self.rows[first : first + self.size]):
            record = {}
            for item in schema.properties:
                if item.name not in found:
                    continue
                try:
                    record[item.name] = conformer(item.type)(found[item.name])
                except ValueRefusedError as error:
                    rejections.append(
                        Rejection.refused(position, Step.VALIDATE_INPUT, error.inside(item.name))
                    )
            records.append(record)
        lenient = ObjectType(tuple(replace(each, read_optional=True) for each in schema.properties))
        data = Batch.from_records(lenient, records).data
        return ReadBatch(
            first=first, batch=Batch.checked(schema, data), rejections=tuple(rejections)
        )


class LostError(Exception):
    """What happens to a process that is killed."""


@dataclass(slots=True)
class Deaths:
    """Counts the moments at which an attempt could die, and lets it at one of them."""

    at: int | None = None
    moments: int = 0

    def moment(self) -> None:
        self.moments += 1
        if self.moments == self.at:
            raise LostError


@dataclass(slots=True)
class Notes:
    """A journal in memory, which is fenced when it is told so."""

    deaths: Deaths = field(default_factory=Deaths)
    failures: dict[int, Failure] = field(default_factory=dict)
    states: list[State] = field(default_factory=list)
    fenced: bool = False

    async def resume(self, state: State) -> None:
        self._check()
        for position in [each for each in self.failures if each >= state.position]:
            del self.failures[position]
        self.deaths.moment()

    async def keep(self, sequence: int, failures: Sequence[Failure]) -> None:
        self._check()
        for failure in failures:
            self.failures[failure.position] = failure
        self.deaths.moment()

    async def checkpoint(self, state: State) -> None:
        self._check()
        self.states.append(state)
        self.deaths.moment()

    def _check(self) -> None:
        if self.fenced:
            raise FencedError("the run has ended")

    def told(self) -> list[tuple[int, Step, str]]:
        return [(each, found.step, found.code) for each, found in sorted(self.failures.items())]


@dataclass(slots=True)
class Mortal:
    """A load at which an attempt can die, before and after what it makes durable."""

    loading: Loading
    deaths: Deaths

    @property
    def resumed(self) -> Resumed | None:
        return self.loading.resumed

    def prepare(self, batch: Batch, user_ids: Array, update_times: Array) -> Prepared:
        return self.loading.prepare(batch, user_ids, update_times)

    async def stage(self, prepared: Prepared, *, kept_user_ids: Sequence[str] = ()) -> None:
        await self.loading.stage(prepared, kept_user_ids=kept_user_ids)

    async def write(
        self, sequence: int, prepared: Prepared, *, state: str, kept_user_ids: Sequence[str] = ()
    ) -> None:
        self.deaths.moment()
        await self.loading.write(sequence, prepared, state=state, kept_user_ids=kept_user_ids)
        self.deaths.moment()

    async def purge(self, *, state: str) -> int:
        self.deaths.moment()
        purged = await self.loading.purge(state=state)
        self.deaths.moment()
        return purged

    async def close(self) -> None:
        await self.loading.close()


@dataclass(slots=True, kw_only=True)
class Ground:
    """A warehouse, a runtime and notes, for as many attempts as a test wants."""

    settings: Settings
    warehouse: Warehouse
    address: str
    notes: Notes = field(default_factory=Notes)

    async def run(
        self,
        asked: ImportDefinition,
        source: Rows,
    ) -> Outcome:
        """Carry one attempt of a run through, or as far as it comes."""

        @asynccontextmanager
        async def open_source() -> AsyncIterator[Rows]:
            yield source

        async def open_load() -> Loading:
            return Mortal(await self.warehouse.open_load(asked.load, normal), self.notes.deaths)

        async with await connect(self.address) as client:
            return await Import(
                definition=asked,
                open_source=open_source,
                open_load=open_load,
                client=client,
                journal=self.notes,
                clock=lambda: NOW,
            ).run()

    def identities(self) -> dict[str, tuple[object, ...]]:
        """What the warehouse has: the values by user id."""
        found = identities(self.settings, "_identity_id", "email", "age")
        return {str(user_id): (email, age) for user_id, email, age in found}


@asynccontextmanager
async def ground(settings: Settings, address: str) -> AsyncIterator[Ground]:
    async with initialized(settings, OUT_SCHEMA) as warehouse:
        yield Ground(settings=settings, warehouse=warehouse, address=address)
