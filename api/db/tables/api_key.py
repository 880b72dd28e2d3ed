"""API keys: what a client proves itself with. The key itself is nowhere (API-2)."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, ForeignKeyConstraint, Index
from sqlalchemy.orm import Mapped, mapped_column

from api.db.base import Base, Id, Reference, chars, id_range

MAX_NAME_CHARS = 100


class ApiKey(Base):
    """A key of an organization; with a workspace, it is restricted to that one (API-3)."""

    __tablename__ = "api_keys"
    __table_args__ = (
        # Both columns: a key never opens a workspace of another organization.
        ForeignKeyConstraint(
            ["organization_id", "workspace_id"],
            ["workspaces.organization_id", "workspaces.id"],
            ondelete="CASCADE",
        ),
        id_range(),
        chars("name", 1, MAX_NAME_CHARS),
        chars("hint", 1, 32),
        CheckConstraint("octet_length(digest) = 32", name="digest"),
        Index(None, "organization_id", "workspace_id"),
    )

    id: Mapped[Id]
    organization_id: Mapped[Reference] = mapped_column(
        ForeignKey("organizations.id", ondelete="CASCADE")
    )
    workspace_id: Mapped[Reference | None]
    name: Mapped[str]
    digest: Mapped[bytes] = mapped_column(unique=True)
    """HMAC-SHA-256 of the 32 bytes of the key."""
    hint: Mapped[str]
    """What may be shown of the key: its first and last characters."""
    created_at: Mapped[datetime]
