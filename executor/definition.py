"""What a run of an import needs to know, free of where it is stored."""

from dataclasses import dataclass
from datetime import datetime
from typing import final

from executor.purge import reads_everything
from mapping_lang.predicate.tree import Predicate
from mapping_lang.types.kinds import Schema
from mapping_lang.types.schema import Path, parse_path, prune_to_paths
from runtime.client import Job
from runtime.contract import Body, Transformation
from warehouse.load import Load


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Columns:
    """Which properties of the source say who a record is about and when it was changed."""

    user_id: str
    updated_at: str = ""
    """Empty: records have the time of their file."""
    updated_at_format: str = ""
    """Empty where the values are moments."""


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class ImportDefinition:
    """An import as it was when its run started (RUN-80)."""

    tenant: str
    """Whose functions share guests with no other's."""
    connection_id: int
    pipeline_id: int
    run_id: int
    started_at: datetime
    attempt: int
    profile_schema: Schema
    in_schema: Schema
    out_schema: Schema
    filter: Predicate | None
    body: Body
    in_paths: tuple[str, ...]
    """What the transformation reads."""
    out_paths: tuple[str, ...]
    """What it writes."""
    function_version: str
    columns: Columns
    cursor: datetime | None
    """Where the run starts; None is from scratch (RUN-11)."""
    redriven: bool = False
    """Whether it is about records that failed before, so that nothing can be missing."""

    @property
    def purges(self) -> bool:
        """Whether the run reads everything, so that what it does not touch is gone (RUN-40)."""
        return not self.redriven and reads_everything(
            cursor=self.cursor, has_update_time=bool(self.columns.updated_at)
        )

    @property
    def load(self) -> Load:
        """Who writes into the warehouse, and what."""
        return Load(
            connection_id=self.connection_id,
            pipeline_id=self.pipeline_id,
            run_id=self.run_id,
            run_started_at=self.started_at,
            attempt=self.attempt,
            schema=self.out_schema,
            out_paths=self.written_paths(),
            purges=self.purges,
        )

    def transformed_schema(self) -> Schema:
        """Give the part of the source's schema that the transformation is given (PIPE-105)."""
        return prune_to_paths(self.in_schema, _paths(self.in_paths))

    def written_paths(self) -> tuple[Path, ...]:
        """Give the paths of profiles that this pipeline sets (RUN-27)."""
        return tuple(_paths(self.out_paths))

    def job(self) -> Job:
        """Give what the runtime is asked for."""
        return Job(
            transformation=Transformation.of(self.transformed_schema(), self.out_schema, self.body),
            tenant=self.tenant,
            function_version=self.function_version,
        )


def _paths(texts: tuple[str, ...]) -> list[Path]:
    return [parse_path(text) for text in texts]
