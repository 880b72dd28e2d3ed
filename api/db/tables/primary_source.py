"""Primary sources: the connection that wins for a property of a profile."""

from sqlalchemy import Computed, ForeignKeyConstraint, Index
from sqlalchemy.orm import Mapped, mapped_column

from api.db.base import Base, Reference


class PrimarySource(Base):
    """A property whose value comes from one source connection, if it has one (WH-75)."""

    __tablename__ = "primary_sources"
    __table_args__ = (
        ForeignKeyConstraint(
            ["workspace_id", "connection_id", "role"],
            ["connections.workspace_id", "connections.id", "connections.role"],
            ondelete="CASCADE",  # CONN-33
        ),
        Index(None, "connection_id"),
    )

    workspace_id: Mapped[Reference] = mapped_column(primary_key=True, autoincrement=False)
    path: Mapped[str] = mapped_column(primary_key=True)
    connection_id: Mapped[Reference]
    role: Mapped[str] = mapped_column(Computed("'Source'::text", persisted=True))
