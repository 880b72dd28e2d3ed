from collections.abc import Mapping
from typing import Any

import pytest

from tests.postgresql import empty_schema, postgresql, warehouse_database

__all__ = ["postgresql", "warehouse_database"]


@pytest.fixture
def settings(warehouse_database: str) -> Mapping[str, Any]:
    """Settings of a warehouse whose schema is empty."""
    return empty_schema(warehouse_database)
