"""What a run of an import needs to know, free of where it is stored."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final, final

from mapping_lang.predicate.tree import Predicate
from mapping_lang.types.kinds import Schema
from mapping_lang.types.schema import Path, parse_path, prune_to_paths
from runtime.client import Job
from runtime.contract import Body, Transformation


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class BatchSize:
    """When a batch is full: at the first of these."""

    records: int = 10_000
    """As many as the runtime takes in one call."""
    bytes: int = 8 * 1024 * 1024
    """Of the source: memory is bounded by a few batches, however long its records are."""
    seconds: float = 5.0
    """Of a source that is slow: what it gave is not kept waiting."""


BATCH_SIZE: Final = BatchSize()


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
    pipeline_id: int
    run_id: int
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
    purges: bool = True
    """Whether the run may delete what it does not find (RUN-40)."""

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
