"""Pipelines: the definitions of imports and exports, as they were written and compiled."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index, false, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.types import Text

from api.db.base import Base, Id, JsonText, Reference, Small, chars, id_range, one_of
from connectors.interface import Role, Target

MAX_NAME_CHARS = 60
SCHEDULE_PERIODS = (5, 15, 30, 60, 120, 180, 360, 480, 720, 1440)
"""Minutes (RUN-90); each divides a day."""
EXPORT_MODES = ("CreateOnly", "UpdateOnly", "CreateOrUpdate")
COMPRESSIONS = ("", "Zip", "Gzip", "Snappy")
LANGUAGES = ("JavaScript", "Python")


class Pipeline(Base):
    """A pipeline; connection, target and event type never change. Empty text means not given."""

    __tablename__ = "pipelines"
    __table_args__ = (
        ForeignKeyConstraint(
            ["workspace_id", "connection_id", "connection_role"],
            ["connections.workspace_id", "connections.id", "connections.role"],
            ondelete="CASCADE",
        ),
        id_range(),
        chars("name", 1, MAX_NAME_CHARS),
        one_of("connection_role", Role),
        one_of("target", Target),
        one_of("export_mode", ("", *EXPORT_MODES)),
        one_of("compression", COMPRESSIONS),
        one_of("function_language", LANGUAGES),
        CheckConstraint("(matching_in = '') = (matching_out = '')", name="matching"),
        # A mapping, a function or nothing (PIPE-100).
        CheckConstraint("mapping IS NULL OR function_source IS NULL", name="transformation"),
        CheckConstraint(
            "(function_source IS NULL) = (function_language IS NULL)", name="function_source"
        ),
        CheckConstraint("function_version >= 0", name="function_version"),
        CheckConstraint("version >= 1", name="version"),
        CheckConstraint(
            f"schedule_period IN ({', '.join(map(str, SCHEDULE_PERIODS))})", name="schedule_period"
        ),
        # At most one pipeline imports the events of a connection (PIPE-4).
        Index(
            "uq_pipelines_imported_events",
            "connection_id",
            unique=True,
            postgresql_where=text(
                f"target = '{Target.EVENT}' AND connection_role = '{Role.SOURCE}'"
            ),
        ),
        Index(None, "connection_id"),
        Index(None, "workspace_id"),
        # What the schedule looks for every minute.
        Index(
            "ix_pipelines_scheduled",
            "schedule_period",
            postgresql_where=text("enabled AND schedule_period IS NOT NULL"),
        ),
    )

    id: Mapped[Id]
    workspace_id: Mapped[Reference]
    connection_id: Mapped[Reference]
    connection_role: Mapped[str]
    target: Mapped[str]
    event_type: Mapped[str] = mapped_column(default="", server_default="")
    name: Mapped[str]
    enabled: Mapped[bool] = mapped_column(default=False, server_default=false())

    filter: Mapped[JsonText | None]
    in_schema: Mapped[JsonText | None]
    out_schema: Mapped[JsonText | None]
    mapping: Mapped[JsonText | None]
    """An object: expressions by output path."""
    function_source: Mapped[str | None]
    function_language: Mapped[str | None]
    preserve_json: Mapped[bool] = mapped_column(default=False, server_default=false())
    function_version: Mapped[int] = mapped_column(default=0, server_default=text("0"))
    """Counts the functions that this pipeline has had, and never goes back (PIPE-133)."""
    in_paths: Mapped[list[str]] = mapped_column(
        ARRAY(Text), default=list, server_default=text("'{}'")
    )
    """What the transformation reads: told by a function, compiled from a mapping."""
    out_paths: Mapped[list[str]] = mapped_column(
        ARRAY(Text), default=list, server_default=text("'{}'")
    )
    """What the transformation writes."""

    query: Mapped[str] = mapped_column(default="", server_default="")
    format: Mapped[str] = mapped_column(default="", server_default="")
    path: Mapped[str] = mapped_column(default="", server_default="")
    sheet: Mapped[str] = mapped_column(default="", server_default="")
    compression: Mapped[str] = mapped_column(default="", server_default="")
    format_settings: Mapped[JsonText | None]
    """In the canonical form of the format; never returned (PIPE-6)."""
    order_by: Mapped[str] = mapped_column(default="", server_default="")
    user_id_column: Mapped[str] = mapped_column(default="", server_default="")
    updated_at_column: Mapped[str] = mapped_column(default="", server_default="")
    updated_at_format: Mapped[str] = mapped_column(default="", server_default="")
    incremental: Mapped[bool] = mapped_column(default=False, server_default=false())
    matching_in: Mapped[str] = mapped_column(default="", server_default="")
    matching_out: Mapped[str] = mapped_column(default="", server_default="")
    export_mode: Mapped[str] = mapped_column(default="", server_default="")
    update_on_duplicates: Mapped[bool] = mapped_column(default=False, server_default=false())
    table_name: Mapped[str] = mapped_column(default="", server_default="")
    table_key: Mapped[str] = mapped_column(default="", server_default="")

    version: Mapped[int] = mapped_column(default=1, server_default=text("1"))
    """Counts the definitions: a run that ends compares it with its own (RUN-80)."""
    cursor: Mapped[datetime | None]
    """Where an incremental run resumes (RUN-30); null is from scratch."""
    schedule_period: Mapped[Small | None]
    """Minutes; null while the schedule is off."""
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
