"""Beginning to work: in flight first, the mode after."""

from warehouse.errors import ModeRefusedError
from warehouse.interface import ReadMode
from warehouse.operations import Operation
from warehouse.snowflake.session import Session
from warehouse.threads import apart


async def enter(session: Session, operation: Operation, read_mode: ReadMode) -> None:
    """Be in flight until the transaction ends, or be refused by the mode of the warehouse."""
    await apart(session, lambda each: each.begin(operation))
    # The mode after that: a change of mode sees the operation or is seen by it.
    mode = await read_mode()
    if not mode.allows(operation):
        raise ModeRefusedError(mode, operation)
