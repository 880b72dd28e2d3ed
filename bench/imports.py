"""`python -m bench import`: CSV files of customers through the API, the runtime and PostgreSQL.

The service is `kiln serve` as people start it, and every pipeline has a workspace and a warehouse
of its own, so that none finds what another left. Wall time is what the run says of itself. The
baseline is the same file read by Arrow and put into a table by ADBC, with nothing done to it.
"""

import argparse
import json
import os
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import pyarrow.csv
from adbc_driver_postgresql import dbapi

from api.console.child import Served, served
from api.console.client import Client
from api.console.demo import warehouse_settings
from api.db.embedded.server import EmbeddedServer
from bench.customer_files import FILE, FUNCTIONS, PROFILES, pipeline, write
from bench.usage import OURS, Family, Kind, Taken, Watch

ROWS: Final = (100_000, 1_000_000)
RUN_SECONDS: Final = 3_600.0
MAPPING: Final = "mapping"
WHATS: Final = (MAPPING, *FUNCTIONS)
POLL_SECONDS: Final = 0.25
"""Between two questions whether a run has ended: each takes the service milliseconds."""

BARS: Final = (
    "bars at 100,000 rows: mapping 1.0 s of our CPU, functions 2 s wall;"
    " memory at 1,000,000 rows at most 1.3 times that at 100,000"
)
_ENDED: Final = "run ended"


@dataclass(frozen=True, slots=True)
class Ran:
    """One import, and what it took."""

    rows: int
    what: str
    wall_seconds: float
    baseline_seconds: float
    taken: Taken
    stage_seconds: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Ground:
    """An installation with a file to import, and a server for its warehouses."""

    installation: Served
    warehouses: EmbeddedServer
    family: Family
    log: Path


def run(arguments: list[str]) -> int:
    """Print wall time, CPU by process, memory and stages, for a mapping and for functions."""
    parser = argparse.ArgumentParser(prog="python -m bench import", description=__doc__)
    parser.add_argument("--rows", type=int, nargs="+", default=ROWS, metavar="N")
    parser.add_argument("--what", nargs="+", choices=WHATS, default=WHATS)
    chosen = parser.parse_args(arguments)
    print(BARS)
    print(
        f"{'rows':>9}  {'what':<11}{'wall s':>7}{'rows/s':>9}{'of bare':>9}  CPU s:{'ours':>6}"
        + "".join(f"{kind:>{_width(kind)}}" for kind in Kind)
        + f"  peak MB:{'ours':>6}"
        + "".join(f"{kind:>{_width(kind)}}" for kind in OURS)
    )
    found: list[Ran] = []
    for rows in chosen.rows:
        with tempfile.TemporaryDirectory(prefix="kiln", ignore_cleanup_errors=True) as folder:
            for ran in _measured(Path(folder), rows, chosen.what):
                found.append(ran)
                _report(ran)
    _compare(found)
    return 0


def _measured(folder: Path, rows: int, whats: list[str]) -> Iterator[Ran]:
    storage = folder / "files"
    storage.mkdir()
    write(storage / FILE, rows)
    with _installed(folder, storage) as ground:
        bare = _baseline(storage / FILE, ground.warehouses.url("postgres"))
        for what in whats:
            ground.warehouses.create_database(what.lower())
            url = ground.warehouses.url(what.lower())
            with Client.open(ground.installation.address, ground.installation.key) as client:
                connection = _workspace(client, what, url)
                yield _run(ground, client, connection, Ran(rows, what, 0.0, bare, _NOTHING, {}))


def _run(ground: Ground, client: Client, connection: int, asked: Ran) -> Ran:
    made = client.post("/v1/pipelines", pipeline(connection, asked.what))["id"]
    with Watch(ground.family) as watch:
        started = client.post(f"/v1/pipelines/{made}/runs", {})["id"]
        ended = _ended(client, started)
    if ended["passed"][-1] != asked.rows:
        raise SystemExit(f"the run wrote {ended['passed']} and failed {ended['failed']}")
    begun, end = (datetime.fromisoformat(ended[name]) for name in ("startTime", "endTime"))
    return Ran(
        rows=asked.rows,
        what=asked.what,
        wall_seconds=(end - begun).total_seconds(),
        baseline_seconds=asked.baseline_seconds,
        taken=watch.taken(),
        stage_seconds=_stage_seconds(ground.log, started),
    )


def _ended(client: Client, started: int) -> dict[str, Any]:
    deadline = time.monotonic() + RUN_SECONDS
    while (found := client.get(f"/v1/pipelines/runs/{started}"))["endTime"] is None:
        if time.monotonic() > deadline:
            raise SystemExit(f"the run did not end within {RUN_SECONDS:.0f} seconds")
        time.sleep(POLL_SECONDS)
    return found


def _stage_seconds(log: Path, started: int) -> dict[str, float]:
    """Read what the worker says of a run at its end."""
    for line in log.read_text(encoding="utf-8").splitlines():
        said = json.loads(line) if line.startswith("{") else {}
        if said.get("event") == _ENDED and said.get("run") == started:
            found: dict[str, float] = said["stage_seconds"]
            return found
    return {}


def _report(ran: Ran) -> None:
    taken = ran.taken
    print(
        f"{ran.rows:9,}  {ran.what:<11}{ran.wall_seconds:7.2f}"
        f"{ran.rows / ran.wall_seconds:9,.0f}{ran.baseline_seconds / ran.wall_seconds:9.2f}"
        f"{taken.our_cpu_seconds():14.2f}"
        + "".join(f"{taken.cpu_seconds[kind]:{_width(kind)}.2f}" for kind in Kind)
        + f"{taken.peak_total_bytes / 1e6:16.0f}"
        + "".join(f"{taken.peak_bytes[kind] / 1e6:{_width(kind)}.0f}" for kind in OURS)
    )
    shares = sorted(ran.stage_seconds.items(), key=lambda each: -each[1])
    told = ", ".join(
        f"{stage} {seconds:.2f} s ({seconds / ran.wall_seconds:.0%})"
        for stage, seconds in shares
        if seconds >= 0.005 * ran.wall_seconds
    )
    print(f"{'':11}stages, one beside the other: {told or 'not told'}")
    print(f"{'':11}{_slowest(ran)}", flush=True)


def _slowest(ran: Ran) -> str:
    """Say what a run waited for; stages before the writer go on while it writes."""
    seconds = ran.stage_seconds
    writing = seconds.get("write", 0.0) + seconds.get("note", 0.0) + seconds.get("purge", 0.0)
    waiting = seconds.get("await", 0.0)
    rest = ran.wall_seconds - writing - waiting
    before = max(("read", "transform", "prepare"), key=lambda stage: seconds.get(stage, 0.0))
    return (
        f"the writer worked for {writing / ran.wall_seconds:.0%} of the time and waited for batches"
        f" for {waiting / ran.wall_seconds:.0%}, most of all for `{before}`;"
        f" {rest / ran.wall_seconds:.0%} before the first and after the last"
    )


def _compare(found: list[Ran]) -> None:
    """Compare the memory of the largest file with that of the smallest."""
    for what in dict.fromkeys(ran.what for ran in found):
        sizes = sorted((ran for ran in found if ran.what == what), key=lambda ran: ran.rows)
        small, large = sizes[0], sizes[-1]
        if small.rows < large.rows:
            ratio = large.taken.peak_total_bytes / small.taken.peak_total_bytes
            print(f"{what}: memory at {large.rows:,} rows is {ratio:.2f} that at {small.rows:,}")


def _width(kind: Kind) -> int:
    return len(kind) + 2


def _baseline(file: Path, url: str) -> float:
    """Read the file with Arrow and put it into a table, in seconds."""
    begun = time.perf_counter()
    with dbapi.connect(url) as connection, connection.cursor() as cursor:
        with pyarrow.csv.open_csv(file) as reader:
            cursor.adbc_ingest("bare", reader, mode="create")
        connection.commit()
        seconds = time.perf_counter() - begun
        cursor.execute("DROP TABLE bare")
        connection.commit()
    return seconds


def _workspace(client: Client, what: str, url: str) -> int:
    names = dict.fromkeys(("image", "firstName", "lastName", "extra"), "")
    workspace = client.post(
        "/v1/workspaces",
        {
            "name": f"Bench {what}",
            "profileSchema": PROFILES,
            "uiPreferences": {"userProfile": names},
            "warehouse": {
                "platform": "PostgreSQL",
                "mode": "Normal",
                "settings": warehouse_settings(url),
            },
        },
    )["id"]
    client.in_workspace(workspace)
    # What follows an import (RUN-50) is measured by `python -m bench resolution`.
    client.put(
        "/v1/identity-resolution/settings",
        {"identifiers": [], "runOnBatchImport": False},
    )
    files = {"name": "Files", "role": "Source", "connector": "filesystem", "settings": {}}
    connection: int = client.post("/v1/connections", files)["id"]
    return connection


@contextmanager
def _installed(folder: Path, storage: Path) -> Iterator[Ground]:
    environment = {
        "PATH": os.defpath,
        "HOME": str(folder),
        "PYTHONPATH": str(Path(__file__).resolve().parents[1]),
        "KILN_DATA_DIR": str(folder / "data"),
        "KILN_LISTEN": "127.0.0.1:0",
        "KILN_FILESYSTEM_ROOT": str(storage),
        "KILN_ALLOWED_NETWORKS": "sockets",
        "KILN_LOG_FORMAT": "json",
    }
    log, own = folder / "log", folder / "warehouse"
    with (
        served(environment, log) as installation,
        EmbeddedServer.open(own, temporary=True) as server,
    ):
        service = installation.process.pid
        family = Family(service=service, servers=(folder / "data" / "postgresql", own))
        yield Ground(installation, server, family, log)


_NOTHING: Final = Taken({}, {}, 0)
