"""`python -m bench resolution`: identity resolution inside PostgreSQL, and how it grows."""

import argparse
import asyncio
import resource
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from uuid import uuid4

import psycopg
from psycopg.conninfo import conninfo_to_dict

from api.db.embedded.server import EmbeddedServer
from forms.addresses import SOCKETS, Reach
from mapping_lang.types.kinds import (
    ArrayType,
    DatetimeType,
    DecimalType,
    IntType,
    ObjectType,
    Property,
    StringType,
    Type,
)
from warehouse.identity import Outcome, Resolution
from warehouse.interface import Mode, Warehouse
from warehouse.registry import BY_CODE

SIZES: Final = (40_000, 1_000_000)
BAR_SECONDS: Final = 60
"""What a million identities with two identifiers may take on two cores."""

COLUMNS: Final[Mapping[str, Type]] = {
    "customer_id": IntType(64),
    "email": StringType(),
    "first_name": StringType(max_length=100),
    "last_name": StringType(max_length=100),
    "phone": StringType(),
    "city": StringType(),
    "country": StringType(),
    "ltv": DecimalType(12, 2),
    "signed_up_at": DatetimeType(),
    "tags": ArrayType(StringType()),
}
SCHEMA: Final = ObjectType(
    tuple(Property(name, type_, read_optional=True) for name, type_ in COLUMNS.items())
)

# Ten identities of six people in five connections: half of the people have several; one in three
# identities has no number, one in five no address, and one address in fifty is somebody else's.
ROWS: Final = """
INSERT INTO kiln_identities ("_pipeline", "_connection", "_identity_id", "_updated_at",
  customer_id, email, first_name, last_name, phone, city, country, ltv, signed_up_at, tags)
SELECT 'p' || n %% 5, 'c' || n %% 5, 'u' || n, timestamp '2026-01-01' + n * interval '1 second',
  CASE WHEN h %% 3 > 0 THEN person END,
  CASE WHEN h %% 5 > 0 THEN 'user' || person + (h %% 50 = 1)::int || '@example.com' END,
  'First' || person %% 1000, CASE WHEN h %% 7 > 0 THEN 'Last' || person %% 5000 END,
  '+1555' || person, 'City' || person %% 300, CASE WHEN h %% 2 = 0 THEN 'US' END,
  person %% 10000 / 7.0, timestamp '2020-01-01' + person * interval '1 minute',
  ARRAY['tag' || h %% 20, 'tag' || person %% 20]
FROM (SELECT n, abs(hashint8(n)) AS h, abs(hashint8(n * 7919)) %% (%(count)s * 6 / 10) AS person
  FROM generate_series(1::bigint, %(count)s) AS n) AS each
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """What was measured on so many identities."""

    outcome: Outcome
    copy_seconds: float
    """The baseline: a copy of the table in the order of an identifier."""
    preview_seconds: float
    first_seconds: float
    again_seconds: float


def run(arguments: list[str]) -> int:
    """Print how long resolutions take, and fail if a million identities take too long."""
    parser = argparse.ArgumentParser(prog="python -m bench resolution", description=__doc__)
    parser.add_argument("--sizes", type=int, nargs="+", default=list(SIZES))
    options = parser.parse_args(arguments)
    print(
        f"{'identities':>12}{'profiles':>12}{'copy':>9}{'preview':>9}{'first':>9}{'again':>9}"
        f"{'µs each':>9}{'by copy':>9}"
    )
    each: list[float] = []
    missed = False
    with tempfile.TemporaryDirectory() as directory:
        for size in options.sizes:
            with EmbeddedServer.open(Path(directory) / f"{size}", temporary=True) as server:
                server.create_database("bench")
                figures = asyncio.run(_measure(server.url("bench"), size))
            each.append(figures.first_seconds / size)
            print(
                f"{size:12,}{figures.outcome.profiles:12,}{figures.copy_seconds:8.1f}s"
                f"{figures.preview_seconds:8.1f}s{figures.first_seconds:8.1f}s"
                f"{figures.again_seconds:8.1f}s{1e6 * each[-1]:9.1f}"
                f"{figures.first_seconds / figures.copy_seconds:9.1f}"
            )
            missed |= figures.first_seconds > BAR_SECONDS * max(1, size / 1_000_000)
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(f"growth per identity {each[-1] / each[0]:.2f}, our own process at most {memory} MiB")
    return 1 if missed else 0


async def _measure(url: str, size: int) -> Figures:
    parts = conninfo_to_dict(url)
    settings: dict[str, Any] = {
        "host": parts["host"],
        "port": int(parts.get("port") or 5432),
        "username": parts["user"],
        "password": "",
        "database": parts["dbname"],
        "schema": "public",
    }
    warehouse: Warehouse = await BY_CODE["PostgreSQL"].open(settings, Reach.of([SOCKETS]))
    async with warehouse.initializing(SCHEMA):
        pass
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(ROWS, {"count": size})
        connection.execute("ANALYZE kiln_identities")
        started = time.perf_counter()
        connection.execute("CREATE TABLE copy AS SELECT * FROM kiln_identities ORDER BY email")
        copy_seconds = time.perf_counter() - started
    started = time.perf_counter()
    shown = await warehouse.preview(_asked(size))
    preview_seconds = time.perf_counter() - started
    started = time.perf_counter()
    outcome = await warehouse.resolve(_asked(size), _normal)
    first_seconds = time.perf_counter() - started
    if shown.outcome != outcome:
        raise AssertionError(f"shown {shown.outcome}, done {outcome}")
    started = time.perf_counter()
    await warehouse.resolve(_asked(size), _normal)
    return Figures(
        outcome=outcome,
        copy_seconds=copy_seconds,
        preview_seconds=preview_seconds,
        first_seconds=first_seconds,
        again_seconds=time.perf_counter() - started,
    )


async def _normal() -> Mode:
    return Mode.NORMAL


def _asked(size: int) -> Resolution:
    return Resolution(
        operation=uuid4(),
        schema=SCHEMA,
        identifiers=(("customer_id",), ("email",)),
        primary_sources={("first_name",): "c1"},
        max_merged=size,
    )
