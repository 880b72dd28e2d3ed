"""Runs: the truth about every execution of a pipeline (DEC-3)."""

from datetime import datetime

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    Index,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from api.db.base import Base, Id, JsonText, Reference, Small, id_range

STEPS = 6
"""Receive, validate input, filter, transform, validate output, write (RUN-1)."""

_ZEROS = [0] * STEPS
_NO_COUNTS = text(f"'{{{','.join(map(str, _ZEROS))}}}'")


def _counts(column: str) -> CheckConstraint:
    return CheckConstraint(
        f"cardinality({column}) = {STEPS} AND array_position({column}, NULL) IS NULL"
        f" AND 0 <= ALL ({column})",
        name=column,
    )


class Run(Base):
    """A run: pending without a lease, then claimed, then ended; live until it has ended."""

    __tablename__ = "runs"
    __table_args__ = (
        id_range(),
        # One live run per pipeline, whoever starts it and wherever (RUN-10).
        Index(
            "uq_runs_live", "pipeline_id", unique=True, postgresql_where=text("ended_at IS NULL")
        ),
        # A tick of the schedule starts one run, however many schedulers there are.
        UniqueConstraint("pipeline_id", "scheduled_for"),
        # What workers look for: pending runs and ended leases.
        Index("ix_runs_lease", "lease_ends_at", postgresql_where=text("ended_at IS NULL")),
        Index(None, "redrives"),
        _counts("passed"),
        _counts("failed"),
        CheckConstraint(f"error_step BETWEEN 0 AND {STEPS - 1}", name="error_step"),
        CheckConstraint("error = '' OR ended_at IS NOT NULL", name="error"),
        CheckConstraint("attempt >= 0", name="attempt"),
        CheckConstraint(
            "(lease_owner IS NULL) = (lease_ends_at IS NULL)"
            " AND (lease_owner IS NULL OR (attempt > 0 AND ended_at IS NULL))",
            name="lease",
        ),
        # A live run keeps the definition it started with (RUN-80); an ended one needs none.
        CheckConstraint("(definition IS NULL) = (ended_at IS NOT NULL)", name="definition"),
    )

    id: Mapped[Id]
    pipeline_id: Mapped[Reference] = mapped_column(ForeignKey("pipelines.id", ondelete="CASCADE"))
    incremental: Mapped[bool]
    scheduled_for: Mapped[datetime | None]
    """The tick that started it; null for one that was asked for."""
    pipeline_version: Mapped[int]
    definition: Mapped[JsonText | None]

    attempt: Mapped[int] = mapped_column(default=0, server_default=text("0"))
    """Counts the claims; every write of a worker checks that it is still its own."""
    lease_owner: Mapped[str | None]
    lease_ends_at: Mapped[datetime | None]
    """Moved on by every heartbeat; after it, another worker may claim the run."""

    start_cursor: Mapped[datetime | None]
    """The pipeline's own at the start: every attempt begins there; null is from scratch."""
    cursor: Mapped[datetime | None]
    """How far it came, saved with every batch (RUN-30)."""
    passed: Mapped[list[int]] = mapped_column(
        ARRAY(BigInteger), default=lambda: list(_ZEROS), server_default=_NO_COUNTS
    )
    failed: Mapped[list[int]] = mapped_column(
        ARRAY(BigInteger), default=lambda: list(_ZEROS), server_default=_NO_COUNTS
    )
    error: Mapped[str] = mapped_column(default="", server_default="")
    error_step: Mapped[Small | None]
    redrives: Mapped[Reference | None] = mapped_column(ForeignKey("runs.id", ondelete="CASCADE"))
    """The run whose failed records this one is about; null where it reads the source."""
    created_at: Mapped[datetime]
    """The start of the run for everybody outside (RUN-12)."""
    ended_at: Mapped[datetime | None]
