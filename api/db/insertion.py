"""Insertion of resources under ids that are drawn until one is free (API-30)."""

from collections.abc import Callable
from typing import Final, TypeVar

from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from api.db.base import Base
from api.ids import draw_id

ATTEMPTS: Final = 10
"""With a million rows, ten collisions in a row have a chance of one in 10**33."""

Row = TypeVar("Row", bound=Base)


class NoFreeIdError(Exception):
    """No drawn id was free: the table is nearly full, or the draw is not random."""

    retryable = True


def violated_constraint(error: IntegrityError) -> str:
    """Give the name of the constraint that refused a statement."""
    diagnostic = getattr(error.orig, "diag", None)
    return getattr(diagnostic, "constraint_name", None) or ""


async def insert_with_id(
    session: AsyncSession, make: Callable[[int], Row], draw: Callable[[], int] = draw_id
) -> Row:
    """Insert what `make` gives for a free id; other violations are the caller's to judge."""
    for _ in range(ATTEMPTS):
        row = make(draw())
        try:
            async with session.begin_nested():
                session.add(row)
        except IntegrityError as error:
            if violated_constraint(error) != f"pk_{row.__tablename__}":
                raise
        else:
            return row
    raise NoFreeIdError(f"no free id in {ATTEMPTS} draws")
