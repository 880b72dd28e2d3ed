"""Connections: connectors that are configured in a workspace, as source or destination."""

from datetime import datetime

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    UniqueConstraint,
)
from sqlalchemy.orm import Mapped, mapped_column

from api.db.base import Base, Id, Reference, Small, chars, id_range, one_of
from connectors.interface import Role, SendingMode, Strategy

MAX_NAME_CHARS = 60
MINUTES_OF_A_DAY = 1440


class Connection(Base):
    """A connector in a role, with its settings; the role and the connector never change."""

    __tablename__ = "connections"
    __table_args__ = (
        ForeignKeyConstraint(
            ["workspace_id", "account_id"], ["accounts.workspace_id", "accounts.id"]
        ),
        id_range(),
        # What pipelines, links and primary sources refer to: they stay in the workspace and the
        # role of their connection.
        UniqueConstraint("workspace_id", "id", "role"),
        chars("name", 1, MAX_NAME_CHARS),
        one_of("role", Role),
        one_of("strategy", Strategy),
        one_of("sending_mode", SendingMode),
        CheckConstraint(f"strategy IS NULL OR role = '{Role.SOURCE}'", name="strategy_role"),
        CheckConstraint(
            f"sending_mode IS NULL OR role = '{Role.DESTINATION}'", name="sending_mode_role"
        ),
        CheckConstraint(
            f"schedule_start BETWEEN 0 AND {MINUTES_OF_A_DAY - 1}", name="schedule_start"
        ),
        Index(None, "workspace_id", "account_id"),
    )

    id: Mapped[Id]
    workspace_id: Mapped[Reference] = mapped_column(ForeignKey("workspaces.id", ondelete="CASCADE"))
    name: Mapped[str]
    connector: Mapped[str]
    role: Mapped[str]
    strategy: Mapped[str | None]
    sending_mode: Mapped[str | None]
    sealed_settings: Mapped[bytes | None]
    """The connector's own settings; null where it has none in this role (CONN-12)."""
    account_id: Mapped[Reference | None]
    schedule_start: Mapped[Small]
    """Minute of the day, in UTC (DEC-45), drawn once: all pipelines share it (PIPE-84)."""
    created_at: Mapped[datetime]
