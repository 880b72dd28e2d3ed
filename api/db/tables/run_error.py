"""Errors of runs: what went wrong, grouped by message, as long as the pipeline is there."""

from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from api.db.base import Base, Reference, Sequence, Small
from api.db.tables.run import STEPS


class RunError(Base):
    """A message of a step, and how many records of a batch had it (RUN-104).

    A count of zero is told of the run as a whole.
    """

    __tablename__ = "run_errors"
    __table_args__ = (
        CheckConstraint(f"step BETWEEN 0 AND {STEPS - 1}", name="step"),
        CheckConstraint("count >= 0", name="count"),
        Index(None, "run_id", "batch"),
    )

    number: Mapped[Sequence]
    run_id: Mapped[Reference] = mapped_column(ForeignKey("runs.id", ondelete="CASCADE"))
    batch: Mapped[int] = mapped_column(BigInteger)
    """The batch that they were in: what is not durable comes again; 0 once the run has ended."""
    step: Mapped[Small]
    message: Mapped[str]
    count: Mapped[int] = mapped_column(BigInteger)
    occurred_at: Mapped[datetime]
    """The minute of the last of them."""
