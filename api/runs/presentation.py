"""What travels about runs."""

import msgspec

from api.db.tables.run import STEPS, Run
from api.http.model import Id, InstantText, Model, instant


class RunRequest(Model, frozen=True, kw_only=True):
    """How to run: incrementally, from scratch, or as the pipeline says."""

    incremental: bool | None = None


class RunObject(Model, frozen=True, kw_only=True):
    """A run; what passed and failed each step is told when it has ended (RUN-2)."""

    id: Id
    pipeline: Id
    start_time: InstantText
    end_time: InstantText | None
    passed: list[int] = msgspec.field(default_factory=lambda: [0] * STEPS)
    failed: list[int] = msgspec.field(default_factory=lambda: [0] * STEPS)
    error: str = ""


class RunList(Model, frozen=True, kw_only=True):
    """The runs of a workspace, the latest first (RUN-100)."""

    runs: list[RunObject]


def present(row: Run) -> RunObject:
    """Give a run as clients see it."""
    start = instant(row.created_at)
    if row.ended_at is None:
        return RunObject(id=row.id, pipeline=row.pipeline_id, start_time=start, end_time=None)
    return RunObject(
        id=row.id,
        pipeline=row.pipeline_id,
        start_time=start,
        end_time=instant(row.ended_at),
        passed=list(row.passed),
        failed=list(row.failed),
        error=row.error,
    )
