"""Pipelines over HTTP, and workspaces whose runs are carried out."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from api.db.session import Database
from tests.api.pipelines.conftest import api, compiler
from tests.api.runs.working import Workshop, workshop
from tests.runtime.serving import running

__all__ = ["api", "compiler"]


@pytest.fixture(scope="session")
def runtime_address() -> Iterator[str]:
    """A runtime for mappings, in this process."""
    with running() as (_, address):
        yield address


@pytest.fixture
async def shop(
    database: Database, warehouse_database: str, runtime_address: str, tmp_path: Path
) -> AsyncIterator[Workshop]:
    """A workspace with a folder of files, without a worker."""
    async with workshop(database, warehouse_database, runtime_address, tmp_path) as opened:
        yield opened
