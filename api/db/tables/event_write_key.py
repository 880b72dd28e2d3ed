"""Event write keys: what SDKs and webhooks send events with."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from api.db.base import Base, Reference

KEY_CHARS = 32


class EventWriteKey(Base):
    """A key that only adds events to one connection; it is part of web pages, and no secret."""

    __tablename__ = "event_write_keys"
    __table_args__ = (
        CheckConstraint(f"key ~ '^[A-Za-z0-9]{{{KEY_CHARS}}}$'", name="key"),
        Index(None, "connection_id"),
    )

    key: Mapped[str] = mapped_column(primary_key=True)
    connection_id: Mapped[Reference] = mapped_column(
        ForeignKey("connections.id", ondelete="CASCADE")
    )
    created_at: Mapped[datetime]
