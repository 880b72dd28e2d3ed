"""Every test of this folder runs on every platform, through the interface alone."""

from collections.abc import Iterator

import pytest

from tests.postgresql import empty_schema
from tests.warehouse.platforms.account import new_schema, real_account
from tests.warehouse.platforms.exceptions import EXCEPTIONS
from tests.warehouse.platforms.house import House
from tests.warehouse.snowflake.emulator import SCHEMA, Account, settings_of
from warehouse.registry import BY_CODE


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "house" in metafunc.fixturenames:
        metafunc.parametrize("house", list(BY_CODE), indirect=True)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    if real_account() is not None:
        return
    for item in items:
        name = str(getattr(item, "originalname", ""))
        parameters = getattr(getattr(item, "callspec", None), "params", {})
        if parameters.get("house") == "Snowflake" and name in EXCEPTIONS:
            item.add_marker(pytest.mark.xfail(reason=EXCEPTIONS[name], strict=True))


@pytest.fixture
def house(request: pytest.FixtureRequest) -> Iterator[House]:
    """A warehouse of a platform that holds nothing."""
    platform = str(request.param)
    if platform == "PostgreSQL":
        yield House(platform, empty_schema(request.getfixturevalue("warehouse_database")))
    elif (account := real_account()) is not None:
        with new_schema(account) as settings:
            yield House(platform, settings)
    else:
        emulated: Account = request.getfixturevalue("snowflake_account")
        with emulated.connected(SCHEMA):
            yield House(platform, settings_of(SCHEMA))
