"""The statements of a load, on each platform, for a schema with every kind of column."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.warehouse.postgresql.loads import a_load
from tests.warehouse.schemas import EVERY_KIND
from warehouse.postgresql import loading_sql as postgresql
from warehouse.snowflake import loading_sql as snowflake
from warehouse.sql import Sql

GOLDEN = Path(__file__).parent / "golden"
LOAD = a_load(schema=EVERY_KIND)


def _postgresql() -> Iterator[Sql]:
    listed = postgresql.LoadStatements.of(LOAD)
    yield from listed.stage()
    yield listed.open()
    yield listed.forget()
    yield listed.enter(3, "{}")
    yield listed.any_identity()
    yield listed.merge(3, with_kept=True)
    yield listed.merge(4, with_kept=True, all_new=True)
    yield listed.enter_purge(3, "{}")
    yield from listed.before_purge()
    yield listed.purge()
    yield listed.forget_touched()
    yield listed.owner()


def _snowflake() -> Iterator[Sql]:
    listed = snowflake.LoadStatements.of(LOAD)
    yield listed.wait()
    yield from listed.take()
    yield listed.durable()
    yield listed.forget()
    yield from listed.stage()
    yield snowflake.put("/tmp/kiln/x.parquet")  # noqa: S108 - nothing is written
    yield snowflake.copy(snowflake.STAGE, "x.parquet")
    yield listed.enter(3, "{}")
    yield from listed.merge(3, rows=100, with_kept=True)
    yield listed.enter_purge("{}")
    yield listed.purge()
    yield listed.forget_touched()


STATEMENTS = {"postgresql": _postgresql, "snowflake": _snowflake}


@pytest.mark.parametrize("platform", list(STATEMENTS))
def test_the_statements_of_a_load_are_those_of_the_golden_file(
    platform: str, request: pytest.FixtureRequest
) -> None:
    statements: Callable[[], Iterator[Sql]] = STATEMENTS[platform]
    text = "".join(f"{each.text};\n-- {list(each.values)}\n\n" for each in statements())
    golden = GOLDEN / f"load.{platform}.sql"
    if request.config.getoption("--update-golden"):
        golden.write_text(text)
    assert text == golden.read_text()
