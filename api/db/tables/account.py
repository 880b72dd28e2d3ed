"""Accounts: what an authorisation server let us use of an application (CONN-43)."""

from datetime import datetime

from sqlalchemy import ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from api.db.base import Base, Id, Reference, chars, id_range


class Account(Base):
    """An account of an application, shared by the connections of a workspace that use it."""

    __tablename__ = "accounts"
    __table_args__ = (
        id_range(),
        UniqueConstraint("workspace_id", "id"),  # what connections refer to
        UniqueConstraint("workspace_id", "connector", "code"),
        chars("code", 1, 1024),
    )

    id: Mapped[Id]
    workspace_id: Mapped[Reference] = mapped_column(ForeignKey("workspaces.id", ondelete="CASCADE"))
    connector: Mapped[str]
    code: Mapped[str]
    """The identifier that the application gives the account."""
    sealed_tokens: Mapped[bytes]
    """Access and refresh tokens."""
    expires_at: Mapped[datetime]
    """When the access token ends; it is refreshed before (CONN-44)."""
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
