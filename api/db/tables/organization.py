"""Organizations: who owns workspaces and API keys."""

from datetime import datetime

from sqlalchemy import true
from sqlalchemy.orm import Mapped, mapped_column

from api.db.base import Base, Id, chars, id_range

MAX_NAME_CHARS = 100


class Organization(Base):
    """One customer of an installation; what is disabled answers nothing and runs nothing."""

    __tablename__ = "organizations"
    __table_args__ = (id_range(), chars("name", 1, MAX_NAME_CHARS))

    id: Mapped[Id]
    name: Mapped[str]
    enabled: Mapped[bool] = mapped_column(default=True, server_default=true())
    created_at: Mapped[datetime]
