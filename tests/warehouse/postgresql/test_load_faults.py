"""A load that is disturbed at any statement ends as if it had not been (DEC-44, RUN-97)."""

import asyncio
import itertools
import signal
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from tests.postgresql import NEAR
from tests.warehouse.postgresql.disturbed import (
    BATCHES,
    BEFORE,
    RUN,
    Disturbed,
    carry,
    cutting,
    killer,
)
from tests.warehouse.postgresql.loads import (
    Settings,
    a_load,
    connect,
    everything,
    initialized,
    normal,
    write,
)
from warehouse.errors import FencedError, WarehouseUnavailableError
from warehouse.interface import Warehouse
from warehouse.postgresql.driver import located
from warehouse.postgresql.session import Session


async def _begun(warehouse: Warehouse, settings: Settings) -> None:
    """Leave in the warehouse what an earlier run has written, and nothing else."""
    with connect(settings) as connection:
        connection.execute("TRUNCATE kiln_identities, kiln_loads, kiln_touched")
    loading = await warehouse.open_load(a_load(), normal)
    await write(loading, 1, *BEFORE)
    await loading.close()


def _found(settings: Settings) -> tuple[Any, ...]:
    with connect(settings) as connection:
        loads = connection.execute("SELECT run, batch, state, purged FROM kiln_loads").fetchall()
        touched = connection.execute("SELECT count(*) FROM kiln_touched").fetchall()
    return everything(settings), loads, touched


async def _undisturbed(
    warehouse: Warehouse, settings: Settings, found: Settings
) -> tuple[tuple[Any, ...], list[str]]:
    """Give what a run leaves that nothing happens to, and the statements that it takes."""
    await _begun(warehouse, settings)
    said: list[str] = []
    await carry(RUN, lambda: Disturbed(found, said.append))
    return _found(settings), said


async def test_a_backend_that_is_killed_before_any_statement_changes_nothing(
    settings: Settings,
) -> None:
    async with initialized(settings) as warehouse:
        found = await located(settings, NEAR)
        expected, statements = await _undisturbed(warehouse, settings, found)
        assert sum(each.startswith("WITH found") for each in statements) == len(BATCHES)
        for number in _places(statements):
            await _begun(warehouse, settings)
            before = _at(number, lambda: _kill_backends(settings))
            await carry(RUN, partial(Disturbed, found, before))
            assert _found(settings) == expected, statements[number]


async def test_a_commit_whose_answer_is_lost_is_not_done_twice(settings: Settings) -> None:
    async with initialized(settings) as warehouse:
        found = await located(settings, NEAR)
        expected, statements = await _undisturbed(warehouse, settings, found)
        commits = [number for number, each in enumerate(statements) if each == "COMMIT"]
        assert len(commits) == len(BATCHES) + 2
        for number in commits:
            await _begun(warehouse, settings)
            after = _at(number, _lose)
            await carry(RUN, partial(Disturbed, found, _nothing, after))
            assert _found(settings) == expected


async def test_a_process_that_is_killed_at_any_statement_is_followed_by_another(
    settings: Settings,
) -> None:
    async with initialized(settings) as warehouse:
        found = await located(settings, NEAR)
        expected, statements = await _undisturbed(warehouse, settings, found)
        with killer(settings) as kill_at:
            # Every other one: a new process takes its time.
            for number in _places(statements)[::2]:
                await _begun(warehouse, settings)
                assert await asyncio.to_thread(kill_at, number) == signal.SIGKILL
                await carry(replace(RUN, attempt=2), lambda: Session(found))
                assert _found(settings) == expected, statements[number]


CUTS = 12


async def test_a_connection_that_is_cut_anywhere_changes_nothing(
    settings: Settings, tmp_path: Path
) -> None:
    async with initialized(settings) as warehouse:
        real = f"{settings['host']}/.s.PGSQL.{settings['port']}"
        async with cutting(tmp_path, real) as proxy:
            found = await located({**settings, "host": str(tmp_path)}, NEAR)
            expected, _ = await _undisturbed(warehouse, settings, found)
            size = proxy.passed
            assert size > 5_000
            for number in range(CUTS):
                await _begun(warehouse, settings)
                proxy.cut_after(size * number // CUTS)
                await carry(RUN, lambda: Session(found))
                assert proxy.cuts == number + 1
                assert _found(settings) == expected


async def test_who_was_taken_for_dead_is_fenced_at_any_statement(settings: Settings) -> None:
    async with initialized(settings) as warehouse:
        found = await located(settings, NEAR)
        expected, statements = await _undisturbed(warehouse, settings, found)
        loop = asyncio.get_running_loop()

        def overtake() -> None:
            after = carry(replace(RUN, attempt=2), lambda: Session(found))
            asyncio.run_coroutine_threadsafe(after, loop).result(60)

        for number in _places(statements):
            # Between its ledger and its commit nobody overtakes: the other waits for it.
            if _holds_the_ledger(statements[:number]):
                continue
            await _begun(warehouse, settings)
            with suppress(FencedError):
                await carry(RUN, partial(Disturbed, found, _at(number, overtake)))
            assert _found(settings) == expected, statements[number]


def _places(statements: list[str]) -> list[int]:
    """The statements that open a load, write its second batch, and purge; settings left out."""
    opened, first, second, third, _ = (
        number for number, each in enumerate(statements) if each == "COMMIT"
    )
    chosen = (
        *range(opened + 1),
        *range(first + 1, second + 1),
        *range(third + 1, len(statements)),
    )
    return [number for number in chosen if not statements[number].startswith("SET ")]


def _holds_the_ledger(before: list[str]) -> bool:
    if "BEGIN" not in before:
        return False
    transaction = before[len(before) - before[::-1].index("BEGIN") :]
    return "COMMIT" not in transaction and any(
        each.startswith(("UPDATE", "INSERT INTO")) for each in transaction
    )


def _kill_backends(settings: Settings) -> None:
    with connect(settings) as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
            " WHERE application_name = 'kiln' AND datname = current_database()"
        )


def _at(number: int, disturb: Callable[[], None]) -> Callable[[str], None]:
    """Do something at the statement of a number, and nothing at others."""
    numbers = itertools.count()

    def happen(statement: str) -> None:
        if next(numbers) == number:
            disturb()

    return happen


def _lose() -> None:
    raise WarehouseUnavailableError("PostgreSQL", "the answer was lost")


def _nothing(statement: str) -> None:
    del statement
