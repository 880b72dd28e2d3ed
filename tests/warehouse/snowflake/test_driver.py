"""The driver: what it is told, where it is loaded, and what becomes of its failures (WH-4)."""

import subprocess
import sys
from collections.abc import Mapping
from typing import Any

import pytest
from snowflake.connector import errors

from warehouse.errors import WarehouseChangedError, WarehouseError, WarehouseUnavailableError
from warehouse.snowflake.driver import (
    StatementRefusedError,
    connection_arguments,
    fetch,
    telling_failures,
)
from warehouse.snowflake.platform import SnowflakeWarehouse
from warehouse.sql import raw, value

Settings = Mapping[str, Any]


def test_what_the_driver_is_told() -> None:
    members = ("account", "username", "password", "role", "database", "schema", "warehouse")
    found = connection_arguments({**dict.fromkeys(members, "x"), "account": "org.account"})
    assert found["account"] == "org-account"
    assert (found["user"], found["timezone"]) == ("x", "UTC")
    assert found["session_parameters"] == {
        "QUERY_TAG": "kiln",
        "ABORT_DETACHED_QUERY": True,
        "ERROR_ON_NONDETERMINISTIC_UPDATE": True,
        "ERROR_ON_NONDETERMINISTIC_MERGE": True,
    }


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (errors.ProgrammingError(msg="no table", errno=2003, sqlstate="42S02"), WarehouseChangedError),
        (errors.ProgrammingError(msg="no column", errno=904, sqlstate="42000"), WarehouseChangedError),
        (errors.ProgrammingError(msg="syntax", errno=1003, sqlstate="42000"), StatementRefusedError),
        (errors.ProgrammingError(msg="number", errno=100_038, sqlstate="22018"), StatementRefusedError),
        (errors.ProgrammingError(msg="may not", errno=3001, sqlstate="42501"), WarehouseUnavailableError),
        (errors.ProgrammingError(msg="cancelled", errno=604, sqlstate="57014"), WarehouseUnavailableError),
        (errors.DatabaseError(msg="password", errno=250_001, sqlstate="08001"), WarehouseUnavailableError),
        (errors.OperationalError(msg="gone", errno=250_003, sqlstate=None), WarehouseUnavailableError),
    ],
)  # fmt: skip
def test_a_failure_says_if_trying_again_can_help(
    error: errors.Error, expected: type[WarehouseError]
) -> None:
    with pytest.raises(expected) as caught, telling_failures():
        raise error
    assert type(caught.value) is expected
    assert caught.value.retryable is (expected is WarehouseUnavailableError)


def test_a_value_stays_a_value(snowflake_account: Any) -> None:  # noqa: ANN401
    hostile = "'; DROP TABLE x; --\\' %s %% \n\"é"
    with snowflake_account.connected("VALUES_"):
        connection = snowflake_account.connect(database="DB", schema="VALUES_", autocommit=True)
        statement = raw("SELECT '100%', ") + value(hostile)
        assert [*fetch(connection, statement)] == [("100%", hostile)]
        assert [*fetch(connection, raw("SELECT '100%'"))] == [("100%",)]
        connection.close()


PROGRAM = """
import asyncio, sys
import warehouse.registry, executor.importer, api.serve.composition
assert not [each for each in sys.modules if each.split(".")[0] in ("snowflake", "boto3")]
sys.modules["snowflake"] = None
from forms.addresses import Reach
platform = warehouse.registry.BY_CODE["Snowflake"]
members = ("account", "username", "password", "role", "database", "schema", "warehouse")
async def main():
    opened = await platform.open(dict.fromkeys(members, "x"), Reach.of([]))
    try:
        await opened.check_initializable()
    except warehouse.errors.WarehouseUnavailableError as error:
        print(error)
asyncio.run(main())
"""


def test_the_driver_is_loaded_by_those_who_have_such_a_warehouse_alone() -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=False, timeout=60
    )
    assert done.stderr == ""
    assert done.stdout == (
        "Snowflake cannot be used: its driver is not installed: install kiln[snowflake]\n"
    )


async def test_a_session_that_cannot_begin_is_unavailable(settings: Settings) -> None:
    warehouse = SnowflakeWarehouse({**settings, "schema": "NOWHERE"})
    with pytest.raises(WarehouseUnavailableError, match='there is no schema "NOWHERE"'):
        await warehouse.check_initializable()
