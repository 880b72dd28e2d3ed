"""What is kept of runs only for a while: failed records, and metrics in ever larger slots."""

from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import text

from api.db.session import Sessions
from api.db.tables.run import STEPS

FAILURES_KEPT: Final = timedelta(days=14)
"""DEC-47."""
ROWS_AT_ONCE: Final = 10_000

_SLOTS: Final = (
    # Kept for so long in slots of so many seconds, then in slots of the next size (RUN-105).
    (timedelta(minutes=60), 60, 3_600),
    (timedelta(hours=48), 3_600, 86_400),
    (timedelta(days=30), 86_400, 30 * 86_400),
)
_DELETE: Final = text(
    "DELETE FROM run_failures WHERE number IN"
    " (SELECT number FROM run_failures WHERE created_at < :before LIMIT :rows)"
)
_COUNTS: Final = ("passed", "failed")


def _of_each_step(expression: str) -> str:
    """Write an array of an expression for each step, `{n}` being its number."""
    return f"ARRAY[{', '.join(expression.format(n=n) for n in range(1, STEPS + 1))}]::bigint[]"


_SUMS: Final = ", ".join(_of_each_step(f"sum({name}[{{n}}])") for name in _COUNTS)
_ADDITIONS: Final = ", ".join(
    f"{name} = " + _of_each_step(f"run_metrics.{name}[{{n}}] + excluded.{name}[{{n}}]")
    for name in _COUNTS
)
_MERGE: Final = text(
    # Names of ours only; values travel beside it.
    f"""
    WITH gone AS (
        DELETE FROM run_metrics WHERE slot_seconds = :small AND slot_start < :before RETURNING *
    )
    INSERT INTO run_metrics
        (pipeline_id, slot_seconds, slot_start, connection_id, workspace_id, passed, failed)
    SELECT pipeline_id, :large,
        to_timestamp(floor(extract(epoch FROM slot_start) / :large) * :large) AS start,
        connection_id, workspace_id, {_SUMS}
    FROM gone GROUP BY pipeline_id, start, connection_id, workspace_id
    ON CONFLICT (pipeline_id, slot_seconds, slot_start) DO UPDATE SET {_ADDITIONS}
    """  # noqa: S608 - as the comment says
)


async def forget(sessions: Sessions, now: datetime, kept: timedelta = FAILURES_KEPT) -> int:
    """Delete failed records that are too old; gives how many."""
    deleted = 0
    while True:
        async with sessions.begin() as session:
            gone = await session.execute(_DELETE, {"before": now - kept, "rows": ROWS_AT_ONCE})
            rows = int(getattr(gone, "rowcount", 0))
        deleted += rows
        if rows < ROWS_AT_ONCE:
            return deleted


async def merge_metrics(sessions: Sessions, now: datetime) -> None:
    """Add up old metrics in larger slots; whoever else does it at the same time finds none."""
    for age, small, large in _SLOTS:
        async with sessions.begin() as session:
            # Whole slots only: one that is being filled is not cut in two.
            before = (now - age).timestamp() // large * large
            await session.execute(
                _MERGE,
                {
                    "small": small,
                    "large": large,
                    "before": datetime.fromtimestamp(before, now.tzinfo),
                },
            )
