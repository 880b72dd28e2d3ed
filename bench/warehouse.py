"""`python -m bench warehouse`: loads of identities, against a bare ADBC ingest of the same rows."""

import argparse
import asyncio
import resource
import tempfile
import time
from contextlib import closing
from dataclasses import dataclass
from datetime import timedelta
from itertools import islice
from pathlib import Path
from typing import Final

from adbc_driver_postgresql import dbapi
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from api.db.embedded.server import EmbeddedServer
from bench.customers import OUTPUT
from bench.identities import START, identities
from forms.addresses import Reach
from mapping_lang.types.schema import leaves
from warehouse.interface import Mode
from warehouse.load import Load, Loading, Prepared
from warehouse.postgresql.driver import connection_arguments, located
from warehouse.registry import BY_CODE

COUNTS: Final = (100_000, 1_000_000)
PASSES: Final = (("new", 0, 0.3), ("unchanged", 0, 0.3), ("changed", 1, None))
"""What is loaded one after the other, and the ratio that is expected."""

CHUNK: Final = 10
"""Batches that are written in one way before they are written in the other."""

BARE: Final = "bare"
NEAR: Final = Reach.of(["sockets"])

SERVER_SETTINGS: Final = {"shared_buffers": "256MB", "max_wal_size": "4GB"}
"""What anybody sets on a server for a warehouse; durability is as it comes."""


@dataclass(slots=True)
class Took:
    """Seconds of one pass over all batches."""

    baseline: float = 0.0
    prepare: float = 0.0
    write: float = 0.0


def run(arguments: list[str]) -> int:
    """Print rows per second and ratios for new, unchanged and changed identities."""
    parser = argparse.ArgumentParser(prog="python -m bench warehouse", description=__doc__)
    parser.add_argument("--counts", type=int, nargs="+", default=COUNTS, metavar="N")
    chosen = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="kiln") as folder:
        path = Path(folder) / "postgresql"
        with EmbeddedServer.open(path, SERVER_SETTINGS, temporary=True) as server:
            asyncio.run(_measure(server.url("postgres"), chosen.counts))
    return 0


async def _measure(url: str, counts: list[int]) -> None:
    head = ("rows/s", "prepare", "bare", "ratio")
    print(f"{'customers into PostgreSQL':34}" + "".join(f"{text:>12}" for text in head))
    for count in counts:
        await _measure_count(_settings(url, f"bench{count}"), count)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(f"peak memory of this process: {peak:,} MB")


async def _measure_count(settings: dict[str, object], count: int) -> None:
    found = await located(settings, NEAR)
    told = make_conninfo(**connection_arguments(found))  # type: ignore[arg-type]  # for libpq
    with closing(dbapi.connect(told, autocommit=True)) as bare:
        with bare.cursor() as cursor:
            cursor.execute(f"CREATE SCHEMA {settings['schema']}")
        warehouse = await BY_CODE["PostgreSQL"].open(settings, NEAR)
        async with warehouse.initializing(OUTPUT):
            pass
        for number, (name, days, bar) in enumerate(PASSES):
            loading = await warehouse.open_load(_load(number), _normal)
            took = await _pass(loading, bare, count, days)
            _print(f"{count:,} {name}", count, took, bar)
            begun = time.perf_counter()
            gone = await loading.purge(state="{}")
            seconds = time.perf_counter() - begun
            print(f"{f'  and a purge of {gone}':34}{count / seconds:12,.0f}")
        await warehouse.close()


async def _pass(loading: Loading, bare: dbapi.Connection, count: int, days: int) -> Took:
    """Write all batches in both ways, some after some of the others: a slow moment hits both."""
    took, written = Took(), 0
    batches = identities(count, days=days)
    while chunk := list(islice(batches, CHUNK)):
        begun = time.perf_counter()
        prepared = [loading.prepare(each.batch, each.user_ids, each.update_times) for each in chunk]
        ready = time.perf_counter()
        for each in prepared:
            with bare.cursor() as cursor:
                cursor.adbc_ingest(BARE, each.rows, mode="create_append")
        copied = time.perf_counter()
        await _write(loading, written, prepared)
        took.write += time.perf_counter() - copied
        took.baseline += copied - ready
        took.prepare += ready - begun
        written += len(chunk)
    return took


async def _write(loading: Loading, written: int, chunk: list[Prepared]) -> None:
    """Write batches as an import does: each is sent while the one before it is being written."""
    await loading.stage(chunk[0])
    for number, prepared in enumerate(chunk):
        after = chunk[number + 1 : number + 2]
        ahead = asyncio.gather(*(loading.stage(each) for each in after))
        await loading.write(written + number + 1, prepared, state="{}")
        await ahead


def _print(name: str, count: int, took: Took, bar: float | None) -> None:
    rates = (took.write, took.prepare, took.baseline)
    line = "".join(f"{count / seconds:12,.0f}" for seconds in rates)
    told = "" if bar is None else f"  (bar {bar:g})"
    print(f"{name:34}{line}{took.baseline / (took.write + took.prepare):12.2f}{told}")


def _load(number: int) -> Load:
    return Load(
        connection_id=500,
        pipeline_id=700,
        run_id=900 + number,
        run_started_at=START + timedelta(days=number),
        attempt=1,
        schema=OUTPUT,
        out_paths=tuple(path for path, _ in leaves(OUTPUT)),
        purges=True,
    )


async def _normal() -> Mode:
    return Mode.NORMAL


def _settings(url: str, schema: str) -> dict[str, object]:
    parts = conninfo_to_dict(url)
    return {
        "host": parts["host"],
        "port": int(parts.get("port") or 5432),
        "username": parts["user"],
        "password": "",
        "database": parts["dbname"],
        "schema": schema,
    }
