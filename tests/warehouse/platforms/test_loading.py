"""How identities are written (WH-30, WH-31, RUN-26, RUN-27, RUN-40 to RUN-44, DEC-44, DEC-53)."""

import pyarrow as pa
import pytest

from mapping_lang.batch import Batch
from mapping_lang.types.arrow.layout import TIMESTAMP
from tests.warehouse.platforms.house import (
    SCHEMA,
    T0,
    T1,
    House,
    User,
    a_load,
    identities,
    normal,
    users,
    write,
)
from warehouse.errors import BatchMissingError, FencedError, ModeRefusedError
from warehouse.interface import Mode
from warehouse.load import Resumed

ADA: User = ("1", {"email": "ada@x", "age": 36, "home": {"city": "London"}})
BOB: User = ("2", {"email": "bob@x", "age": 41, "tags": ["b", "a"]})


async def test_what_is_absent_becomes_null_and_other_columns_stay(house: House) -> None:
    async with house.initialized() as warehouse:
        await write(await warehouse.open_load(a_load(), normal), 1, ADA, BOB)
        narrow = a_load(run=901, started=T1, paths=(("email",), ("home",)))
        await write(await warehouse.open_load(narrow, normal), 1, ("1", {"age": 99}))
        assert await users(warehouse) == {
            "1": {"age": 36},
            "2": {"email": "bob@x", "age": 41, "tags": ["a", "b"]},
        }


async def test_the_last_record_of_a_user_wins(house: House) -> None:
    async with house.initialized() as warehouse:
        loading = await warehouse.open_load(a_load(), normal)
        await write(loading, 1, ADA, BOB, ("1", {"email": "second"}))
        await write(loading, 2, ("2", {"email": "third"}), ("2", {"email": "fourth"}), at=T1)
        assert await users(warehouse) == {"1": {"email": "second"}, "2": {"email": "fourth"}}
        assert [each.updated_at for each in await identities(warehouse)] == [T0, T1]


async def test_two_pipelines_have_two_identities_of_one_user(house: House) -> None:
    async with house.initialized() as warehouse:
        for pipeline in (700, 701):
            await write(await warehouse.open_load(a_load(pipeline=pipeline), normal), 1, ADA)
        found = await identities(warehouse, "700", "701")
    assert [(each.pipeline, each.user_id, each.connection) for each in found] == [
        ("700", "1", "500"),
        ("701", "1", "500"),
    ]


async def test_a_purge_leaves_what_was_written_found_or_kept(house: House) -> None:
    everybody: list[User] = [(str(number), {"age": number}) for number in range(1, 7)]
    async with house.initialized() as warehouse:
        await write(await warehouse.open_load(a_load(pipeline=701), normal), 1, *everybody)
        await write(await warehouse.open_load(a_load(), normal), 1, *everybody)
        second = await warehouse.open_load(a_load(run=901, started=T1), normal)
        await write(second, 1, ("1", {"age": 1}), ("2", {"age": 0}))
        await write(second, 2, ("7", {"age": 7}), kept=["3", "unknown", "x" * 5_000, "\0"])
        assert await second.purge(state="done") == 3
        assert await second.purge(state="again") == 0
        again = await warehouse.open_load(a_load(run=901, started=T1, attempt=2), normal)
        assert again.resumed == Resumed(sequence=2, state="done", purged=True)
        left = [each.user_id for each in await identities(warehouse)]
        others = [each.user_id for each in await identities(warehouse, "701")]
    assert (left, others) == (["1", "2", "3", "7"], ["1", "2", "3", "4", "5", "6"])


async def test_a_purge_without_a_record_deletes_all(house: House) -> None:
    async with house.initialized() as warehouse:
        await write(await warehouse.open_load(a_load(), normal), 1, ADA, BOB)
        second = await warehouse.open_load(a_load(run=901, started=T1), normal)
        assert await second.purge(state="{}") == 2
        again = await warehouse.open_load(a_load(run=901, started=T1), normal)
        assert again.resumed == Resumed(sequence=0, state="{}", purged=True)
        assert await identities(warehouse) == []


async def test_a_batch_is_written_once_and_its_state_is_kept_with_it(house: House) -> None:
    async with house.initialized() as warehouse:
        loading = await warehouse.open_load(a_load(), normal)
        assert loading.resumed is None
        await write(loading, 1, ADA, state='{"read": 1}')
        await write(loading, 2, BOB, state='{"read":  2}')
        await write(loading, 2, ("2", {"email": "again"}), state="lost")
        await write(loading, 1, ("1", {"email": "again"}), state="lost")
        again = await warehouse.open_load(a_load(attempt=2), normal)
        assert again.resumed == Resumed(sequence=2, state='{"read":  2}', purged=False)
        await write(again, 1, ("1", {"email": "again"}))
        await write(again, 3, ("3", {"email": "c"}))
        found = {user: each["email"] for user, each in (await users(warehouse)).items()}
    assert found == {"1": "ada@x", "2": "bob@x", "3": "c"}


async def test_a_batch_that_does_not_follow_is_refused(house: House) -> None:
    """DEC-44."""
    async with house.initialized() as warehouse:
        loading = await warehouse.open_load(a_load(), normal)
        with pytest.raises(BatchMissingError):
            await write(loading, 2, ADA)
        await write(loading, 1, ADA)
        with pytest.raises(BatchMissingError):
            await write(loading, 3, BOB)
        assert [each.user_id for each in await identities(warehouse)] == ["1"]


async def test_a_batch_may_be_sent_ahead(house: House) -> None:
    async with house.initialized() as warehouse:
        loading = await warehouse.open_load(a_load(), normal)
        batches = [
            loading.prepare(
                Batch.from_records(SCHEMA, [{"age": number}]),
                pa.array([str(number)]),
                pa.array([T0], TIMESTAMP),
            )
            for number in range(3)
        ]
        await loading.stage(batches[0])
        for number, prepared in enumerate(batches):
            await loading.write(number + 1, prepared, state="{}")
            if number == 0:
                await loading.stage(batches[1])
        assert await users(warehouse) == {"0": {"age": 0}, "1": {"age": 1}, "2": {"age": 2}}


async def test_an_earlier_attempt_and_an_earlier_run_are_fenced(house: House) -> None:
    """RUN-97."""
    async with house.initialized() as warehouse:
        old = await warehouse.open_load(a_load(), normal)
        await write(old, 1, ADA)
        new = await warehouse.open_load(a_load(attempt=2), normal)
        with pytest.raises(FencedError, match="attempt 2 of run 900"):
            await write(old, 2, BOB)
        with pytest.raises(FencedError):
            await old.purge(state="{}")
        with pytest.raises(FencedError):
            await warehouse.open_load(a_load(), normal)
        await write(new, 2, BOB)
        later = await warehouse.open_load(a_load(run=800, started=T1), normal)
        assert later.resumed is None
        with pytest.raises(FencedError, match="attempt 1 of run 800"):
            await write(new, 3, BOB)
        with pytest.raises(FencedError):
            await warehouse.open_load(a_load(attempt=3), normal)
        assert [each.user_id for each in await identities(warehouse)] == ["1", "2"]


async def test_records_that_cannot_be_stored_are_kept_and_the_rest_is_written(house: House) -> None:
    """WH-26."""
    async with house.initialized() as warehouse:
        await write(await warehouse.open_load(a_load(), normal), 1, ADA, BOB)
        second = await warehouse.open_load(a_load(run=901, started=T1), normal)
        batch = Batch.from_records(SCHEMA, [{"email": "x" * 255}, {"email": "y"}])
        ids, times = pa.array(["1", "3"]), pa.array([T0, T0], TIMESTAMP)
        prepared = second.prepare(batch, ids, times)
        assert [(each.position, each.path) for each in prepared.rejections] == [(0, "email")]
        await second.write(1, prepared, state="{}")
        assert await second.purge(state="{}") == 1
        found = {user: each["email"] for user, each in (await users(warehouse)).items()}
    assert found == {"1": "ada@x", "3": "y"}


async def test_the_mode_is_asked_for_every_batch(house: House) -> None:
    modes = [Mode.NORMAL, Mode.INSPECTION, Mode.NORMAL, Mode.MAINTENANCE]

    async def next_mode() -> Mode:
        return modes.pop(0)

    async with house.initialized() as warehouse:
        loading = await warehouse.open_load(a_load(), next_mode)
        await write(loading, 1, ADA)
        with pytest.raises(ModeRefusedError) as caught:
            await write(loading, 2, BOB)
        assert (caught.value.mode, caught.value.retryable) == ("Inspection", True)
        await write(loading, 2, BOB)
        with pytest.raises(ModeRefusedError):
            await loading.purge(state="{}")
        assert [each.user_id for each in await identities(warehouse)] == ["1", "2"]
