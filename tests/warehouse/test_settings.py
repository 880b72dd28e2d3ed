"""The settings of warehouses (WH-2)."""

from collections.abc import Mapping

import pytest

from forms.members import SettingsInvalidError
from warehouse.registry import BY_CODE, PLATFORMS

POSTGRESQL: Mapping[str, object] = {
    "host": "db.example.com",
    "port": 5432,
    "username": "kiln",
    "password": "p",
    "database": "d",
    "schema": "public",
}
SNOWFLAKE: Mapping[str, object] = {
    "account": "ABCDEFG-TUVWXYZ",
    "username": "USERNAME",
    "password": "password",
    "role": "CUSTOM_ROLE",
    "database": "MY_DATABASE",
    "schema": "PUBLIC",
    "warehouse": "COMPUTE_WH",
}
GOOD = {"PostgreSQL": POSTGRESQL, "Snowflake": SNOWFLAKE}


def test_the_platforms_are_those_of_the_documents() -> None:
    assert [platform.code for platform in PLATFORMS] == ["PostgreSQL", "Snowflake"]


@pytest.mark.parametrize("code", list(BY_CODE))
def test_settings_are_kept_without_unknown_members(code: str) -> None:
    assert BY_CODE[code].read_settings({**GOOD[code], "more": 1}) == GOOD[code]


def test_a_password_of_postgresql_may_be_missing() -> None:
    given = {key: item for key, item in POSTGRESQL.items() if key != "password"}
    assert BY_CODE["PostgreSQL"].read_settings(given) == {**POSTGRESQL, "password": ""}


@pytest.mark.parametrize(
    ("code", "member", "bad"),
    [
        ("PostgreSQL", "host", ""),
        ("PostgreSQL", "host", "é" * 127),
        ("PostgreSQL", "host", 5),
        ("PostgreSQL", "port", 0),
        ("PostgreSQL", "port", 65_536),
        ("PostgreSQL", "port", "5432"),
        ("PostgreSQL", "port", True),
        ("PostgreSQL", "username", "u" * 64),
        ("PostgreSQL", "password", "p" * 101),
        ("PostgreSQL", "database", "é" * 32),
        ("PostgreSQL", "schema", "pg_mine"),
        ("PostgreSQL", "schema", "a-b"),
        ("PostgreSQL", "schema", "1a"),
        ("PostgreSQL", "schema", "s" * 64),
        ("PostgreSQL", "Host", None),
        ("Snowflake", "account", "ab"),
        ("Snowflake", "account", "abc"),
        ("Snowflake", "account", "a_b-c"),
        ("Snowflake", "password", ""),
        ("Snowflake", "role", "r" * 256),
        ("Snowflake", "warehouse", None),
    ],
)
def test_a_bad_member_is_named(code: str, member: str, bad: object) -> None:
    given = dict(GOOD[code])
    # Names are case-sensitive: a member in another case is a missing one.
    given.pop(member[:1].lower() + member[1:])
    if bad is not None:
        given[member] = bad
    with pytest.raises(SettingsInvalidError) as caught:
        BY_CODE[code].read_settings(given)
    assert caught.value.member == member[:1].lower() + member[1:]


def test_the_first_bad_member_is_the_one_that_is_told() -> None:
    with pytest.raises(SettingsInvalidError) as caught:
        BY_CODE["PostgreSQL"].read_settings({})
    assert caught.value.member == "host"
