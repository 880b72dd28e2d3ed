"""Unsets: columns that a pipeline no longer produces, still to be cleared (PIPE-132)."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from api.db.base import Base, Reference


class Unset(Base):
    """A path to clear in the identities of a pipeline; deleted if it is produced again before."""

    __tablename__ = "unsets"
    __table_args__ = (
        CheckConstraint("attempts >= 0", name="attempts"),
        Index(None, "next_attempt_at"),
    )

    # A pipeline that is deleted has its identities purged, so its unsets go with it.
    pipeline_id: Mapped[Reference] = mapped_column(
        ForeignKey("pipelines.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    path: Mapped[str] = mapped_column(primary_key=True)
    attempts: Mapped[int] = mapped_column(default=0, server_default=text("0"))
    next_attempt_at: Mapped[datetime]
    error: Mapped[str] = mapped_column(default="", server_default="")
    """Why the last attempt failed."""
    created_at: Mapped[datetime]
