"""Links: which destinations the events of a source are sent to."""

from sqlalchemy import Computed, ForeignKeyConstraint, Index
from sqlalchemy.orm import Mapped, mapped_column

from api.db.base import Base, Reference


class ConnectionLink(Base):
    """A source and a destination of one workspace; one row for both sides (CONN-20)."""

    __tablename__ = "connection_links"
    __table_args__ = (
        ForeignKeyConstraint(
            ["workspace_id", "source_id", "source_role"],
            ["connections.workspace_id", "connections.id", "connections.role"],
            ondelete="CASCADE",  # CONN-23
            name="fk_connection_links_source",
        ),
        ForeignKeyConstraint(
            ["workspace_id", "destination_id", "destination_role"],
            ["connections.workspace_id", "connections.id", "connections.role"],
            ondelete="CASCADE",
            name="fk_connection_links_destination",
        ),
        Index(None, "destination_id"),
    )

    source_id: Mapped[Reference] = mapped_column(primary_key=True, autoincrement=False)
    destination_id: Mapped[Reference] = mapped_column(primary_key=True, autoincrement=False)
    workspace_id: Mapped[Reference]
    source_role: Mapped[str] = mapped_column(Computed("'Source'::text", persisted=True))
    destination_role: Mapped[str] = mapped_column(Computed("'Destination'::text", persisted=True))
