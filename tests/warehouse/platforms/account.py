"""A real account of Snowflake, if the environment names one: then the suite runs against it."""

import os
import uuid
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from typing import Any, Final

import pytest

from warehouse.snowflake.driver import connection_arguments

PREFIX: Final = "KILN_TEST_SNOWFLAKE_"
MEMBERS: Final = ("account", "username", "password", "role", "database", "warehouse")


def real_account() -> Mapping[str, str] | None:
    """Give the settings that the environment names; a part of them is a mistake."""
    environment = os.environ  # noqa: TID251 - of those who test
    found = {each: environment.get(PREFIX + each.upper(), "") for each in MEMBERS}
    missing = sorted(PREFIX + each.upper() for each, value in found.items() if not value)
    if len(missing) == len(MEMBERS):
        return None
    if missing:
        raise pytest.UsageError(
            f"a real account needs {', '.join(missing)} in the environment, too"
        )
    return found


@contextmanager
def new_schema(account: Mapping[str, str]) -> Iterator[Mapping[str, Any]]:
    """Make a schema in the database of the account, and drop it with all that is in it."""
    from snowflake import connector

    schema = f"KILN_TEST_{uuid.uuid4().hex.upper()}"
    arguments = connection_arguments({**account, "schema": schema})
    with closing(connector.connect(**arguments, autocommit=True)) as connection:
        connection.cursor().execute(f"CREATE SCHEMA {schema}")
        try:
            yield {**account, "schema": schema}
        finally:
            connection.cursor().execute(f"DROP SCHEMA {schema} CASCADE")
