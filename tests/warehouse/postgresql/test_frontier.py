"""What is new for certain is not looked up, and nothing else is taken for new (WH-30, RUN-26)."""

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.postgresql import NEAR
from tests.warehouse.postgresql.disturbed import Disturbed
from tests.warehouse.postgresql.loads import (
    T1,
    Identity,
    Settings,
    a_load,
    connect,
    identities,
    initialized,
    normal,
    write,
)
from warehouse.errors import WarehouseUnavailableError
from warehouse.postgresql.driver import located
from warehouse.postgresql.frontier import Frontier
from warehouse.postgresql.loading import PostgresqlLoading

BATCHES = st.lists(st.lists(st.text(max_size=3), unique=True, max_size=4), max_size=6)


def _ids(*texts: str) -> pa.Array:
    return pa.array(texts, pa.string())


@given(BATCHES)
def test_ids_that_are_there_are_never_taken_for_new(batches: list[list[str]]) -> None:
    frontier, there = Frontier(empty=True), set[str]()
    for batch in batches:
        if frontier.is_before(_ids(*batch)):
            assert not there & set(batch)
        frontier.advance(_ids(*batch))
        there |= set(batch)


@pytest.mark.parametrize(
    ("first", "second", "new"),
    [
        (["8", "9"], ["10", "11"], True),
        (["009", "008"], ["010"], True),
        (["a"], [], True),
        ([], ["a"], True),
        (["b"], ["a", "c"], False),
        (["10"], ["9"], False),
        (["a"], ["a"], False),
        (["zz"], ["é"], True),
        (["é"], ["zz"], False),
        (["é"], ["ê"], True),
        ([""], ["a"], True),
    ],
)
def test_ids_are_new_that_are_longer_or_later(
    first: list[str], second: list[str], *, new: bool
) -> None:
    frontier = Frontier(empty=True)
    frontier.advance(_ids(*first))
    assert frontier.is_before(_ids(*second)) is new


def test_nothing_is_known_of_a_pipeline_that_was_not_empty() -> None:
    frontier = Frontier(empty=False)
    frontier.advance(_ids("a"))
    assert not frontier.is_before(_ids("b"))


FIRST: list[Identity] = [("1", {"age": 1}), ("2", {"age": 2})]


async def test_only_what_may_be_there_is_looked_up(settings: Settings) -> None:
    async with initialized(settings):
        found = await located(settings, NEAR)
        said: list[str] = []

        def begin() -> Disturbed:
            return Disturbed(found, said.append)

        def looked_up() -> list[bool]:
            merges = [each for each in said if "INSERT INTO" in each and "added AS" in each]
            said.clear()
            return ["found AS" in each for each in merges]

        loading = PostgresqlLoading(a_load(), normal, "public", begin)
        await loading.open()
        await write(loading, 1, *FIRST, kept=["7"])
        await write(loading, 2, ("3", {"age": 3}), kept=["2", "8"])
        await write(loading, 3, ("2", {"age": 20}), ("10", {"age": 10}))
        await write(loading, 4, ("4", {"age": 4}), ("5", {"age": 5}))
        await write(loading, 5, ("11", {"age": 11}))
        assert looked_up() == [False, False, True, True, False]
        with connect(settings) as connection:
            touched = connection.execute("SELECT batch, cardinality(pks) FROM kiln_touched")
            assert touched.fetchall() == [(2, 1)]
        assert await loading.purge(state="{}") == 0
        await loading.close()

        later = PostgresqlLoading(a_load(run=901, started=T1), normal, "public", begin)
        await later.open()
        said.clear()
        await write(later, 1, ("12", {"age": 12}))
        assert looked_up() == [True]
        await later.close()
    assert identities(settings, "_identity_id", "age") == [
        (str(number), 20 if number == 2 else number) for number in (1, 10, 11, 12, 2, 3, 4, 5)
    ]


async def test_a_batch_whose_answer_was_lost_is_not_taken_for_new_again(
    settings: Settings,
) -> None:
    async with initialized(settings):
        found = await located(settings, NEAR)
        lost: list[str] = []

        def lose(statement: str) -> None:
            if statement == "COMMIT" and len(lost) < 3:
                lost.append(statement)
                if len(lost) > 1:
                    raise WarehouseUnavailableError("PostgreSQL", "the answer was lost")

        loading = PostgresqlLoading(
            a_load(), normal, "public", lambda: Disturbed(found, lambda _: None, lose)
        )
        await loading.open()
        for sequence, records in ((1, FIRST), (2, FIRST[1:])):
            with pytest.raises(WarehouseUnavailableError, match="lost"):
                await write(loading, sequence, *records)
            await write(loading, sequence, *records)
        await loading.close()
        assert len(lost) == 3
    assert identities(settings, "_identity_id", "age") == [("1", 1), ("2", 2)]
