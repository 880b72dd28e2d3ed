"""Beginning to work: in flight first, the mode after."""

from collections.abc import Callable

from warehouse.errors import ModeRefusedError
from warehouse.interface import ReadMode
from warehouse.operations import Operation
from warehouse.snowflake.session import Session
from warehouse.threads import apart


def _nothing(session: Session) -> None:
    del session


async def enter(
    session: Session,
    operation: Operation,
    read_mode: ReadMode,
    first: Callable[[Session], None] = _nothing,
) -> None:
    """Be in flight until the transaction ends, or be refused by the mode of the warehouse.

    `first` is done before the mode is asked: what the answer relies on does not change after it.
    """
    await apart(session, lambda each: each.begin(operation))
    await apart(session, first)
    # The mode after that: a change of mode sees the operation or is seen by it.
    mode = await read_mode()
    if not mode.allows(operation):
        raise ModeRefusedError(mode, operation)
