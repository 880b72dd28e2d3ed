"""Metrics: what passed and failed the steps of a pipeline, by the time (RUN-105)."""

from datetime import datetime

from sqlalchemy import BigInteger, Index
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from api.db.base import Base, Reference


class RunMetric(Base):
    """The counters of a pipeline in a slot: a minute, an hour, a day or thirty days.

    No foreign key: metrics survive what they are about (PIPE-138).
    """

    __tablename__ = "run_metrics"
    __table_args__ = (
        Index(None, "workspace_id", "slot_start"),
        Index(None, "slot_seconds", "slot_start"),
    )

    pipeline_id: Mapped[Reference] = mapped_column(primary_key=True, autoincrement=False)
    slot_seconds: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    slot_start: Mapped[datetime] = mapped_column(primary_key=True)
    connection_id: Mapped[Reference]
    workspace_id: Mapped[Reference]
    passed: Mapped[list[int]] = mapped_column(ARRAY(BigInteger))
    failed: Mapped[list[int]] = mapped_column(ARRAY(BigInteger))
