"""Operations that have a warehouse for themselves: identity resolution, change of the schema."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from api.db.base import Base, JsonText, Reference, one_of

OPERATIONS = ("IdentityResolution", "AlterProfileSchema")


class WarehouseOperation(Base):
    """One such operation; a workspace has at most one that has not ended (RUN-95)."""

    __tablename__ = "warehouse_operations"
    __table_args__ = (
        one_of("operation", OPERATIONS),
        Index(
            "uq_warehouse_operations_live",
            "workspace_id",
            unique=True,
            postgresql_where=text("ended_at IS NULL"),
        ),
        # The latest of each is what is asked for.
        Index(None, "workspace_id", "operation", "started_at"),
        CheckConstraint("error = '' OR ended_at IS NOT NULL", name="error"),
        CheckConstraint(
            "(lease_owner IS NULL) = (lease_ends_at IS NULL)"
            " AND (lease_owner IS NULL OR ended_at IS NULL)",
            name="lease",
        ),
        CheckConstraint("attempt >= 0", name="attempt"),
    )

    # The warehouse knows the operation by the same id, so that a second attempt finds the first.
    id: Mapped[UUID] = mapped_column(primary_key=True)
    workspace_id: Mapped[Reference] = mapped_column(ForeignKey("workspaces.id", ondelete="CASCADE"))
    operation: Mapped[str]
    request: Mapped[JsonText | None]
    """What is to be done, where the workspace does not say it."""
    attempt: Mapped[int] = mapped_column(default=0, server_default=text("0"))
    lease_owner: Mapped[str | None]
    lease_ends_at: Mapped[datetime | None]
    error: Mapped[str] = mapped_column(default="", server_default="")
    started_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
