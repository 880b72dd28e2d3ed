"""What every table of ours has in common: names of constraints, ids, instants, exact JSON."""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Annotated, Final

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    DateTime,
    Dialect,
    Identity,
    Integer,
    MetaData,
    SmallInteger,
    Text,
    TypeDecorator,
)
from sqlalchemy.dialects.postgresql import BYTEA
from sqlalchemy.orm import DeclarativeBase, mapped_column

from api.ids import MAX_ID, MIN_ID

# Constraints that have a name of ours can be told apart in errors, and be changed by migrations.
_NAMES: Final = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}


class Instant(TypeDecorator[datetime]):
    """A moment to the microsecond: aware on the way in, UTC on the way out."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is not None and value.tzinfo is None:
            raise ValueError(f"found the moment {value} without a zone, expected an aware one")
        return value

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        # PostgreSQL answers in the zone of the connection, which a server may set.
        return None if value is None else value.astimezone(UTC)


class Base(DeclarativeBase):
    """The base of our tables; Python types say what PostgreSQL holds."""

    metadata = MetaData(naming_convention=_NAMES)
    type_annotation_map = {  # noqa: RUF012 - SQLAlchemy's way
        str: Text(),
        bytes: BYTEA(),
        datetime: Instant(),
    }


Id = Annotated[int, mapped_column(Integer, primary_key=True, autoincrement=False)]
"""The id of a resource; `api.db.insertion` draws it."""

Reference = Annotated[int, mapped_column(Integer)]
"""The id of another resource."""

Sequence = Annotated[int, mapped_column(BigInteger, Identity(always=True), primary_key=True)]
"""The number of a row that nobody outside sees."""

Small = Annotated[int, mapped_column(SmallInteger)]

JsonText = Annotated[str, mapped_column(Text)]
"""JSON as it was written: the order of members and the spelling of numbers are part of it."""


def id_range() -> CheckConstraint:
    """Hold the ids of a resource in their range (API-30)."""
    return CheckConstraint(f"id BETWEEN {MIN_ID} AND {MAX_ID}", name="id")


def one_of(column: str, values: Iterable[str]) -> CheckConstraint:
    """Hold a column to a closed list; null passes where the column is nullable."""
    listed = ", ".join(f"'{value}'" for value in values)
    return CheckConstraint(f"{column} IN ({listed})", name=column)


def chars(column: str, low: int, high: int) -> CheckConstraint:
    """Hold the length of a text, in code points (API-33)."""
    return CheckConstraint(f"char_length({column}) BETWEEN {low} AND {high}", name=column)
