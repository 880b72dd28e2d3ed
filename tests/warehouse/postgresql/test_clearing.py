"""Deleting and clearing in the background (WH-32, DEC-48), and operations in flight (WH-50)."""

import asyncio

import pytest

from mapping_lang.batch import Batch
from mapping_lang.types.kinds import ObjectType, Property, StringType
from tests.warehouse.postgresql.loads import (
    T1,
    Identity,
    Settings,
    a_load,
    connect,
    identities,
    ids,
    initialized,
    normal,
    times,
    waiting,
    write,
)
from warehouse.errors import FencedError, ModeRefusedError, WarehouseUnavailableError
from warehouse.interface import Mode
from warehouse.operations import Operation
from warehouse.postgresql import clearing

EMAIL = ObjectType((Property("email", StringType(max_length=254), read_optional=True),))
USERS: list[Identity] = [
    (str(number), {"email": f"{number}@x", "age": number}) for number in range(7)
]


async def inspection() -> Mode:
    return Mode.INSPECTION


async def test_all_of_a_pipeline_is_deleted_and_nothing_of_others(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clearing, "PIECE_ROWS", 3)
    async with initialized(settings) as warehouse:
        loads = [await warehouse.open_load(a_load(pipeline=each), normal) for each in (700, 701)]
        for loading in loads:
            await write(loading, 1, *USERS)
            await write(loading, 2, kept=["1"])
        with connect(settings) as connection:
            connection.execute(
                "INSERT INTO kiln_destination_profiles VALUES ('700', 'a', 'b'), ('701', 'a', 'b')"
            )
        assert await warehouse.delete_identities(700, normal) == 7
        assert await warehouse.delete_identities(700, normal) == 0
        with pytest.raises(FencedError, match="no run: it is gone"):
            await write(loads[0], 3, *USERS)
        for run in (a_load(attempt=2), a_load(run=901, started=T1)):
            with pytest.raises(FencedError, match="no run: it is gone"):
                await warehouse.open_load(run, normal)
        await write(loads[1], 3, ("9", {}))
    assert {each for (each,) in identities(settings, "_pipeline")} == {"701"}
    with connect(settings) as connection:
        for table, column in (
            ("kiln_loads WHERE batch IS NOT NULL", "pipeline"),
            ("kiln_touched", "pipeline"),
            ("kiln_destination_profiles", "_pipeline"),
        ):
            left = connection.execute(f"SELECT DISTINCT {column} FROM {table}".encode())
            assert left.fetchall() == [("701",)]


async def test_what_a_pipeline_no_longer_gives_is_taken_from_its_identities(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clearing, "PIECE_ROWS", 2)
    schema = a_load().schema
    async with initialized(settings) as warehouse:
        for pipeline in (700, 701):
            loading = await warehouse.open_load(a_load(pipeline=pipeline), normal)
            await write(loading, 1, *USERS, ("10", {"home": {"city": "Rome"}}), ("11", {}))
        cleared = await warehouse.clear_properties(700, schema, [("age",), ("home",)], normal)
        assert cleared == 8
        assert await warehouse.clear_properties(700, schema, [("age",), ("home",)], normal) == 0
        assert await warehouse.clear_properties(700, schema, [], normal) == 0
    found = identities(settings, "_pipeline", "email", "age", "home_city")
    emails = [f"{number}@x" for number in range(7)]
    assert sorted(found, key=str) == sorted(
        [
            *(("700", email, None, None) for email in (*emails, None, None)),
            *(("701", email, number, None) for number, email in enumerate(emails)),
            ("701", None, None, "Rome"),
            ("701", None, None, None),
        ],
        key=str,
    )


async def test_a_run_that_is_over_gives_nothing_again_that_was_cleared(
    settings: Settings,
) -> None:
    """RUN-80, RUN-97: the pipeline was edited while it ran, and a worker does not know the end."""
    schema = a_load().schema
    async with initialized(settings) as warehouse:
        loading = await warehouse.open_load(a_load(attempt=2), normal)
        await write(loading, 1, *USERS)
        assert await warehouse.clear_properties(700, schema, [("age",)], normal) == 7
        with pytest.raises(FencedError, match="no run: 900 is over"):
            await write(loading, 2, ("0", {"age": 40}))
        with pytest.raises(FencedError, match="no run: 900 is over"):
            await warehouse.open_load(a_load(attempt=3), normal)
        later = await warehouse.open_load(
            a_load(run=901, started=T1, paths=(("email",),), schema=schema), normal
        )
        assert later.resumed is None
        email = Batch.from_records(EMAIL, [{"email": "new"}])
        prepared = later.prepare(email, ids("0"), times(T1, email))
        await later.write(1, prepared, state="{}")
    assert identities(settings, "_identity_id", "email", "age") == [
        ("0", "new", None),
        *((str(number), f"{number}@x", None) for number in range(1, 7)),
    ]


async def test_clearing_ends_where_it_is_not_wanted_any_more(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A run that gives the values again may have begun: it is asked for before every piece."""
    monkeypatch.setattr(clearing, "PIECE_ROWS", 3)
    asked: list[int] = []

    async def wanted_twice() -> Mode:
        asked.append(len(asked))
        if len(asked) > 2:
            raise LookupError("not wanted")
        return Mode.NORMAL

    schema = a_load().schema
    async with initialized(settings) as warehouse:
        loading = await warehouse.open_load(a_load(), normal)
        await write(loading, 1, *USERS)
        await loading.close()
        with pytest.raises(LookupError):
            await warehouse.clear_properties(700, schema, [("age",)], wanted_twice)
        assert identities(settings, "age") == [(None,)] * 6 + [(6,)]
        later = await warehouse.open_load(a_load(run=901, started=T1), normal)
        with pytest.raises(LookupError):
            await warehouse.clear_properties(700, schema, [("age",)], wanted_twice)
        # Who was asked too early has fenced nobody.
        await write(later, 1, ("0", {"age": 1}))
    assert identities(settings, "age") == [(1,), *[(None,)] * 5, (6,)]


async def test_nobody_begins_to_load_while_it_is_asked_whether_clearing_is_wanted(
    settings: Settings,
) -> None:
    async with initialized(settings) as warehouse:
        loading = await warehouse.open_load(a_load(), normal)
        await write(loading, 1, *USERS)
        asked, answer = asyncio.Event(), asyncio.Event()

        async def once() -> Mode:
            if asked.is_set():
                raise LookupError("not wanted")
            asked.set()
            await answer.wait()
            return Mode.NORMAL

        schema = a_load().schema
        clear = asyncio.create_task(warehouse.clear_properties(700, schema, [("age",)], once))
        await asked.wait()
        opening = asyncio.create_task(warehouse.open_load(a_load(run=901, started=T1), normal))
        await waiting(settings, 1)
        assert not opening.done()
        answer.set()
        with pytest.raises(LookupError):
            await clear
        await write(await opening, 1, ("0", {"age": 40}))
    assert identities(settings, "_identity_id", "age") == [
        ("0", 40),
        *((str(number), None) for number in range(1, 7)),
    ]


async def test_the_mode_may_refuse_it(settings: Settings) -> None:
    async with initialized(settings) as warehouse:
        await write(await warehouse.open_load(a_load(), normal), 1, *USERS)
        with pytest.raises(ModeRefusedError):
            await warehouse.delete_identities(700, inspection)
        with pytest.raises(ModeRefusedError):
            await warehouse.clear_properties(700, a_load().schema, [("age",)], inspection)
    assert len(identities(settings, "age")) == 7


NOTHING = dict.fromkeys(Operation, 0)


async def test_a_change_of_mode_waits_for_what_is_in_flight(settings: Settings) -> None:
    async with initialized(settings) as warehouse:
        asked, answer = asyncio.Event(), asyncio.Event()

        async def slow_mode() -> Mode:
            asked.set()
            await answer.wait()
            return Mode.NORMAL

        loading = await warehouse.open_load(a_load(), normal)
        other = await warehouse.open_load(a_load(pipeline=701), slow_mode)
        await write(loading, 1, *USERS)
        assert await warehouse.count_in_flight() == NOTHING
        writing = asyncio.create_task(write(other, 1, *USERS))
        await asked.wait()
        assert await warehouse.count_in_flight() == {**NOTHING, Operation.WRITE: 1}
        await warehouse.drain({Operation.READ, Operation.ALTER}, cancel=False)
        draining = asyncio.create_task(warehouse.drain(Mode.INSPECTION.refused(), cancel=False))
        done, _ = await asyncio.wait({draining}, timeout=0.2)
        assert not done
        answer.set()
        await writing
        await draining
        assert await warehouse.count_in_flight() == NOTHING


MOST_THREADS = 32
"""As many as asyncio has at most, on the largest machine."""


async def test_those_who_wait_do_not_take_the_thread_of_whom_they_wait_for(
    settings: Settings,
) -> None:
    async with initialized(settings) as warehouse:
        asked, answer = asyncio.Event(), asyncio.Event()

        async def slow_mode() -> Mode:
            asked.set()
            await answer.wait()
            return Mode.NORMAL

        first = await warehouse.open_load(a_load(), slow_mode)
        others = [
            await warehouse.open_load(a_load(pipeline=701 + number), normal)
            for number in range(MOST_THREADS)
        ]
        writing = [asyncio.create_task(write(first, 1, *USERS))]
        await asked.wait()
        draining = asyncio.create_task(warehouse.drain([Operation.WRITE], cancel=False))
        await waiting(settings, 1)
        writing += [asyncio.create_task(write(each, 1, *USERS)) for each in others]
        await waiting(settings, 1 + MOST_THREADS)
        answer.set()
        await asyncio.wait_for(asyncio.gather(draining, *writing), 60)
    assert len(identities(settings, "age")) == 7 * (1 + MOST_THREADS)


async def test_a_change_of_mode_may_end_what_is_in_flight(settings: Settings) -> None:
    async with initialized(settings) as warehouse:
        asked, answer = asyncio.Event(), asyncio.Event()

        async def slow_mode() -> Mode:
            asked.set()
            await answer.wait()
            return Mode.NORMAL

        loading = await warehouse.open_load(a_load(), slow_mode)
        writing = asyncio.create_task(write(loading, 1, *USERS))
        await asked.wait()
        await warehouse.drain(Mode.MAINTENANCE.refused(), cancel=True)
        answer.set()
        with pytest.raises(WarehouseUnavailableError):
            await writing
        assert identities(settings, "age") == []
        await write(loading, 1, *USERS)
    assert len(identities(settings, "age")) == 7
