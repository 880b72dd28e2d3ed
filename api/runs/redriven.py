"""The failed records of a run as a source, for a run that tries them again (DEC-47)."""

from collections.abc import AsyncGenerator
from dataclasses import replace
from datetime import datetime
from typing import Final, final

import msgspec
from sqlalchemy import select

from api.db.session import Sessions
from api.db.tables.run_failure import RunFailure
from api.runs.failures import KeptFailure, opened_failure
from api.vault.vault import Vault
from connectors.files import BatchSizes, ReadBatch
from mapping_lang.batch import Batch, Rejection, Step
from mapping_lang.types.codec.fast import decoder_for
from mapping_lang.types.errors import ValueRefusedError
from mapping_lang.types.kinds import NO_SCHEMA, ObjectType, Schema
from mapping_lang.types.values import Record

BATCH_RECORDS: Final = 1_000

_members: Final = msgspec.json.Decoder(dict[str, msgspec.Raw])


@final
class FailedRecords:
    """What failed of a run, in the order of its source: each may pass another definition."""

    def __init__(
        self, sessions: Sessions, vault: Vault, run_id: int, modified_at: datetime
    ) -> None:
        self._sessions = sessions
        self._vault = vault
        self._run_id = run_id
        self._modified_at = modified_at

    @classmethod
    async def open(
        cls, sessions: Sessions, vault: Vault, run_id: int, otherwise: datetime
    ) -> "FailedRecords":
        """Find out when their file was changed: without a column, all have that update time."""
        made = cls(sessions, vault, run_id, otherwise)
        for _, kept in await made._next(-1, 1):
            made._modified_at = kept.updated_at or otherwise
        return made

    @property
    def modified_at(self) -> datetime:
        """The update time of records that have none: that of the file they came from."""
        return self._modified_at

    @property
    def version(self) -> str:
        """What failed of a run that has ended does not change."""
        return str(self._run_id)

    async def batches(
        self, schema: Schema, sizes: BatchSizes, *, start: int = 0
    ) -> AsyncGenerator[ReadBatch, None]:
        """Read the records anew, as the pipeline's schema is now."""
        first, after = 0, -1
        size = min(sizes.records, BATCH_RECORDS)
        while rows := await self._next(after, size):
            after = rows[-1][0]
            if first + len(rows) > start:
                # An attempt before this one ended between two batches.
                yield _read(schema, first, [kept for _, kept in rows])
            first += len(rows)

    async def _next(self, after: int, size: int) -> list[tuple[int, KeptFailure]]:
        async with self._sessions() as session:
            rows = await session.execute(
                select(RunFailure.position, RunFailure.sealed)
                .where(
                    RunFailure.run_id == self._run_id,
                    RunFailure.position > after,
                )
                .order_by(RunFailure.position)
                .limit(size)
            )
            return [
                (position, opened_failure(self._vault, self._run_id, sealed))
                for position, sealed in rows
            ]


def _read(schema: Schema, first: int, kept: list[KeptFailure]) -> ReadBatch:
    records: list[Record] = []
    rejections: list[Rejection] = []
    refused: dict[int, dict[str, str]] = {}
    for position, each in enumerate(kept):
        try:
            records.append(_record(schema, each.input))
        except ValueRefusedError as error:
            record, refused[position] = _salvaged(schema, each.input)
            records.append(record)
            rejections.append(Rejection.refused(position, Step.VALIDATE_INPUT, error))
    # A record that was refused may lack anything.
    data = Batch.from_records(_lenient(schema), records).data
    return ReadBatch(
        first=first, batch=Batch(schema, data), rejections=tuple(rejections), refused=refused
    )


def _record(schema: Schema, text: str | None) -> Record:
    """Read a record; what the pipeline has no property for any more is left out."""
    return decoder_for(schema).decode(msgspec.json.encode(_known(schema, text)))


def _salvaged(schema: Schema, text: str | None) -> tuple[Record, dict[str, str]]:
    """Give what fits of a record that does not, and the JSON of the rest."""
    record: Record = {}
    refused: dict[str, str] = {}
    for name, value in _known(schema, text).items():
        alone = ObjectType((replace(schema.by_name[name], read_optional=True),))
        try:
            record |= decoder_for(alone).decode(msgspec.json.encode({name: value}))
        except ValueRefusedError:
            refused[name] = bytes(value).decode()
    return record, refused


def _known(schema: Schema, text: str | None) -> dict[str, msgspec.Raw]:
    members = _members.decode(text or "{}")
    return {name: value for name, value in members.items() if name in schema.by_name}


def _lenient(schema: Schema) -> Schema:
    properties = tuple(replace(item, read_optional=True) for item in schema.properties)
    return ObjectType(properties) if properties else NO_SCHEMA
