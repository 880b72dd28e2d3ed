"""Loading identities, as a run asks for it: batch by batch, each of them wholly or not at all.

A load belongs to one attempt of one run. What it writes is durable together with the state that
the run gives it, so that another attempt goes on after the last durable batch (DEC-44).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, final

import pyarrow as pa

from mapping_lang.batch import Batch, Rejection
from mapping_lang.types.arrow.layout import Array, RecordBatch
from mapping_lang.types.kinds import Schema
from mapping_lang.types.schema import Path


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """Who writes identities, and what of them."""

    connection_id: int
    pipeline_id: int
    run_id: int
    run_started_at: datetime
    """Of two runs of a pipeline the later one writes, and the earlier is fenced (RUN-97)."""
    attempt: int
    """Of two attempts of a run the higher one writes, and the lower is fenced."""
    schema: Schema
    """What the columns hold: the schema of profiles, or what the pipeline gives of it."""
    out_paths: tuple[Path, ...]
    """The pipeline's output: what it does not give is NULL, other columns stay (RUN-27)."""
    purges: bool
    """Whether the run may end with a purge, so that what it leaves unchanged is noted (RUN-40)."""

    def __post_init__(self) -> None:
        if self.run_started_at.tzinfo is None:
            raise ValueError("`run_started_at` has no zone")


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Resumed:
    """What is durable of a run."""

    sequence: int
    """The number of the last batch."""
    state: str
    """What the run gave with it: JSON of its own."""
    purged: bool
    """Whether the run has purged; nothing is left to write then."""


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """A batch as a warehouse can store it."""

    rows: RecordBatch
    """One row for each identity; of records with one user id the last one (RUN-26)."""
    kept: Array
    """User ids of the records that were rejected: their identities are not purged."""
    rejections: tuple[Rejection, ...]
    """What cannot be stored, by position in the batch; at most one for each record."""


NO_IDS: pa.Array = pa.array([], pa.string())


class Loading(Protocol):
    """An open load. It may be used again after `WarehouseUnavailableError`: it reconnects.

    `write` and `purge` raise `FencedError` once a later attempt or run has opened a load of the
    pipeline, and `ModeRefusedError` while the mode of the warehouse does not allow to write.
    """

    @property
    def resumed(self) -> Resumed | None:
        """What was durable when the load was opened; None if nothing was."""

    def prepare(self, batch: Batch, user_ids: Array, update_times: Array) -> Prepared:
        """Give a batch the form in which it is stored. Pure; takes CPU, not the connection.

        `user_ids` are texts and `update_times` instants in UTC, one of each for every record.
        """

    async def stage(self, prepared: Prepared, *, kept_user_ids: Sequence[str] = ()) -> None:
        """Send a batch ahead, so that writing it takes less long; who does not wait loses nothing.

        Batches are staged in the order in which they are written. This waits while another one
        is staged that is not being written yet, and leaves every failure to `write`.
        """

    async def write(
        self,
        sequence: int,
        prepared: Prepared,
        *,
        state: str,
        kept_user_ids: Sequence[str] = (),
    ) -> None:
        """Make a batch durable, with what the run says of itself then.

        A batch with the number of one that is durable, or a smaller one, changes nothing. The
        first is 1, and one that does not follow the last durable one is refused.
        `kept_user_ids` are those of records that did not come so far (RUN-41).
        """

    async def purge(self, *, state: str) -> int:
        """Delete the identities of the pipeline that the run has not touched (RUN-41).

        Gives how many they were; once it is durable it changes nothing any more.
        """

    async def close(self) -> None:
        """Let go of the connection; what is not durable is undone."""
