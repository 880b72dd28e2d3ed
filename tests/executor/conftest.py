"""A real warehouse and a real runtime for imports."""

from collections.abc import Iterator

import pytest

from tests.postgresql import empty_schema, postgresql, warehouse_database
from tests.runtime.serving import running
from tests.warehouse.postgresql.loads import Settings

__all__ = ["postgresql", "warehouse_database"]


@pytest.fixture
def settings(warehouse_database: str) -> Settings:
    """The settings of a warehouse whose schema is empty."""
    return empty_schema(warehouse_database)


@pytest.fixture(scope="session")
def runtime_address() -> Iterator[str]:
    """A runtime for mappings, in this process."""
    with running() as (_, address):
        yield address
