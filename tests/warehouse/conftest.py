import logging
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from tests.postgresql import empty_schema, postgresql, warehouse_database
from tests.warehouse.snowflake.emulator import Account

__all__ = ["postgresql", "warehouse_database"]


@pytest.fixture
def settings(warehouse_database: str) -> Mapping[str, Any]:
    """Settings of a warehouse whose schema is empty."""
    return empty_schema(warehouse_database)


@pytest.fixture(scope="session")
def snowflake_account() -> Iterator[Account]:
    """An emulator of Snowflake, one for all tests of a process."""
    # It tells of every format that it leaves out.
    logging.getLogger("sqlglot").setLevel(logging.ERROR)
    account = Account()
    yield account
    account.close()
