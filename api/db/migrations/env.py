"""Run by Alembic; `api.db.migrate` says on which connection."""

from typing import Any, Literal

from alembic import context
from alembic.autogenerate.api import AutogenContext
from sqlalchemy import TypeDecorator


def render_item(kind: str, item: Any, generating: AutogenContext) -> str | Literal[False]:
    """Write a type of ours as what the database has: migrations outlive our types."""
    if kind == "type" and isinstance(item, TypeDecorator):
        return f"sa.{item.impl_instance!r}"
    return False


attributes = context.config.attributes
context.configure(
    connection=attributes["connection"],
    target_metadata=attributes["metadata"],
    render_item=render_item,
)
context.run_migrations()
