from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from tests.warehouse.snowflake.emulator import SCHEMA, Account, Emulator, settings_of


@pytest.fixture
def emulator(snowflake_account: Account) -> Iterator[Emulator]:
    """An emulator in which the schema of the settings is empty."""
    with snowflake_account.connected(SCHEMA) as emulator:
        yield emulator


@pytest.fixture
def settings(emulator: Emulator) -> Mapping[str, Any]:
    del emulator
    return settings_of(SCHEMA)
