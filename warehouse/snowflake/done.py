"""Operations that were done, by their ids: there is no key that would refuse a second."""

from uuid import UUID

from warehouse.layout import OPERATIONS
from warehouse.snowflake.definition import upper
from warehouse.snowflake.session import Session
from warehouse.sql import Sql, compose, value


def was_done(session: Session, operation: UUID) -> bool:
    """Tell if an operation ended well before."""
    ((count,),) = session.fetch(done(operation))
    return bool(count)


def note(session: Session, operation: UUID, operation_type: str) -> None:
    """Note an operation as done, which it is if the transaction ends well."""
    session.fetch(noted(operation, operation_type))


def done(operation: UUID) -> Sql:
    """Count the operations that were done under an id."""
    return compose(
        'SELECT COUNT(*) FROM {table} WHERE "ID" = {id} AND "COMPLETED_AT" IS NOT NULL',
        table=upper(OPERATIONS),
        id=value(str(operation)),
    )


def noted(operation: UUID, operation_type: str) -> Sql:
    """Write an operation down."""
    return compose(
        'INSERT INTO {table} ("ID", "OPERATION_TYPE", "COMPLETED_AT")'
        " SELECT {id}, {type}, SYSDATE()",
        table=upper(OPERATIONS),
        id=value(str(operation)),
        type=value(operation_type),
    )
