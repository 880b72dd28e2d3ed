"""A process that creates a workspace and is ended at a chosen exchange with a database."""

import asyncio
import multiprocessing
import os
from typing import Any, Final

import psycopg

from api.db.session import Database
from api.http.decoding import decode
from api.http.text import parse
from api.workspaces import service
from api.workspaces.schemas import NewWorkspace
from tests.api.installation import VAULT
from tests.postgresql import NEAR

KILLED: Final = 137
"""What a shell says of a process that was killed."""

# Each child is a copy of a process that has loaded everything and started nothing.
_CONTEXT: Final = multiprocessing.get_context("forkserver")
_CONTEXT.set_forkserver_preload([__name__])


def create(database_url: str, sent: bytes, organization_id: int, last: int) -> tuple[int, int]:
    """Create a workspace in a process that ends after so many exchanges.

    Gives its exit status, and how many exchanges there were.
    """
    count = _CONTEXT.Value("i", 0)
    process = _CONTEXT.Process(
        target=_run, args=(database_url, sent, organization_id, last, count), daemon=True
    )
    process.start()
    process.join(60)
    assert process.exitcode is not None
    return process.exitcode, count.value


def _run(
    database_url: str,
    sent: bytes,
    organization_id: int,
    last: int,
    count: Any,  # noqa: ANN401 - multiprocessing says no more of it
) -> None:
    _end_after(last, count)
    asyncio.run(_create(database_url, sent, organization_id))


def _end_after(last: int, count: Any) -> None:  # noqa: ANN401 - as above
    """Let this process end as if it were killed, when it is about to talk to a database again."""
    really = psycopg.AsyncConnection.wait

    async def wait(self: Any, *args: Any, **options: Any) -> Any:  # noqa: ANN401 - psycopg's own
        if count.value == last:
            os._exit(KILLED)
        count.value += 1
        return await really(self, *args, **options)

    psycopg.AsyncConnection.wait = wait  # type: ignore[method-assign]


async def _create(database_url: str, sent: bytes, organization_id: int) -> None:
    text, node = await parse(sent)
    draft = service.check(decode(node, text, NewWorkspace))
    database = Database.open(database_url)
    await service.create(database.sessions, VAULT, NEAR, organization_id, draft)
    await database.close()
