"""Workspaces: the tenants, each with one profile schema and one warehouse."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, ForeignKey, UniqueConstraint, and_, false, text, true
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.types import Text

from api.db.base import Base, Id, JsonText, Reference, chars, id_range, one_of

MAX_NAME_CHARS = 100
MAX_PREFERENCE_CHARS = 100
WAREHOUSE_MODES = ("Normal", "Inspection", "Maintenance")


class Workspace(Base):
    """A tenant. Its profile schema is canonical JSON, in which properties keep their order."""

    __tablename__ = "workspaces"
    __table_args__ = (
        id_range(),
        UniqueConstraint("organization_id", "id"),  # what keys refer to
        chars("name", 1, MAX_NAME_CHARS),
        chars("profile_image_path", 0, MAX_PREFERENCE_CHARS),
        chars("profile_first_name_path", 0, MAX_PREFERENCE_CHARS),
        chars("profile_last_name_path", 0, MAX_PREFERENCE_CHARS),
        chars("profile_extra_path", 0, MAX_PREFERENCE_CHARS),
        one_of("warehouse_mode", WAREHOUSE_MODES),
    )

    id: Mapped[Id]
    organization_id: Mapped[Reference] = mapped_column(
        ForeignKey("organizations.id", ondelete="CASCADE")
    )
    name: Mapped[str]
    profile_schema: Mapped[JsonText]
    identifiers: Mapped[list[str]] = mapped_column(
        ARRAY(Text), default=list, server_default=text("'{}'")
    )
    """Paths, by descending priority."""
    max_merged_identities: Mapped[int] = mapped_column(default=10_000, server_default=text("10000"))
    """How many identities one value of an identifier may bring together."""
    resolve_identities_on_batch_import: Mapped[bool] = mapped_column(
        default=True, server_default=true()
    )

    # Paths that a profile's header is made of; empty where there is none.
    profile_image_path: Mapped[str] = mapped_column(default="", server_default="")
    profile_first_name_path: Mapped[str] = mapped_column(default="", server_default="")
    profile_last_name_path: Mapped[str] = mapped_column(default="", server_default="")
    profile_extra_path: Mapped[str] = mapped_column(default="", server_default="")

    warehouse_platform: Mapped[str]
    warehouse_mode: Mapped[str] = mapped_column(default="Normal", server_default="Normal")
    sealed_warehouse_settings: Mapped[bytes]

    deleting: Mapped[bool] = mapped_column(default=False, server_default=false())
    """Deleted for everybody outside; what has to be undone elsewhere is still to be done."""
    creation: Mapped[UUID | None]
    """What its warehouse keeps of its creation; null once both are there, and hidden until then."""
    created_at: Mapped[datetime]

    @classmethod
    def is_shown(cls) -> ColumnElement[bool]:
        """Tell the workspaces that exist from those that are being created or deleted."""
        return and_(cls.creation.is_(None), ~cls.deleting)
