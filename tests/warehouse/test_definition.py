"""What is created, on each platform, for a schema with every kind of column (section 3.1)."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from mapping_lang.types.kinds import DecimalType, ObjectType, Property, Schema, StringType
from tests.warehouse.schemas import EVERY_KIND
from warehouse.errors import ColumnRefusedError
from warehouse.postgresql import definition as postgresql
from warehouse.registry import BY_CODE
from warehouse.snowflake import definition as snowflake
from warehouse.sql import Sql

GOLDEN = Path(__file__).parent / "golden"
DEFINITIONS = {"postgresql": postgresql.definition, "snowflake": snowflake.definition}


@pytest.mark.parametrize("platform", list(DEFINITIONS))
def test_the_objects_of_a_warehouse_are_those_of_the_golden_file(
    platform: str, request: pytest.FixtureRequest
) -> None:
    definition: Callable[[Schema], Iterator[Sql]] = DEFINITIONS[platform]
    statements = list(definition(EVERY_KIND))
    assert all(statement.values == () for statement in statements)
    text = "".join(f"{statement.text};\n\n" for statement in statements)
    golden = GOLDEN / f"definition.{platform}.sql"
    if request.config.getoption("--update-golden"):
        golden.write_text(text)
    assert text == golden.read_text()


def _one(name: str) -> Schema:
    return ObjectType((Property(name, StringType(), read_optional=True),))


def test_a_column_name_that_a_platform_would_cut_is_refused() -> None:
    check = BY_CODE["PostgreSQL"].check_schema
    check(_one("a" * 63))
    with pytest.raises(ColumnRefusedError, match="64 bytes"):
        check(_one("a" * 64))


def test_a_decimal_that_snowflake_cannot_hold_is_refused() -> None:
    def schema(precision: int) -> Schema:
        return ObjectType((Property("x", DecimalType(precision), read_optional=True),))

    check = BY_CODE["Snowflake"].check_schema
    check(schema(38))
    with pytest.raises(ColumnRefusedError, match="39 digits"):
        check(schema(39))
    BY_CODE["PostgreSQL"].check_schema(schema(76))
