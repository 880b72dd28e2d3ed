"""Batches that are sent ahead, and the numbers of those that are written (DEC-44)."""

import asyncio
import itertools
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any

import pytest

from mapping_lang.batch import Batch
from tests.postgresql import NEAR
from tests.warehouse.postgresql.disturbed import BATCHES, BEFORE, KEPT, RUN, Disturbed, patiently
from tests.warehouse.postgresql.loads import (
    SCHEMA,
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
    write,
)
from warehouse.errors import BatchMissingError, WarehouseUnavailableError
from warehouse.load import Load, Loading, Prepared
from warehouse.postgresql.driver import located
from warehouse.postgresql.loading import PostgresqlLoading
from warehouse.postgresql.session import Session


def _prepared(loading: Loading, records: Sequence[Identity]) -> Prepared:
    batch = Batch.from_records(SCHEMA, [record for _, record in records])
    return loading.prepare(batch, ids(*(each for each, _ in records)), times(T0, batch))


async def _carry_ahead(load: Load, connect_session: Callable[[], Session]) -> None:
    """Carry a run to its end; while a batch is written the next one is sent."""
    loading = PostgresqlLoading(load, normal, "public", connect_session)
    try:
        await patiently(loading.open)
        done = 0 if loading.resumed is None else loading.resumed.sequence
        batches = [_prepared(loading, each) for each in BATCHES]
        for number in range(done, len(batches)):
            coming = [*zip(batches, KEPT, strict=True)][number + 1 : number + 2]
            sending = asyncio.gather(
                *(loading.stage(each, kept_user_ids=kept) for each, kept in coming)
            )
            await patiently(
                partial(
                    loading.write,
                    number + 1,
                    batches[number],
                    state=str(number + 1),
                    kept_user_ids=KEPT[number],
                )
            )
            await sending
        await patiently(partial(loading.purge, state="end"))
    finally:
        await loading.close()


def _found(settings: Settings) -> tuple[Any, ...]:
    with connect(settings) as connection:
        loads = connection.execute("SELECT run, batch, state, purged FROM kiln_loads").fetchall()
    return everything(settings), loads


async def _no_session_is_left(settings: Settings) -> None:
    """Go on as soon as the server has ended those that were closed."""
    with connect(settings) as connection:
        for _ in range(3_000):
            found = connection.execute(
                "SELECT count(*) FROM pg_stat_activity"
                " WHERE application_name = 'kiln' AND datname = current_database()"
            ).fetchone()
            if found == (0,):
                return
            await asyncio.sleep(0.01)
    raise TimeoutError("there are sessions left")


async def test_batches_that_are_sent_ahead_end_as_others_whatever_happens_to_their_sessions(
    settings: Settings,
) -> None:
    async with initialized(settings) as warehouse:
        found = await located(settings, NEAR)

        async def begun() -> None:
            with connect(settings) as connection:
                connection.execute("TRUNCATE kiln_identities, kiln_loads, kiln_touched")
            loading = await warehouse.open_load(a_load(), normal)
            await write(loading, 1, *BEFORE)
            await loading.close()

        await begun()
        loading = PostgresqlLoading(RUN, normal, "public", lambda: Session(found))
        await loading.open()
        for number, (records, kept) in enumerate(zip(BATCHES, KEPT, strict=True), 1):
            await write(loading, number, *records, kept=kept, state=str(number))
        await loading.purge(state="end")
        await loading.close()
        expected = _found(settings)

        said: list[str] = []
        await begun()
        await _carry_ahead(RUN, lambda: Disturbed(found, said.append))
        assert _found(settings) == expected
        assert sum(each.startswith("CREATE TEMPORARY TABLE") for each in said) == 4

        # Settings say nothing, and of the others every third one takes its time.
        for number in [at for at, each in enumerate(said) if not each.startswith("SET ")][::3]:
            await begun()
            numbers = itertools.count()

            def kill(
                statement: str, number: int = number, numbers: Iterator[int] = numbers
            ) -> None:
                del statement
                if next(numbers) == number:
                    _kill_backends(settings)

            await _carry_ahead(RUN, lambda kill=kill: Disturbed(found, kill))  # type: ignore[misc]
            assert _found(settings) == expected, said[number]
        await _no_session_is_left(settings)


async def test_what_is_sent_ahead_is_not_sent_again_and_nobody_sees_it_before_its_turn(
    settings: Settings,
) -> None:
    async with initialized(settings):
        found = await located(settings, NEAR)
        said: list[str] = []
        loading = PostgresqlLoading(
            a_load(), normal, "public", lambda: Disturbed(found, said.append)
        )
        await loading.open()
        first, second = (
            _prepared(loading, [(each, {"email": f"{each}@x"})]) for each in ("a", "b")
        )
        await loading.stage(first)
        sending = asyncio.create_task(loading.stage(second))
        assert identities(settings, "email") == []
        assert not sending.done()
        await loading.write(1, first, state="{}")
        await sending
        assert identities(settings, "email") == [("a@x",)]
        await loading.write(2, second, state="{}")
        await loading.close()
        assert said.count("COPY kiln_stage") == 2
    assert identities(settings, "email") == [("a@x",), ("b@x",)]


async def test_a_batch_whose_session_is_lost_while_it_waits_is_sent_again(
    settings: Settings,
) -> None:
    async with initialized(settings) as warehouse:
        loading = await warehouse.open_load(a_load(), normal)
        prepared = _prepared(loading, [("a", {"email": "a@x"})])
        await loading.stage(prepared, kept_user_ids=["z"])
        _kill_backends(settings)
        await loading.write(1, prepared, state="{}", kept_user_ids=["z"])
    assert identities(settings, "_identity_id", "email") == [("a", "a@x")]


async def test_a_batch_that_cannot_be_sent_ahead_is_not_a_failure_yet(settings: Settings) -> None:
    async with initialized(settings):
        found = await located(settings, NEAR)
        away = [False]

        def begin() -> Session:
            if away[0]:
                raise WarehouseUnavailableError("PostgreSQL", "it is away")
            return Session(found)

        loading = PostgresqlLoading(a_load(), normal, "public", begin)
        await loading.open()
        prepared = _prepared(loading, [("a", {"email": "a@x"})])
        _kill_backends(settings)
        away[0] = True
        await loading.stage(prepared)
        with pytest.raises(WarehouseUnavailableError, match="it is away"):
            await loading.write(1, prepared, state="{}")
        away[0] = False
        await loading.write(1, prepared, state="{}")
        await loading.close()
    assert identities(settings, "email") == [("a@x",)]


async def test_a_batch_that_does_not_follow_the_last_one_is_refused(settings: Settings) -> None:
    async with initialized(settings) as warehouse:
        loading = await warehouse.open_load(a_load(), normal)
        with pytest.raises(BatchMissingError, match=r"batch 2 of run 900 .* holds 0 of them"):
            await write(loading, 2, ("a", {}))
        await write(loading, 1, ("a", {}))
        await write(loading, 1, ("repeated", {}))
        with pytest.raises(BatchMissingError, match=r"batch 3 of run 900 .* holds 1 of them"):
            await write(loading, 3, ("c", {}))
        # As a server does that is replaced by one that had not heard of the last batch.
        await write(loading, 2, ("b", {}))
        with connect(settings) as connection:
            connection.execute("UPDATE kiln_loads SET batch = 1")
        with pytest.raises(BatchMissingError, match="expected 2"):
            await write(loading, 3, ("c", {}))
        later = await warehouse.open_load(a_load(run=901, started=T1), normal)
        with pytest.raises(BatchMissingError, match="run 901"):
            await write(later, 3, ("c", {}))
    assert identities(settings, "_identity_id") == [("a",), ("b",)]


async def test_identities_of_a_batch_are_as_old_as_their_places_in_it(settings: Settings) -> None:
    """DEC-49: of two that were updated at once the one that came first wins."""
    count = 3_000
    texts = [str(number * 7_919 % count) for number in range(count)]
    async with initialized(settings) as warehouse:
        loading = await warehouse.open_load(a_load(), normal)
        await write(loading, 1, *((each, {}) for each in texts[::2]))
        await write(loading, 2, *((each, {"email": "new"}) for each in texts))
    with connect(settings) as connection:
        found = connection.execute('SELECT "_identity_id" FROM kiln_identities ORDER BY "_pk"')
        assert [each for (each,) in found.fetchall()] == texts[::2] + texts[1::2]


def _kill_backends(settings: Settings) -> None:
    with connect(settings) as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
            " WHERE application_name = 'kiln' AND datname = current_database()"
        )
