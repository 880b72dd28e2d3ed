"""How identities are written (WH-30, WH-31, RUN-26, RUN-27, RUN-40 to RUN-44, DEC-44, DEC-53)."""

import asyncio
from uuid import uuid4

import pytest

from mapping_lang.batch import Batch
from tests.warehouse.postgresql.loads import (
    T0,
    T1,
    Identity,
    Settings,
    a_load,
    connect,
    everything,
    identities,
    ids,
    initialized,
    normal,
    times,
    waiting,
    write,
)
from warehouse.errors import FencedError, ModeRefusedError, WarehouseChangedError
from warehouse.identity import Resolution
from warehouse.interface import Mode
from warehouse.load import Resumed

ADA: Identity = ("1", {"email": "ada@x", "age": 36, "home": {"city": "London"}})
BOB: Identity = ("2", {"email": "bob@x", "age": 41, "home": {"city": "Rome"}})
NAMES = ("_identity_id", "email", "age", "home_city")


async def test_an_identity_has_its_columns_and_says_where_it_is_from(settings: Settings) -> None:
    async with initialized(settings) as warehouse:
        loading = await warehouse.open_load(a_load(), normal)
        await write(loading, 1, ADA, BOB)
    naive = T0.replace(tzinfo=None)
    meta = {
        "_pipeline": "700",
        "_is_anonymous": False,
        "_connection": "500",
        "_anonymous_ids": None,
        "_updated_at": naive,
        "_run": "900",
        "_kpid": None,
        "_cluster": None,
    }
    assert everything(settings) == [
        {**meta, "_identity_id": "1", "email": "ada@x", "age": 36, "home_city": "London"},
        {**meta, "_identity_id": "2", "email": "bob@x", "age": 41, "home_city": "Rome"},
    ]


async def test_what_is_absent_becomes_null_and_other_columns_stay(settings: Settings) -> None:
    async with initialized(settings) as warehouse:
        loading = await warehouse.open_load(a_load(), normal)
        await write(loading, 1, ADA)
        narrow = a_load(run=901, started=T1, paths=(("email",), ("home",)))
        loading = await warehouse.open_load(narrow, normal)
        await write(loading, 1, ("1", {"age": 99}))
    assert identities(settings, *NAMES) == [("1", None, 36, None)]


async def test_the_last_record_of_a_user_wins(settings: Settings) -> None:
    async with initialized(settings) as warehouse:
        loading = await warehouse.open_load(a_load(), normal)
        await write(loading, 1, ADA, BOB, ("1", {"email": "second"}))
        await write(loading, 2, ("2", {"email": "third"}), ("2", {"email": "fourth"}))
    assert identities(settings, "_identity_id", "email") == [("1", "second"), ("2", "fourth")]


async def test_a_row_that_does_not_change_is_not_written(settings: Settings) -> None:
    async with initialized(settings) as warehouse:
        first = await warehouse.open_load(a_load(), normal)
        await write(first, 1, ADA, BOB)
        second = await warehouse.open_load(a_load(run=901, started=T1), normal)
        await write(second, 1, ADA, ("2", {"email": "new"}))
        assert identities(settings, "_identity_id", "_run") == [("1", "900"), ("2", "901")]
        assert await second.purge(state="{}") == 0
        third = await warehouse.open_load(a_load(run=902, started=T1), normal)
        await write(third, 1, ADA, at=T1)
    assert identities(settings, "_identity_id", "_run") == [("1", "902"), ("2", "901")]


async def test_two_pipelines_have_two_identities_of_one_user(settings: Settings) -> None:
    async with initialized(settings) as warehouse:
        for pipeline in (700, 701):
            await write(await warehouse.open_load(a_load(pipeline=pipeline), normal), 1, ADA)
    assert identities(settings, "_pipeline", "_identity_id") == [("700", "1"), ("701", "1")]


async def test_a_purge_leaves_what_was_written_found_or_kept(settings: Settings) -> None:
    users: list[Identity] = [(str(number), {"age": number}) for number in range(1, 7)]
    async with initialized(settings) as warehouse:
        other = await warehouse.open_load(a_load(pipeline=701), normal)
        await write(other, 1, *users)
        first = await warehouse.open_load(a_load(), normal)
        await write(first, 1, *users)
        second = await warehouse.open_load(a_load(run=901, started=T1), normal)
        await write(second, 1, ("1", {"age": 1}), ("2", {"age": 0}))
        await write(second, 2, ("7", {"age": 7}), kept=["3", "unknown", "x" * 5_000, "\0"])
        assert await second.purge(state="done") == 3
        assert await second.purge(state="again") == 0
        reopened = await warehouse.open_load(a_load(run=901, started=T1, attempt=2), normal)
        assert reopened.resumed == Resumed(sequence=2, state="done", purged=True)
    found = identities(settings, "_pipeline", "_identity_id", "age")
    assert found == [
        ("700", "1", 1),
        ("700", "2", 0),
        ("700", "3", 3),
        ("700", "7", 7),
        *(("701", str(number), number) for number in range(1, 7)),
    ]
    with connect(settings) as connection:
        assert connection.execute("SELECT count(*) FROM kiln_touched").fetchone() == (0,)


async def test_a_purge_without_a_record_deletes_all(settings: Settings) -> None:
    async with initialized(settings) as warehouse:
        await write(await warehouse.open_load(a_load(), normal), 1, ADA, BOB)
        second = await warehouse.open_load(a_load(run=901, started=T1), normal)
        assert await second.purge(state="{}") == 2
        reopened = await warehouse.open_load(a_load(run=901, started=T1), normal)
        assert reopened.resumed == Resumed(sequence=0, state="{}", purged=True)
    assert identities(settings, "_identity_id") == []


async def test_a_batch_is_written_once_and_its_state_is_kept_with_it(settings: Settings) -> None:
    async with initialized(settings) as warehouse:
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
    assert identities(settings, "_identity_id", "email") == [
        ("1", "ada@x"),
        ("2", "bob@x"),
        ("3", "c"),
    ]


async def test_an_earlier_attempt_and_an_earlier_run_are_fenced(settings: Settings) -> None:
    async with initialized(settings) as warehouse:
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
    assert identities(settings, "_identity_id") == [("1",), ("2",)]


async def test_records_that_cannot_be_stored_are_kept_and_the_rest_is_written(
    settings: Settings,
) -> None:
    async with initialized(settings) as warehouse:
        first = await warehouse.open_load(a_load(), normal)
        await write(first, 1, ADA, BOB)
        second = await warehouse.open_load(a_load(run=901, started=T1), normal)
        wide = a_load().schema
        batch = Batch.from_records(wide, [{"email": "x" * 255}, {"email": "y"}])
        prepared = second.prepare(batch, ids("1", "3"), times(T0, batch))
        assert [(each.position, each.path) for each in prepared.rejections] == [(0, "email")]
        await second.write(1, prepared, state="{}")
        assert await second.purge(state="{}") == 1
    assert identities(settings, "_identity_id", "email") == [("1", "ada@x"), ("3", "y")]


async def test_the_mode_is_asked_for_every_batch(settings: Settings) -> None:
    modes = [Mode.NORMAL, Mode.INSPECTION, Mode.NORMAL, Mode.MAINTENANCE]

    async def next_mode() -> Mode:
        return modes.pop(0)

    async with initialized(settings) as warehouse:
        loading = await warehouse.open_load(a_load(), next_mode)
        await write(loading, 1, ADA)
        with pytest.raises(ModeRefusedError) as caught:
            await write(loading, 2, BOB)
        assert (caught.value.mode, caught.value.retryable) == ("Inspection", True)
        await write(loading, 2, BOB)
        with pytest.raises(ModeRefusedError):
            await loading.purge(state="{}")
    assert identities(settings, "_identity_id") == [("1",), ("2",)]


async def test_columns_that_are_gone_are_told_as_such(settings: Settings) -> None:
    async with initialized(settings) as warehouse:
        loading = await warehouse.open_load(a_load(), normal)
        with connect(settings) as connection:
            connection.execute("ALTER TABLE kiln_identities DROP COLUMN age")
        with pytest.raises(WarehouseChangedError, match="age"):
            await write(loading, 1, ADA)


async def test_loads_of_several_pipelines_go_on_side_by_side(settings: Settings) -> None:
    async with initialized(settings) as warehouse:

        async def load(pipeline: int) -> None:
            loading = await warehouse.open_load(a_load(pipeline=pipeline), normal)
            for sequence in range(1, 6):
                users: list[Identity] = [(str(number), {"age": sequence}) for number in range(50)]
                await write(loading, sequence, *users)
            assert await loading.purge(state="{}") == 0

        await asyncio.gather(*(load(700 + number) for number in range(4)))
    assert {age for (age,) in identities(settings, "age")} == {5}
    assert len(identities(settings, "age")) == 200


async def test_loads_resolutions_and_deletions_wait_for_each_other_and_all_end(
    settings: Settings,
) -> None:
    async with initialized(settings) as warehouse:

        async def load(pipeline: int) -> None:
            loading = await warehouse.open_load(a_load(pipeline=pipeline), normal)
            for sequence in range(1, 9):
                users: list[Identity] = [
                    (str(number), {"email": f"{number}@x", "age": sequence}) for number in range(40)
                ]
                await write(loading, sequence, *users)
            await loading.purge(state="{}")

        async def resolve() -> None:
            for _ in range(4):
                asked = Resolution(
                    operation=uuid4(), schema=a_load().schema, identifiers=(("email",),)
                )
                await warehouse.resolve(asked, normal)

        async def delete() -> None:
            for pipeline in range(706, 710):
                await write(await warehouse.open_load(a_load(pipeline=pipeline), normal), 1, ADA)
                assert await warehouse.delete_identities(pipeline, normal) == 1

        loads = [load(700 + number) for number in range(3)]
        await asyncio.wait_for(asyncio.gather(*loads, resolve(), resolve(), delete()), 100)
        await resolve()
    with connect(settings) as connection:
        found = connection.execute("SELECT count(*), min(age), max(age) FROM profiles").fetchall()
    assert found == [(40, 8, 8)]


async def test_a_write_that_is_cancelled_is_undone_and_the_load_goes_on(settings: Settings) -> None:
    async with initialized(settings) as warehouse:
        loading = await warehouse.open_load(a_load(), normal)
        with connect(settings) as connection, connection.transaction():
            connection.execute("LOCK TABLE kiln_identities IN SHARE ROW EXCLUSIVE MODE")
            writing = asyncio.create_task(write(loading, 1, ADA))
            await waiting(settings, 1)
            writing.cancel()
            with pytest.raises(asyncio.CancelledError):
                await writing
        await write(loading, 1, BOB)
    assert identities(settings, "_identity_id") == [("2",)]
