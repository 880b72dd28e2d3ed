"""The whole service for imports: started once, with a workspace for every test."""

from collections.abc import Iterator

import pytest

from api.db.embedded.server import EmbeddedServer
from tests.api.runs.imports.service import Service, running
from tests.api.runs.imports.stored import Files, files
from tests.api.runs.imports.workspace import Workspace, workspace
from tests.postgresql import new_database


@pytest.fixture(scope="session")
def service(
    postgresql: EmbeddedServer,
    migrated_template: str,
    runtime_with_functions: str,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Service]:
    folder = tmp_path_factory.mktemp("imports")
    with (
        new_database(postgresql, migrated_template) as url,
        new_database(postgresql) as warehouse_url,
        running(url, warehouse_url, runtime_with_functions, folder) as started,
    ):
        yield started


@pytest.fixture(scope="session")
def stored_files() -> Iterator[Files]:
    with files() as served:
        yield served


@pytest.fixture
def idle(service: Service, stored_files: Files) -> Iterator[Workspace]:
    """A workspace that nobody works for."""
    with workspace(service, stored_files) as made:
        yield made


@pytest.fixture
def shop(service: Service, idle: Workspace) -> Iterator[Workspace]:
    """A workspace that one worker works for."""
    with service.working():
        yield idle
