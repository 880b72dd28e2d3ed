"""Purges: identities that are still to be deleted from warehouses."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from api.db.base import Base, Reference, Sequence


class Purge(Base):
    """The identities of a pipeline that is gone; tried until the warehouse has none (WH-32)."""

    __tablename__ = "purges"
    __table_args__ = (
        UniqueConstraint("workspace_id", "pipeline_id"),
        CheckConstraint("attempts >= 0", name="attempts"),
        Index(None, "next_attempt_at"),
    )

    number: Mapped[Sequence]
    workspace_id: Mapped[Reference] = mapped_column(ForeignKey("workspaces.id", ondelete="CASCADE"))
    pipeline_id: Mapped[Reference]
    """No foreign key: the pipeline is gone."""
    attempts: Mapped[int] = mapped_column(default=0, server_default=text("0"))
    next_attempt_at: Mapped[datetime]
    error: Mapped[str] = mapped_column(default="", server_default="")
    """Why the last attempt failed."""
    created_at: Mapped[datetime]
