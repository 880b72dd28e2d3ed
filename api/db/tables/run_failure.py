"""Failures of runs: every record that failed, sealed, until it is too old (DEC-47)."""

from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from api.db.base import Base, Reference, Sequence, Small
from api.db.tables.run import STEPS


class RunFailure(Base):
    """A record that failed, by its position in the source."""

    __tablename__ = "run_failures"
    __table_args__ = (
        CheckConstraint(f"step BETWEEN 0 AND {STEPS - 1}", name="step"),
        CheckConstraint("position >= 0", name="position"),
        UniqueConstraint("run_id", "position"),
        Index(None, "created_at"),
    )

    number: Mapped[Sequence]
    run_id: Mapped[Reference] = mapped_column(ForeignKey("runs.id", ondelete="CASCADE"))
    position: Mapped[int] = mapped_column(BigInteger)
    step: Mapped[Small]
    code: Mapped[str]
    sealed: Mapped[bytes]
    """What failed and why: messages, too, may repeat what is in a record."""
    created_at: Mapped[datetime]
