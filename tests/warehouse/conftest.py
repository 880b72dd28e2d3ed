from collections.abc import Mapping
from typing import Any

import pytest
from psycopg.conninfo import conninfo_to_dict

from tests.postgresql import empty_database_url, postgresql

__all__ = ["empty_database_url", "postgresql"]


@pytest.fixture
def settings(empty_database_url: str) -> Mapping[str, Any]:
    """Settings of a warehouse that is an empty database of its own."""
    parts = conninfo_to_dict(empty_database_url)
    return {
        "host": parts["host"],
        "port": int(parts.get("port") or 5432),
        "username": parts["user"],
        "password": "",
        "database": parts["dbname"],
        "schema": "public",
    }
