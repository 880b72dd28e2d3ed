"""Secrets of the installation itself, sealed."""

from datetime import datetime

from sqlalchemy.orm import Mapped, mapped_column

from api.db.base import Base


class Secret(Base):
    """A secret that was drawn once, and that outlives the key that it is sealed with."""

    __tablename__ = "secrets"

    name: Mapped[str] = mapped_column(primary_key=True)
    sealed: Mapped[bytes]
    created_at: Mapped[datetime]
