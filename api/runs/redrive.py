"""Trying the failed records of a run again, with the pipeline as it is now (DEC-47)."""

from sqlalchemy import exists, select

from api.db.session import Sessions
from api.db.tables.run_failure import RunFailure
from api.errors import BadRequestError
from api.pipelines.kinds import Kind
from api.pipelines.service import locate
from api.runs import service
from connectors.registry import Catalogue


async def start(sessions: Sessions, catalogue: Catalogue, workspace_id: int, run_id: int) -> int:
    """Start a run of what failed, or say why not."""
    async with sessions() as session:
        run = await service.read(session, workspace_id, run_id)
        some = await session.scalar(select(exists().where(RunFailure.run_id == run_id)))
    found = await locate(sessions, catalogue, workspace_id, run.pipeline)
    if found.kind is not Kind.USERS_FROM_FILE:
        raise BadRequestError(f"the pipeline does not import users from a file: {found.kind}")
    if not some:
        raise BadRequestError(
            "the run has no failed record that is still kept, expected at least one"
        )
    return await service.start(sessions, found, incremental=None, redrives=run_id)
