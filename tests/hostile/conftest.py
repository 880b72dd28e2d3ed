"""A service whose worker is a process with little patience, between hostile and good files."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.api.conftest import migrated_template, runtime_with_functions
from tests.api.runs.imports.conftest import service, stored_files
from tests.api.runs.imports.service import Service
from tests.api.runs.imports.stored import Files
from tests.api.runs.imports.workspace import Workspace, workspace
from tests.hostile.bystander import Bystander
from tests.hostile.s3 import s3_answers
from tests.hostile.servers import in_a_thread, trusted, web
from tests.hostile.worker import WorkerProcess, working_process
from tests.postgresql import postgresql

__all__ = ["migrated_template", "postgresql", "runtime_with_functions", "service", "stored_files"]

SECONDS = "3"
"""How long a storage is waited for here."""


@pytest.fixture(scope="session")
def worker(
    service: Service, runtime_with_functions: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[WorkerProcess]:
    """The one process that carries out all runs of these tests."""
    folder = tmp_path_factory.mktemp("hostile")
    with in_a_thread(web(s3_answers(), encrypted=False)) as port:
        environment = {
            "KILN_DATABASE_URL": service.database_url,
            "KILN_RUNTIME": runtime_with_functions,
            "KILN_FILESYSTEM_ROOT": str(service.folder),
            "KILN_FILESYSTEM_DISPLAYED_ROOT": "/files",
            "KILN_ALLOWED_NETWORKS": "127.0.0.0/8,sockets",
            "KILN_S3_ENDPOINT": f"http://127.0.0.1:{port}",
            "KILN_STORAGE_CA": str(trusted(folder)),
            "KILN_STORAGE_CONNECT_SECONDS": SECONDS,
            "KILN_STORAGE_READ_SECONDS": SECONDS,
        }
        with working_process(folder / "worker", environment) as process:
            yield process


@pytest.fixture(scope="module")
def victim(service: Service, stored_files: Files) -> Iterator[Workspace]:
    """The workspace that everything happens to."""
    with workspace(service, stored_files) as made:
        yield made


@pytest.fixture(scope="module")
def bystander(service: Service, stored_files: Files, worker: WorkerProcess) -> Iterator[Bystander]:
    """Another workspace, whose imports have nothing to do with it."""
    with workspace(service, stored_files) as made:
        yield Bystander.of(made, worker)


@pytest.fixture
def folder(service: Service) -> Path:
    return service.folder
